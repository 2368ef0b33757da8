"""How a client speaks to each venue: pure readers and writers without I/O, in unified words.

    words          orders, fills, terms; ``NotSent``, ``Refused``, ``Doubtful``
    binance_spot   how Binance spot's answers, errors and events are read
    answers        how any venue's answers and errors are read, by its declared traits
    unified        ccxt's unified structures in our words

The tools for language models (``outtrade.tools``) and the reference agents of the suites share them. The mock does
not: it has codecs of its own, so that a mistake here is seen on the wire.
"""
