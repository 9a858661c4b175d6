"""Which papers are for whom, and why: the profile language, one sparse product, and reasons that add up.

    keywords -> query.parse       -> Term         what is asked
    listings -> corpus.Reader     -> Text         what is there
                features.Index    -> Hit          each thing asked for, looked up once
                matcher.Matcher   -> Candidates   all profiles times all texts
                selection         -> News         what may be shown to whom
                explain.Explainer -> Reason       what people are told

Pure: no I/O, no clock. The language alone (`query`) does without numpy, for those who only check a profile.
"""
