"""What the knowledge graph has to tell of each item, in words, the most specific first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from tastegraph.core.config import RelationConfig
from tastegraph.core.records import MENTIONS, Item
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.profiles.association import Associations
from tastegraph.text.relations import inverse_phrase, phrase_of
from tastegraph.text.texts import FactPhrase, ItemText, readable_label, verbalise


def told_of(
    graph: KnowledgeGraph, associations: Associations, relations: Mapping[str, RelationConfig]
) -> list[list[FactPhrase]]:
    """The facts of every item of ``graph``, strongest first; opaque ones are left out.

    Facts of which an item is the object are told the other way: "sequel of". Mentions are not
    told, since the item's text says them.

    Args:
        graph: names the nodes.
        associations: of this graph.
        relations: what the configuration says of them.
    """
    forward = [phrase_of(relation, relations) for relation in graph.relations]
    backward = [inverse_phrase(phrase) for phrase in forward]
    ids = graph.item_ids + graph.node_ids
    labels = [readable_label(label, node) for label, node in zip(graph.labels, ids, strict=True)]
    spoken = [relation != MENTIONS for relation in graph.relations]
    found = []
    for item in range(graph.n_items):
        at = associations.of_item(item)
        features = associations.strength.indices[at]
        order = np.lexsort((features, -associations.strength.data[at]))
        stated = order[associations.facts[at][order] >= 0]
        found.append(
            [
                FactPhrase(
                    backward[relation] if associations.reverse[f] else forward[relation],
                    labels[node],
                    "\x1f" not in ids[node],
                )
                for f in features[stated].tolist()
                if spoken[relation := int(associations.relation[f])]
                and labels[node := int(associations.node[f])]
            ]
        )
    return found


def item_texts(
    items: Iterable[Item],
    graph: KnowledgeGraph,
    associations: Associations,
    relations: Mapping[str, RelationConfig],
) -> list[ItemText]:
    """What a language model reads of every item of ``graph``, in its order.

    Args:
        items: the catalogue; an item that it lacks has no text.
        graph, associations, relations: as in :func:`told_of`.
    """
    known = {item.item_id: item for item in items}
    told = told_of(graph, associations, relations)
    nothing = ItemText((), ())
    return [
        verbalise(known[item_id], facts) if item_id in known else nothing
        for item_id, facts in zip(graph.item_ids, told, strict=True)
    ]
