"""What things are worth beside one another: every constant of the scoring but BM25F's own.

Raw scores are whole numbers, in units of 1 / `UNIT`: their sums are exact, in whatever order they are added.
"""

UNIT = 1 << 20
GRAIN = 1 << 12  # a word learnt has strengths in units of 1 / GRAIN,
FINENESS = UNIT // GRAIN  # and weights in units of 1 / FINENESS, so that its product has the common unit

PAIR = 0.35  # two neighbours of a term in their order add this share of what they are worth one by one,
PHRASE = 0.25  # and all of them in a row this share again
AUTHOR = 6.0  # as much as a word that one paper in 400 holds
LABEL = 1.0  # a category, a source, a kind of news: as much as a word that a good third of all papers hold

LIKED_TERMS = 3.0  # what is learnt from likes counts as so many terms where there is no keyword
LIKED_MATCH = 30.0  # what matches no term in full is shown if it matches so much, for the sake of words learnt

SIGNALS = 10.0  # points that the community's word adds at most
