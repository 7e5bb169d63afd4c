"""Facts of each item as phrases, the most specific first, and the texts that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from tastegraph.core.config import RelationConfig
from tastegraph.core.records import MENTIONS, Item
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.profiles.association import Associations
from tastegraph.text.relations import inverse_phrase, phrase_of
from tastegraph.text.texts import FactPhrase, ItemText, readable_label, verbalise


def fact_phrases(
    graph: KnowledgeGraph, associations: Associations, relations: Mapping[str, RelationConfig]
) -> list[list[FactPhrase]]:
    """The facts of every item of ``graph``, strongest first; opaque ones are left out.

    Facts of which an item is the object have the inverse phrase: "sequel of". Mentions are left
    out, since the item's text has them.

    Args:
        graph: has the labels of the nodes.
        associations: of this graph.
        relations: phrases of relations from the configuration.
    """
    forward = [phrase_of(relation, relations) for relation in graph.relations]
    backward = [inverse_phrase(phrase) for phrase in forward]
    ids = graph.item_ids + graph.node_ids
    labels = [readable_label(label, node) for label, node in zip(graph.labels, ids, strict=True)]
    has_phrase = [relation != MENTIONS for relation in graph.relations]
    phrases = []
    for item in range(graph.n_items):
        at = associations.of_item(item)
        features = associations.strength.indices[at]
        order = np.lexsort((features, -associations.strength.data[at]))
        stated = order[associations.facts[at][order] >= 0]
        phrases.append(
            [
                FactPhrase(
                    backward[relation] if associations.reverse[f] else forward[relation],
                    labels[node],
                    "\x1f" not in ids[node],
                )
                for f in features[stated].tolist()
                if has_phrase[relation := int(associations.relation[f])]
                and labels[node := int(associations.node[f])]
            ]
        )
    return phrases


def event_entities(graph: KnowledgeGraph) -> list[Item]:
    """The entities that events are on, as items whose title is their label."""
    rows = range(graph.n_listed, graph.n_items)
    return [Item(graph.item_ids[row], graph.labels[row]) for row in rows]


def item_texts(
    items: Iterable[Item],
    graph: KnowledgeGraph,
    associations: Associations,
    relations: Mapping[str, RelationConfig],
) -> list[ItemText]:
    """What a language model reads of every item of ``graph``, in its order.

    Args:
        items: the catalogue; an item that it lacks has no text.
        graph, associations, relations: as in :func:`fact_phrases`.
    """
    known = {item.item_id: item for item in items}
    phrases = fact_phrases(graph, associations, relations)
    empty = ItemText((), ())
    return [
        verbalise(known[item_id], facts) if item_id in known else empty
        for item_id, facts in zip(graph.item_ids, phrases, strict=True)
    ]
