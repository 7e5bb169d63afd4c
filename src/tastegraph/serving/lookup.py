"""Looks up the graph of the snapshot in service: what is called so, and what is tied to it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import ITEM
from tastegraph.kg.names import normalize_name
from tastegraph.serving.engine import Engine
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.names import NamedNode, WishNames


class EntityMatch(BaseModel):
    """An entity, a value or an item of the graph."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="of an entity as facts have it, item:ID of an item, or the value")
    name: str
    items: int = Field(description="number of items that are tied to it; 0 of an item")
    relations: tuple[str, ...] = Field(description="by which items have it, in words")


class GraphNeighbour(BaseModel):
    """One edge between an item and an entity or value."""

    model_config = ConfigDict(frozen=True)

    relation: str
    phrase: str
    id: str = Field(description="of the other end: item:ID of an item")
    name: str
    reverse: bool = Field(description="whether the fact is about the other end")


class Neighbours(BaseModel):
    """What is tied to one node of the graph, the items of an entity by how many users like them."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    total: int = Field(description="number of edges, of which the first are listed")
    edges: tuple[GraphNeighbour, ...]


class GraphLookup:
    """Looks up names and edges in the snapshot that one engine has in service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names: tuple[str, WishNames] | None = None

    def search(
        self, text: str, n: int = 10, *, language: Language | None = None
    ) -> tuple[EntityMatch, ...]:
        """Up to ``n`` nodes that are called ``text``, or a part of whose name it is.

        Whole names first, then by the number of items; of a longer name one typo is tolerated.
        """
        snapshot, language = self._engine.snapshot, language or self._engine.config.serving.language
        names, phrase = self._names_of(snapshot), normalize_name(text)
        nodes = names.find(phrase) or names.nearest(phrase)
        return tuple(self._entity(snapshot, names, node, language) for node in nodes[:n])

    def neighbours(
        self, node_id: str, n: int = 20, *, language: Language | None = None
    ) -> Neighbours:
        """The first ``n`` edges of an item (``item:ID``), an entity or a value.

        Raises:
            NotFoundError: the graph in service has no such node, or no item is tied to it.
        """
        snapshot, language = self._engine.snapshot, language or self._engine.config.serving.language
        if node_id.startswith(ITEM):
            return self._of_item(snapshot, node_id, n, language)
        names = self._names_of(snapshot)
        nodes = _nodes(snapshot, names, node_id)
        features = [feature for node in nodes for feature in names.features_of(node).tolist()]
        if not features:
            raise NotFoundError(Message("missing.node", node=node_id))
        ties, likes = snapshot.associations, snapshot.model.popularity
        pairs = [(int(item), f) for f in features for item in ties.with_feature(f)]
        pairs = [pair for pair in pairs if pair[0] not in snapshot.names.hidden]
        pairs.sort(key=lambda pair: (-int(likes[pair[0]]), pair))
        return Neighbours(
            id=node_id,
            name=snapshot.names.visible_name(nodes[0]),
            total=len(pairs),
            edges=tuple(
                self._edge(snapshot, feature, item, not ties.reverse[feature], language)
                for item, feature in pairs[:n]
            ),
        )

    def _of_item(
        self, snapshot: ServingSnapshot, node_id: str, n: int, language: Language
    ) -> Neighbours:
        item = snapshot.row(node_id.removeprefix(ITEM))
        ties = snapshot.associations
        at = ties.of_item(item)
        features, strength = ties.strength.indices[at], ties.strength.data[at]
        others = [
            int(features[place])
            for place in (-strength).argsort(kind="stable")
            if ties.node[features[place]] != item
        ]
        return Neighbours(
            id=node_id,
            name=snapshot.names.title(item),
            total=len(others),
            edges=tuple(
                self._edge(
                    snapshot,
                    feature,
                    int(ties.node[feature]),
                    bool(ties.reverse[feature]),
                    language,
                )
                for feature in others[:n]
            ),
        )

    @staticmethod
    def _edge(
        snapshot: ServingSnapshot, feature: int, node: int, reverse: bool, language: Language
    ) -> GraphNeighbour:
        relation = snapshot.names.relations[int(snapshot.associations.relation[feature])]
        return GraphNeighbour(
            relation=relation,
            phrase=snapshot.templates[language].relation_phrase(relation),
            id=snapshot.names.public_id(node),
            name=snapshot.names.name(node),
            reverse=bool(reverse),
        )

    def _entity(
        self, snapshot: ServingSnapshot, names: WishNames, node: NamedNode, language: Language
    ) -> EntityMatch:
        return EntityMatch(
            id=snapshot.names.public_id(node.node),
            name=snapshot.names.visible_name(node.node),
            items=node.items,
            relations=_distinct(
                snapshot.templates[language].relation_phrase(relation)
                for relation in names.relations_of(node.node)
            ),
        )

    def _names_of(self, snapshot: ServingSnapshot) -> WishNames:
        """The names of a snapshot, which are gathered once."""
        key = f"{snapshot.version} {snapshot.erased_items}"
        if self._names is None or self._names[0] != key:
            names = WishNames(
                snapshot.names, snapshot.associations, self._engine.config.relations,
                snapshot.model.n_listed,
            )  # fmt: skip
            self._names = key, names
        return self._names[1]


def _nodes(snapshot: ServingSnapshot, names: WishNames, node_id: str) -> list[int]:
    """The node of an entity; of a value one for each relation that items have it by."""
    row = snapshot.row_of_entity(node_id)
    if row is not None:
        return [row]
    by_relation = (names.node_of(node_id, relation) for relation in snapshot.names.relations)
    return list(dict.fromkeys(node for node in by_relation if node is not None))


def _distinct(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))
