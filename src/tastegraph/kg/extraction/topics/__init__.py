"""Topics: names and key phrases that several texts share, in English and Chinese.

Texts go in; :mod:`~tastegraph.kg.extraction.topics.reader` lists the phrases of each,
:mod:`~tastegraph.kg.extraction.topics.variants` fuses their spellings,
:mod:`~tastegraph.kg.extraction.topics.selection` decides which of them are topics, and
:mod:`~tastegraph.kg.extraction.topics.hierarchy` which topic is under which.
"""
