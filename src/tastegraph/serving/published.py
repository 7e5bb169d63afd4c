"""A snapshot opened for answering: the model, the names, the paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.config import Relation
from tastegraph.explanation import wording
from tastegraph.explanation.reason import Reason
from tastegraph.language.verbal import phrase_of
from tastegraph.languages import DEFAULT, Language
from tastegraph.profiles.association import Associations
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.interactions import History
from tastegraph.ranking.artefacts import associations_from, model_from
from tastegraph.ranking.model import KNOWLEDGE, TEXT, Model
from tastegraph.ranking.nearness import ties_from
from tastegraph.records import ITEM, Event
from tastegraph.serving.answers import Because, Interest, Statement
from tastegraph.serving.texts import Texts
from tastegraph.storage.snapshots import Snapshot

ERASED = "erased"
"""The name of what was erased, on paths of a snapshot that still has it."""


@dataclass(frozen=True)
class Published:
    """Everything one snapshot needs to rank and explain; never changes.

    Attributes:
        version: of the snapshot.
        model_version, graph_version: which snapshot each was built for.
        associations: what is stated, by which items are ranked; ``ties``: what texts lie near too.
        items: item id → index.
        labels: name of every node, items first.
        changes: how often what is known had changed when it was made.
        erased: how many items had been erased by then, or are hidden since.
        hidden: int64[h], items that were erased since it was made.
    """

    version: str
    model_version: str
    graph_version: str
    model: Model
    associations: Associations
    ties: Associations
    texts: Texts
    items: Mapping[str, int]
    item_ids: list[str]
    node_ids: list[str]
    labels: list[str]
    relations: list[str]
    told: Mapping[str, Relation]
    changes: int
    erased: int
    hidden: NDArray[np.int64]

    @classmethod
    def open(cls, snapshot: Snapshot, told: Mapping[str, Relation]) -> Published:
        """Map a snapshot; ``told`` is what the configuration says of relations."""
        item_ids = snapshot.strings("graph.items")
        associations = associations_from(snapshot)
        return cls(
            version=snapshot.version,
            model_version=snapshot.manifest["model"] or snapshot.version,
            graph_version=snapshot.manifest["graph"] or snapshot.version,
            model=model_from(snapshot),
            associations=associations,
            ties=ties_from(snapshot, associations),
            texts=Texts.open(snapshot, associations),
            items={item_id: index for index, item_id in enumerate(item_ids)},
            item_ids=item_ids,
            node_ids=snapshot.strings("graph.nodes"),
            labels=snapshot.strings("graph.labels"),
            relations=snapshot.strings("graph.relations"),
            told=told,
            changes=int(snapshot.manifest["changes"]),
            erased=int(snapshot.manifest["items_erased"]),
            hidden=np.zeros(0, dtype=np.int64),
        )

    def without(self, rows: Sequence[int], erased: int) -> Published:
        """The same after ``erased`` items were erased, the last of which are in ``rows``."""
        gone = set(rows)
        return replace(
            self,
            items={name: row for name, row in self.items.items() if row not in gone},
            item_ids=[ERASED if k in gone else name for k, name in enumerate(self.item_ids)],
            labels=[ERASED if k in gone else name for k, name in enumerate(self.labels)],
            erased=erased,
            hidden=np.concatenate([self.hidden, np.array(sorted(gone), dtype=np.int64)]),
        )

    def because(
        self, reason: Reason, history: History, events: Sequence[Event], target: int
    ) -> Because:
        """A reason in words, with its path spelled out; ``events`` are those of ``history``."""
        if reason.event is None:
            return Because(kind=reason.kind, share=reason.share, text=wording.popular())
        event = events[reason.event]
        start = int(history.items[reason.event])
        title = self.labels[start]
        alike = bool((history.weights[reason.event] > 0) == (reason.share > 0))
        path: tuple[Statement, ...] = ()
        if reason.kind == KNOWLEDGE and reason.feature is not None:
            path = self._path(reason, (start, target))
            common = self._common(reason.feature, start, target)
            text = wording.shares_with(*common, title, event, reason.events)
        elif reason.feature is not None:
            path = self._path(reason, (target,))
            common = self._common(reason.feature, start, target)
            text = wording.liked_among(*common, title, event, alike)
        elif reason.kind == TEXT:
            text = wording.text_like(title, event, alike)
        else:
            text = wording.liked_with(title, event, alike)
        return Because(
            kind=reason.kind, share=reason.share, text=text, item_id=event.item_id, path=path
        )

    def interest(self, tie: Tie, language: Language = DEFAULT) -> Interest:
        """One edge of an interest or content graph, by name."""
        relation = self.relations[self.associations.relation[tie.feature]]
        node = int(self.associations.node[tie.feature])
        return Interest(
            relation=relation,
            phrase=phrase_of(relation, self.told),
            node=self.node_id(node),
            label=self.labels[node],
            strength=tie.strength,
            stated=tie.stated,
        )

    def node_id(self, node: int) -> str:
        """``item:ID`` for an item, the entity's id, or a value itself."""
        if node < len(self.item_ids):
            return ITEM + self.item_ids[node]
        return self.node_ids[node - len(self.item_ids)].split("\x1f", 1)[-1]

    def _path(self, reason: Reason, items: tuple[int, ...]) -> tuple[Statement, ...]:
        assert reason.feature is not None
        node = int(self.associations.node[reason.feature])
        ends = [item for item in items if item != node]
        return tuple(
            self._statement(reason.feature, item, node, fact)
            for item, fact in zip(ends, reason.facts, strict=True)
        )

    def _statement(self, feature: int, item: int, node: int, fact: int) -> Statement:
        subject, obj = (node, item) if self.associations.reverse[feature] else (item, node)
        relation = self.relations[self.associations.relation[feature]]
        return Statement(
            s=self.node_id(subject),
            p=relation,
            o=self.node_id(obj),
            s_label=self.labels[subject],
            o_label=self.labels[obj],
            p_label=phrase_of(relation, self.told),
            fact_id=fact,
        )

    def _common(self, feature: int, start: int, target: int) -> tuple[wording.Common, str]:
        """What a reason's feature is, and its relation read aloud."""
        relation = self.relations[self.associations.relation[feature]]
        reverse = bool(self.associations.reverse[feature])
        node = int(self.associations.node[feature])
        # Where the item at the other end is the feature's own node, one fact joins the two.
        direct = {start: "forward", target: "backward"}.get(node)
        common = wording.Common(relation, self.labels[node], reverse, direct)
        return common, phrase_of(relation, self.told)
