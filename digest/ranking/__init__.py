"""Which papers are for whom, and why: the profile language, one sparse product, and reasons that add up.

    keywords -> query.parse       -> Term         what is asked
    Term     -> features.asked    -> Slot         each thing to look for, whoever asks
    listings -> corpus.Reader     -> Text         what is there
                index.Index       -> places       where every word of a window is, once a window
                hits.Lookup       -> Hits         each slot looked up once, in numpy
                matcher.Matcher   -> Candidates   all profiles times all texts
                selection, choice -> Choice       what may be shown to whom, and the best of it
                explain.Explainer -> Reason       what people are told

Pure: no I/O, no clock. The language alone (`query`) does without numpy, for those who only check a profile.
"""
