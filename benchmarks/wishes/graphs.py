"""The names of a graph as the service has them, without a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from benchmarks.wishes import shop
from tastegraph.core.config import Config, RelationConfig
from tastegraph.core.records import LABEL, Fact, Item
from tastegraph.core.strings import MappedStrings
from tastegraph.explain.node_names import NodeNames
from tastegraph.kg.graph import build_graph
from tastegraph.profiles.association import associate
from tastegraph.serving.wishes.names import WishNames
from tastegraph.serving.wishes.numbers import WishNumbers
from tastegraph.serving.wishes.parser import WishParser


def parser_of(items: Sequence[Item], facts: Iterable[Fact], config: Config) -> WishParser:
    """The parser over the graph of some items and facts; every label is a name."""
    statements = list(facts)
    graph = build_graph(items, [], list(enumerate(statements)), [], config)
    names = NodeNames(
        MappedStrings.of(graph.item_ids), MappedStrings.of(graph.node_ids), graph.labels,
        graph.relations,
    )  # fmt: skip
    labels: dict[str, list[str]] = defaultdict(list)
    for fact in statements:
        if fact.relation == LABEL:
            labels[fact.subject].append(fact.object)
    associations = associate(graph)
    wish_names = WishNames(names, associations, config.relations, graph.n_listed, lambda: labels)
    return WishParser(wish_names, WishNumbers(wish_names))


def shop_parser() -> WishParser:
    """The parser over the shop."""
    products = shop.products()
    relations = {
        name: RelationConfig.model_validate(words) for name, words in shop.RELATIONS.items()
    }
    return parser_of(shop.items(products), shop.facts(products), Config(relations=relations))
