"""How relations that are named by an address read."""

from __future__ import annotations

from collections.abc import Iterable

from tastegraph.core.records import Fact

WIKI_LINK = "http://dbpedia.org/ontology/wikiPageWikiLink"


def phrases(facts: Iterable[Fact]) -> dict[str, str]:
    """DBpedia's names of relations are nouns in one word: ``musicComposer``."""
    names = {fact.relation for fact in facts if not fact.literal}
    apart = {name: name.rpartition("/")[2].rpartition(":")[2] for name in names}
    return {
        name: "".join(f" {c.lower()}" if c.isupper() else c for c in word)
        for name, word in apart.items()
    } | {WIKI_LINK: "related to"}
