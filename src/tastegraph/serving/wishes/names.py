"""The names that a wish can use: those of the graph that items are tied to, and the titles.

Names are held as hashes of their normal form beside the numbers of their nodes: 13 bytes each, so
that a graph of a million names costs little. Python's hash of a text is keyed, so no one can make
two names collide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from tastegraph.core.config import RelationConfig
from tastegraph.core.records import ENTITY, ITEM
from tastegraph.explain.node_names import VALUE_SEPARATOR, NodeNames
from tastegraph.explain.wording.chinese_relations import chinese_name
from tastegraph.kg.extraction.topics.lexicon import english_lexicon
from tastegraph.kg.names import normalize_name, title_names
from tastegraph.profiles.association import Associations
from tastegraph.text.languages import contains_han
from tastegraph.text.relations import grammatical_phrase

ITEMS_PER_VALUE = 2.5
"""Mean number of items per node of a relation whose nodes are kinds of things (genres, colours),
not things of their own (actors): they are meant by a word in lower case, singular or plural."""
MAX_TYPO_NAMES = 200_000
"""With more names, a name must be written right."""
MIN_TYPO_LENGTH = 6
"""Characters of a name in which one typo is tolerated, at least."""
MAX_SURNAME_BEARERS = 200
_ARTICLES = ("the ", "a ", "an ")


OtherNames = Callable[[], Mapping[str, Sequence[str]]]


class NameForm(IntEnum):
    """How a name stands for a node, the most certain first."""

    FULL = 0
    PART = 1


@dataclass(frozen=True)
class NamedNode:
    """A node that a phrase may mean.

    Attributes:
        node: its number.
        form: whether the phrase is its whole name.
        items: number of items that are tied to it; of an item, 0.
        is_item: whether it is one that can be listed.
        is_kind: whether a relation has it whose objects are kinds of things.
    """

    node: int
    form: NameForm
    items: int
    is_item: bool
    is_kind: bool


class WishNames:
    """Finds the nodes that a phrase may mean.

    Args:
        names: of the nodes and relations of a graph.
        associations: items × features.
        relations: the configuration of relations: their phrases.
        n_listed: number of items that can be listed.
        other_names: gives id → further names: aliases, labels in other languages. It is called
            when a name is looked for the first time, which reads all names of the graph.
    """

    def __init__(
        self,
        names: NodeNames,
        associations: Associations,
        relations: Mapping[str, RelationConfig],
        n_listed: int,
        other_names: OtherNames = dict,
    ) -> None:
        self.names, self.associations, self.n_listed = names, associations, n_listed
        self._relations_config, self._other_names = relations, other_names

    def find(self, phrase: str) -> list[NamedNode]:
        """The nodes that ``phrase`` (in normal form) is a name of, or part of one.

        Whole names first, then by the number of items that are tied to them.
        """
        key = hash(phrase)
        hashes, nodes, forms = self._index
        low, high = np.searchsorted(hashes, key), np.searchsorted(hashes, key, side="right")
        best: dict[int, NamedNode] = {}
        for k in range(int(low), min(int(high), int(low) + MAX_SURNAME_BEARERS)):
            node = int(nodes[k])
            if node not in best and self.names.visible_name(node):
                best[node] = NamedNode(
                    node, NameForm(int(forms[k])), int(self.items_of[node]),
                    node < self.n_listed, bool(self._is_kind[node]),
                )  # fmt: skip
        return sorted(best.values(), key=lambda each: (each.form, -each.items, each.node))

    def nearest(self, phrase: str) -> list[NamedNode]:
        """The nodes whose name differs from ``phrase`` by one typo; none for a short one."""
        if len(phrase) < MIN_TYPO_LENGTH or contains_han(phrase):
            return []
        near = extract(phrase, self._texts, scorer=OSA.distance, score_cutoff=1, limit=5)
        return [each for text, *_ in near for each in self.find(text)]

    def features_of(self, node: int) -> NDArray[np.int64]:
        """int64[n], the features of ``node``: by each relation and direction."""
        low, high = np.searchsorted(self._sorted_nodes, [node, node + 1])
        return np.sort(self._by_node[low:high])

    def relations_of(self, node: int) -> list[str]:
        """Names of the relations that items have ``node`` by, that of the most items first."""
        counts: dict[str, int] = defaultdict(int)
        for feature in self.features_of(node):
            counts[self.relation_of(int(feature))] += int(self.feature_items[feature])
        return sorted(counts, key=lambda name: (-counts[name], name))

    def relation_of(self, feature: int) -> str:
        """Name of the relation of a feature."""
        return self.names.relations[int(self.associations.relation[feature])]

    def node_of(self, public_id: str, relation: str | None) -> int | None:
        """The node of an id as chips have it; ``None`` where no item is tied to it.

        Args:
            public_id: of an entity, ``item:ID``, or a value of ``relation``.
            relation: that items have it by; ``None`` for any.
        """
        names = self.names
        if public_id.startswith(ITEM):
            row = names.item_ids.row(public_id.removeprefix(ITEM))
            if row is not None and row < self.n_listed and row not in names.hidden:
                return row
        nodes: list[int] = []
        if (row := names.item_ids.row(ENTITY + public_id)) is not None:
            nodes.append(row)
        for name in (public_id, f"{relation}{VALUE_SEPARATOR}{public_id}"):
            if (row := names.node_ids.row(name)) is not None:
                nodes.append(row + len(names.item_ids))
        for node in nodes:
            if self.items_of[node] and (relation is None or relation in self.relations_of(node)):
                return node
        return None

    def relations_called(self, words: str) -> tuple[str, ...]:
        """The relations that items have whose name is ``words``, in English or Chinese."""
        return self._by_relation_words.get(words) or self._by_chinese.get(
            words if contains_han(words) else _common_chinese(words), ()
        )

    @cached_property
    def _index(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8]]:
        """The hash of each name in ascending order, its node, and whether it is whole."""
        entries = np.array(
            [(hash(name), node, form) for name, node, form in self._entries(self._other_names())],
            dtype=np.int64,
        ).reshape(-1, 3)
        entries = entries[np.lexsort((entries[:, 1], entries[:, 2], entries[:, 0]))]
        hashes, nodes, forms = entries.T
        return hashes.copy(), nodes.astype(np.int32), forms.astype(np.int8)

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """The relations of features, by which items are tied to something that has a name."""
        used = np.unique(self.associations.relation[self._is_named_feature])
        return tuple(self.names.relations[k] for k in used.tolist())

    @cached_property
    def feature_items(self) -> NDArray[np.int64]:
        """int64[features], number of items with each."""
        strength = self.associations.strength
        return np.bincount(strength.indices, minlength=strength.shape[1])

    @cached_property
    def items_of(self) -> NDArray[np.int64]:
        """int64[nodes], number of ties of items to each node; 0 for what is tied to none."""
        counts = np.bincount(
            self.associations.node, self.feature_items, minlength=len(self.names.labels)
        )
        return counts.astype(np.int64)

    @cached_property
    def _is_named_feature(self) -> NDArray[np.bool_]:
        labelled = np.array([bool(label) for label in self.names.labels], dtype=np.bool_)
        return labelled[self.associations.node] & (self.associations.node >= self.n_listed)

    @cached_property
    def _is_kind(self) -> NDArray[np.bool_]:
        kind, n_kinds = self.associations.kind, 2 * len(self.names.relations)
        features = np.bincount(kind, minlength=n_kinds)
        items = np.bincount(kind, self.feature_items, minlength=n_kinds)
        general = items >= ITEMS_PER_VALUE * np.maximum(features, 1)
        is_kind = np.zeros(len(self.names.labels), dtype=np.bool_)
        is_kind[self.associations.node[general[kind]]] = True
        is_kind[: self.n_listed] = False
        return is_kind

    @cached_property
    def _by_node(self) -> NDArray[np.int64]:
        return np.argsort(self.associations.node, kind="stable")

    @cached_property
    def _sorted_nodes(self) -> NDArray[np.int32]:
        return self.associations.node[self._by_node]

    @cached_property
    def _texts(self) -> Sequence[str]:
        if len(self._index[0]) > MAX_TYPO_NAMES:
            return ()
        return sorted({name for name, *_ in self._entries({}) if len(name) >= MIN_TYPO_LENGTH})

    @cached_property
    def _by_relation_words(self) -> Mapping[str, tuple[str, ...]]:
        words: dict[str, list[str]] = defaultdict(list)
        for relation in self.relations:
            words[normalize_name(self.phrase(relation))].append(relation)
        return {name: tuple(each) for name, each in words.items() if name}

    @cached_property
    def _by_chinese(self) -> Mapping[str, tuple[str, ...]]:
        words: dict[str, list[str]] = defaultdict(list)
        for relation in self.relations:
            name = chinese_name(relation, self._relations_config)
            if not name.opaque and contains_han(name.text):
                for part in name.text.split("/"):
                    words[part].append(relation)
        return {name: tuple(each) for name, each in words.items()}

    def phrase(self, relation: str) -> str:
        """The English phrase of a relation."""
        return grammatical_phrase(relation, self._relations_config).text

    def _entries(self, other_names: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int, int]]:
        """(Normal form, node, form) of every name of every node."""
        names, nodes = self.names, np.unique(self.associations.node)
        for item in range(self.n_listed):
            others = other_names.get(names.public_id(item), ()) if other_names else ()
            for title in dict.fromkeys((names.title(item), *others)):
                yield from self._title_entries(title, item)
        for node in nodes[nodes >= self.n_listed].tolist():
            labels = (names.name(node), *other_names.get(names.public_id(node), ()))
            for label in dict.fromkeys(labels):
                yield from self._node_entries(label, node)

    def _title_entries(self, title: str, item: int) -> Iterator[tuple[str, int, int]]:
        for name in title_names(title)[0]:
            if plain := normalize_name(name):
                yield plain, item, NameForm.FULL
                for article in _ARTICLES:
                    if plain.startswith(article) and plain != article.strip():
                        yield plain.removeprefix(article), item, NameForm.PART

    def _node_entries(self, label: str, node: int) -> Iterator[tuple[str, int, int]]:
        plain = normalize_name(label)
        if not plain or (self.names.is_value(node) and is_number(label)):
            return
        yield plain, node, NameForm.FULL
        if self._is_kind[node]:
            single = with_singular(plain)
            if single != plain:
                yield single, node, NameForm.FULL
        elif not self.names.is_value(node) and not contains_han(plain):
            words = plain.split()
            for k in range(1, len(words)):
                yield " ".join(words[k:]), node, NameForm.PART


def is_number(label: str) -> bool:
    """Whether a value is a number, which a wish names as a quantity and not as a name."""
    return label.strip().lstrip("+-").replace(".", "", 1).replace(",", "").isdecimal()


def with_singular(phrase: str) -> str:
    """``phrase`` with its last word in the singular."""
    if not phrase or contains_han(phrase):
        return phrase
    front, space, last = phrase.rpartition(" ")
    return front + space + english_lexicon().singular(last)


def _common_chinese(words: str) -> str:
    """The Chinese noun for a relation's English name; empty where none is known."""
    name = chinese_name(words, {})
    text = "" if name.opaque or not contains_han(name.text) else name.text
    return text.partition("/")[0]
