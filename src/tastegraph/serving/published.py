"""A snapshot opened for answering: the model, the names, the paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tastegraph.config import Relation
from tastegraph.explanation import wording
from tastegraph.explanation.reasons import Reason
from tastegraph.language.verbal import phrase_of
from tastegraph.profiles.association import SEMANTIC, Associations
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.interactions import History
from tastegraph.ranking.artefacts import associations_from, model_from
from tastegraph.ranking.model import KNOWLEDGE, TEXT, Model
from tastegraph.records import ITEM, Event
from tastegraph.serving.answers import Because, Interest, Statement
from tastegraph.storage.snapshots import Snapshot


@dataclass(frozen=True)
class Published:
    """Everything one snapshot needs to rank and explain; never changes.

    Attributes:
        model_version, graph_version: which snapshot each was built for.
        items: item id → index.
        labels: name of every node, items first.
    """

    model_version: str
    graph_version: str
    model: Model
    associations: Associations
    items: Mapping[str, int]
    item_ids: list[str]
    node_ids: list[str]
    labels: list[str]
    relations: list[str]
    told: Mapping[str, Relation]

    @classmethod
    def open(cls, snapshot: Snapshot, told: Mapping[str, Relation]) -> Published:
        """Map a snapshot; ``told`` is what the configuration says of relations."""
        item_ids = snapshot.strings("graph.items")
        return cls(
            model_version=snapshot.manifest["model"] or snapshot.version,
            graph_version=snapshot.manifest["graph"] or snapshot.version,
            model=model_from(snapshot),
            associations=associations_from(snapshot),
            items={item_id: index for index, item_id in enumerate(item_ids)},
            item_ids=item_ids,
            node_ids=snapshot.strings("graph.nodes"),
            labels=snapshot.strings("graph.labels"),
            relations=snapshot.strings("graph.relations"),
            told=told,
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
            path = self._path(reason, start, target)
            text = self._in_common(reason, title, event, start, target)
        elif reason.kind == TEXT:
            text = wording.text_like(title, event, alike)
        else:
            text = wording.liked_with(title, event, alike)
        return Because(
            kind=reason.kind, share=reason.share, text=text, item_id=event.item_id, path=path
        )

    def interest(self, tie: Tie) -> Interest:
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

    def _path(self, reason: Reason, start: int, target: int) -> tuple[Statement, ...]:
        assert reason.feature is not None
        node = int(self.associations.node[reason.feature])
        ends = [item for item in (start, target) if item != node]
        return tuple(
            self._statement(reason.feature, item, node, fact)
            for item, fact in zip(ends, reason.facts, strict=True)
            if fact != SEMANTIC
        )

    def _statement(self, feature: int, item: int, node: int, fact: int) -> Statement:
        subject, obj = (node, item) if self.associations.reverse[feature] else (item, node)
        return Statement(
            s=self.node_id(subject),
            p=self.relations[self.associations.relation[feature]],
            o=self.node_id(obj),
            s_label=self.labels[subject],
            o_label=self.labels[obj],
            fact_id=fact,
        )

    def _in_common(self, reason: Reason, title: str, event: Event, start: int, target: int) -> str:
        assert reason.feature is not None
        relation = self.relations[self.associations.relation[reason.feature]]
        reverse = bool(self.associations.reverse[reason.feature])
        node = int(self.associations.node[reason.feature])
        # Where the item at the other end is the feature's own node, one fact joins the two.
        direct = {start: "forward", target: "backward"}.get(node)
        common = wording.Common(
            relation, self.labels[node], reverse, direct, _near(reason, start, node)
        )
        phrase = phrase_of(relation, self.told)
        return wording.shares_with(common, phrase, title, event, reason.events)


def _near(reason: Reason, start: int, node: int) -> wording.Near:
    """Which items of a path have no fact; one that is the node itself has none to have."""
    semantic = [fact == SEMANTIC for fact in reason.facts]
    if len(semantic) == 1:
        semantic = [False, *semantic] if start == node else [*semantic, False]
    history, target = semantic
    if history and target:
        return "both"
    return "history" if history else "target" if target else "neither"
