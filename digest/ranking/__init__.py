"""Which papers are for whom, and why: the profile language, one sparse product, and reasons that add up.

    keywords -> query.parse      -> Term        what is asked
    Term     -> features.line    -> Line        the things to look for
    likes    -> learning.Learner -> Learned     words that count beside the keywords
    listings -> corpus.Reader    -> Text        what is there
    window   -> day.Day          -> board, index, table: what every shard of a day shares
                index.Index      -> places      where every word of a window is
                hits.Lookup      -> Hits        how strongly texts hold what is looked for
                lines.look_up    -> Found       what each line adds to each listing, in whole units
                table.Table      -> matrix      lines times listings, once a window, whoever asks
    shard    -> readers.Readers  -> roster      each profile as row numbers of the table
                product.best     -> Best        sums of rows, and the best of them
                choice.choose    -> Chosen      who may be shown what
                refine.refine    -> Shown       twins, shares of terms, diversity, signals
                revisions        -> Pick        new versions of what they were sent, beside all that
                explain, showing -> Ranking     what people are told, by section
                accounts.account -> Account     the same of one listing, shown or not

Pure: no I/O, no clock. The language alone (`query`) does without numpy, for those who only check a profile.
"""
