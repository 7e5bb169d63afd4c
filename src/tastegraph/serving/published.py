"""A snapshot opened for answering: the model, the names, the paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.languages import DEFAULT, Language
from tastegraph.core.records import ITEM, Event
from tastegraph.explain.likeness import Likeness
from tastegraph.explain.reason import Reason
from tastegraph.explain.reasons import likens
from tastegraph.explain.wording import Common, Wording, wordings
from tastegraph.models.artefacts import associations_from, model_from
from tastegraph.models.base import TEXT
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.nearness import ties_from
from tastegraph.profiles.association import Associations
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.interactions import History
from tastegraph.serving.answers import Because, Interest, Statement
from tastegraph.serving.texts import Texts
from tastegraph.store.snapshots import Snapshot
from tastegraph.text.verbal import readable

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
        wordings: how reasons are said, by language.
        fitted: the configuration that it was made with.
        changes: how often what is known had changed when it was made.
        erased: how many items had been erased by then, or are hidden since.
        hidden: int64[h], items that were erased since it was made.
    """

    version: str
    model_version: str
    graph_version: str
    model: HybridModel
    associations: Associations
    ties: Associations
    texts: Texts
    items: Mapping[str, int]
    item_ids: list[str]
    node_ids: list[str]
    labels: list[str]
    relations: list[str]
    wordings: Mapping[Language, Wording]
    fitted: FittedConfig
    changes: int
    erased: int
    hidden: NDArray[np.int64]

    @classmethod
    def open(cls, snapshot: Snapshot, config: Config) -> Published:
        """Map a snapshot; ``config`` has words for relations and events."""
        item_ids, labels = snapshot.strings("graph.items"), snapshot.strings("graph.labels")
        # An item without a title is called by its id.
        labels[: len(item_ids)] = [a or b for a, b in zip(labels, item_ids, strict=False)]
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
            labels=labels,
            relations=snapshot.strings("graph.relations"),
            wordings=wordings(config),
            fitted=FittedConfig.of(snapshot.manifest),
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
        self,
        reason: Reason,
        history: History,
        events: Sequence[Event],
        target: int,
        language: Language = DEFAULT,
        *,
        stranger: bool = False,
    ) -> Because:
        """A reason in words, with its path spelled out.

        Args:
            reason: of ``target``.
            history: what the person did, as the model takes it.
            events: those of ``history``.
            target: the item explained.
            language: of the words.
            stranger: whether nothing is known of the person.
        """
        words = self.wordings[language]
        if reason.event is None:
            text = self._of_many(reason, words, stranger=stranger)
            return Because(kind="popularity", share=reason.share, text=text, support=reason.support)
        event, start = events[reason.event], int(history.items[reason.event])
        past, alike = (self.labels[start], event), likens(reason, history)
        path: tuple[Statement, ...] = ()
        if reason.feature is not None:
            ends = (start, target) if reason.kind == "knowledge" else (target,)
            path = self._path(reason, ends, words)
            if bool((history.items == self.associations.node[reason.feature]).any()):
                # That it is the thing itself is no fact that it has in common with the others.
                reason = replace(reason, events=max(reason.events - 1, 1))
            text = self._by_feature(reason, words, past, start, target, alike=alike)
        elif reason.kind == "text":
            text = self._by_text(words, past, start, target, alike=alike)
        elif reason.kind == "facts":
            text = words.facts(*past, alike=alike)
        elif reason.support is None:
            text = words.learned(*past, alike=alike)
        elif alike:
            text = words.liked_with(*past, reason.support)
        else:
            text = words.liked_less_with(*past, reason.support, self._fans(start))
        return Because(
            kind=reason.kind,
            share=reason.share,
            text=text,
            item_id=event.item_id,
            support=reason.support,
            path=path,
        )

    def _of_many(self, reason: Reason, words: Wording, *, stranger: bool) -> str:
        people = reason.support or 0
        if reason.recent:
            return words.popular_lately(people)
        return words.popular(people, many=people > self._usual, stranger=stranger)

    def _by_feature(
        self,
        reason: Reason,
        words: Wording,
        past: tuple[str, Event],
        start: int,
        target: int,
        *,
        alike: bool,
    ) -> str:
        assert reason.feature is not None
        common = self._common(reason.feature, start, target)
        if reason.kind == "knowledge":
            return words.shares_with(*past, common, reason.events)
        if reason.support is None:
            return words.feature(*past, common, alike=alike)
        if alike:
            return words.liked_among(*past, common, reason.support)
        return words.liked_less_among(*past, common, reason.support, self._fans(start))

    def _by_text(
        self, words: Wording, past: tuple[str, Event], start: int, target: int, *, alike: bool
    ) -> str:
        likeness = self._likeness
        if likeness is not None and (likeness.much_alike if alike else likeness.unlike)(
            start, target
        ):
            return words.text_like(*past, alike=alike)
        return words.text(*past, alike=alike)

    @cached_property
    def _likeness(self) -> Likeness | None:
        part = self.model.components.get(TEXT)
        if part is None or not isinstance(part.kernel, FactorKernel):
            return None
        return Likeness(part.kernel)

    @cached_property
    def _usual(self) -> float:
        """Likes of an item that has any, in the mean: many people are more."""
        liked = self.model.popularity[self.model.popularity > 0]
        return float(liked.mean()) if len(liked) else 0.0

    def _fans(self, item: int) -> int:
        assert self.model.likers is not None
        return len(self.model.likers.of(item))

    def interest(self, tie: Tie, language: Language = DEFAULT) -> Interest:
        """One edge of an interest or content graph, by name."""
        relation = self.relations[self.associations.relation[tie.feature]]
        node = int(self.associations.node[tie.feature])
        return Interest(
            relation=relation,
            phrase=self.wordings[language].phrase(relation),
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

    def _path(
        self, reason: Reason, items: tuple[int, ...], words: Wording
    ) -> tuple[Statement, ...]:
        assert reason.feature is not None
        node = int(self.associations.node[reason.feature])
        ends = [item for item in items if item != node]
        return tuple(
            self._statement(reason.feature, item, node, fact, words)
            for item, fact in zip(ends, reason.facts, strict=True)
        )

    def _statement(
        self, feature: int, item: int, node: int, fact: int, words: Wording
    ) -> Statement:
        subject, obj = (node, item) if self.associations.reverse[feature] else (item, node)
        relation = self.relations[self.associations.relation[feature]]
        return Statement(
            s=self.node_id(subject),
            p=relation,
            o=self.node_id(obj),
            s_label=self.labels[subject],
            o_label=self.labels[obj],
            p_label=words.phrase(relation),
            fact_id=fact,
        )

    def _common(self, feature: int, start: int, target: int) -> Common:
        """What a reason's feature is; a label that nobody could read is none."""
        relation = self.relations[self.associations.relation[feature]]
        reverse = bool(self.associations.reverse[feature])
        node = int(self.associations.node[feature])
        # Where the item at the other end is the feature's own node, one fact joins the two.
        direct = None
        if node in (start, target):
            direct = "forward" if (node == start) != reverse else "backward"
        is_item = node < len(self.item_ids)
        label = self.labels[node]
        if (self.hidden == node).any():
            label = ""
        elif not is_item:
            label = readable(label, self.node_id(node) if not self._is_value(node) else "")
        return Common(relation, label, reverse, direct)

    def _is_value(self, node: int) -> bool:
        return "\x1f" in self.node_ids[node - len(self.item_ids)]
