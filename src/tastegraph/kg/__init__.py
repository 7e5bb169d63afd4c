"""The knowledge graph: facts and links go in; a graph, its statistics and its corrections come out.

What the package handles:

* **facts** (:class:`~tastegraph.core.records.Fact`): stored statements, with evidence;
* **mentions** (:class:`~tastegraph.kg.extraction.gazetteer.Mention`): names of known entities in a
  text, not yet facts;
* **candidates**: what may turn out to be true, with a probability. ``MentionCandidate`` is a span
  that may be the object of a fact, ``EntityCandidate`` an entity that an item or a mention may be,
  ``Match`` a pair of entities that may be one;
* **decisions** (:class:`~tastegraph.store.decision_log.Decision`): what people affirmed or
  denied; they overrule all of the above and can be undone.

Modules at the root read the stored facts. ``linking`` says which entity an item or a mention is,
``extraction`` reads facts from texts, ``fusion`` finds entities that are the same, and ``review``
stores what the three derive and lets people correct it.
"""
