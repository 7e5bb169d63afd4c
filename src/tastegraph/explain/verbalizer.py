"""From reasons in numbers to reasons in words, each with its path spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.records import MENTIONS, Event
from tastegraph.explain.explainer import implies_alike
from tastegraph.explain.node_names import NodeNames
from tastegraph.explain.reason import Reason
from tastegraph.explain.support import TextSimilarity
from tastegraph.explain.worded import InterestEdge, PathStep, WordedReason
from tastegraph.explain.wording import SentenceTemplates, SharedFeature
from tastegraph.models.base import TEXT
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import Associations
from tastegraph.profiles.graphs import Tie
from tastegraph.profiles.interactions import History

MAX_SHARED_MENTIONS = 2
"""What two texts both mention, at most so many in one sentence."""


@dataclass(frozen=True)
class ScoredEvents:
    """The events of a user that the model scores with.

    Attributes:
        history: the events as the model takes them.
        events: the event behind each entry of ``history``.
        is_stranger: whether no event of the user counts, on no item that is known or was.
    """

    history: History
    events: Sequence[Event]
    is_stranger: bool = False


class NamedEdges(NamedTuple):
    """Edges of an interest or content graph to what has a name.

    Attributes:
        edges: strongest first.
        nameless: how many edges to entities without a name are among or before them.
    """

    edges: tuple[InterestEdge, ...]
    nameless: int


class Verbalizer:
    """Puts the reasons of one model into words.

    Args:
        model: the model that computed the scores.
        associations: items × features, as the model has them.
        names: of the nodes and relations of the graph.
        templates: sentences by language.
    """

    def __init__(
        self,
        model: HybridModel,
        associations: Associations,
        names: NodeNames,
        templates: Mapping[Language, SentenceTemplates],
    ) -> None:
        self._model, self._associations = model, associations
        self._names, self._templates = names, templates

    def reason(
        self, reason: Reason, user: ScoredEvents, target: int, language: Language = DEFAULT_LANGUAGE
    ) -> WordedReason:
        """One reason of ``target`` in words, with its path."""
        templates = self._templates[language]
        if reason.event is None:
            text = self._popularity(reason, templates, is_stranger=user.is_stranger)
            return WordedReason(
                kind="popularity", share=reason.share, text=text, support=reason.support
            )
        event, start = user.events[reason.event], int(user.history.items[reason.event])
        path: tuple[PathStep, ...] = ()
        if reason.feature is not None:
            ends = (start, target) if reason.kind == "knowledge" else (target,)
            path = self._path(reason, ends, templates)
            if bool((user.history.items == self._associations.node[reason.feature]).any()):
                # The item that is the feature itself shares no fact with the other items.
                reason = replace(reason, events=max(reason.events - 1, 1))
        alike = implies_alike(reason, user.history)
        return WordedReason(
            kind=reason.kind,
            share=reason.share,
            text=self._sentence(reason, templates, event, start, target, alike=alike),
            item_id=event.item_id or None,
            entity=event.entity_id or None,
            support=reason.support,
            path=path,
        )

    def edges(
        self,
        ties: Iterable[Tie],
        limit: int | None = None,
        language: Language = DEFAULT_LANGUAGE,
    ) -> NamedEdges:
        """The first ``limit`` edges of a graph whose ends have names; the others are counted.

        Args:
            ties: strongest first.
            limit: by default all.
            language: of the relations' phrases.
        """
        edges: list[InterestEdge] = []
        nameless = 0
        for tie in ties:
            if limit is not None and len(edges) >= limit:
                break
            if not self.is_named(tie.feature):
                nameless += 1
                continue
            node, relation = self._associations.node[tie.feature], self._relation(tie.feature)
            edges.append(
                InterestEdge(
                    relation=relation,
                    phrase=self._templates[language].relation_phrase(relation),
                    node=self._names.public_id(int(node)),
                    label=self._names.visible_name(int(node)),
                    strength=tie.strength,
                    stated=tie.stated,
                    support=tie.support,
                    direct=tie.direct,
                    entity=not self._names.is_value(int(node)),
                )
            )
        return NamedEdges(tuple(edges), nameless)

    def is_named(self, feature: int) -> bool:
        """Whether the node of a feature has a name."""
        return bool(self._names.visible_name(int(self._associations.node[feature])))

    def event(self, event: Event, language: Language = DEFAULT_LANGUAGE) -> str:
        """What a user did, without the user: "rated 5", 「打了 5 分」."""
        return self._templates[language].event_action(event)

    def _popularity(
        self, reason: Reason, templates: SentenceTemplates, *, is_stranger: bool
    ) -> str:
        users = reason.support or 0
        if reason.recent:
            return templates.popular_lately(users)
        return templates.popular(users, many=users > self._mean_likes, stranger=is_stranger)

    def _sentence(
        self,
        reason: Reason,
        templates: SentenceTemplates,
        event: Event,
        start: int,
        target: int,
        *,
        alike: bool,
    ) -> str:
        item, users = (self._names.event_title(start), event), reason.support
        if reason.feature is not None:
            shared = self._shared_feature(reason.feature, start, target)
            if reason.kind == "knowledge":
                return templates.facts_shared(*item, shared, reason.events)
            if users is None:
                return templates.learned_from_feature(*item, shared, alike=alike)
            if alike:
                return templates.users_like_feature(*item, shared, users)
            return templates.users_like_feature_less(*item, shared, users, self._likes(start))
        if reason.kind == "text":
            return self._text_sentence(templates, item, start, target, alike=alike)
        if reason.kind == "facts":
            return templates.learned_from_facts(*item, alike=alike)
        if users is None:
            return templates.learned_from_likes(*item, alike=alike)
        if alike:
            return templates.users_like_both(*item, users)
        return templates.users_like_less(*item, users, self._likes(start))

    def _text_sentence(
        self,
        templates: SentenceTemplates,
        item: tuple[str, Event],
        start: int,
        target: int,
        *,
        alike: bool,
    ) -> str:
        similarity = self.text_similarity
        if similarity is not None and item[1].item_id:
            has_claim = similarity.is_near if alike else similarity.is_far
            if has_claim(start, target):
                sentence = templates.texts_compared(*item, alike=alike)
                labels = self._both_mention(start, target) if alike else []
                return sentence + templates.both_mention(labels) if labels else sentence
        return templates.learned_from_texts(*item, alike=alike)

    def _both_mention(self, start: int, target: int) -> list[str]:
        """Names of what the texts of two items mention, that which fewest items mention first."""
        associations = self._associations
        features = np.intersect1d(self._stated(start), self._stated(target))
        shared = [
            feature
            for feature in features.tolist()
            if self._relation(feature) == MENTIONS
            and not associations.reverse[feature]
            and self.is_named(feature)
        ]
        shared.sort(key=lambda feature: (len(associations.with_feature(feature)), feature))
        nodes = (int(associations.node[feature]) for feature in shared[:MAX_SHARED_MENTIONS])
        return [self._names.visible_name(node) for node in nodes]

    def _stated(self, item: int) -> NDArray[np.int32]:
        """int32[n], the features that facts state of an item."""
        place = self._associations.of_item(item)
        features = self._associations.strength.indices[place]
        return np.asarray(features[self._associations.facts[place] >= 0], dtype=np.int32)

    @cached_property
    def text_similarity(self) -> TextSimilarity | None:
        """Compares texts of items; ``None`` where the model compares none."""
        component = self._model.similarities.get(TEXT)
        if component is None or not isinstance(component.kernel, FactorKernel):
            return None
        return TextSimilarity(component.kernel)

    @cached_property
    def _mean_likes(self) -> float:
        """Likes of an item that has any, on average; an item with more is liked by many."""
        likes = self._model.popularity[self._model.popularity > 0]
        return float(likes.mean()) if len(likes) else 0.0

    def _likes(self, item: int) -> int:
        assert self._model.likers is not None
        return len(self._model.likers.of(item))

    def _relation(self, feature: int) -> str:
        return self._names.relations[int(self._associations.relation[feature])]

    def _path(
        self, reason: Reason, items: tuple[int, ...], templates: SentenceTemplates
    ) -> tuple[PathStep, ...]:
        assert reason.feature is not None
        node = int(self._associations.node[reason.feature])
        ends = [item for item in items if item != node]
        return tuple(
            self._step(reason.feature, item, node, fact_id, templates)
            for item, fact_id in zip(ends, reason.facts, strict=True)
        )

    def _step(
        self, feature: int, item: int, node: int, fact_id: int, templates: SentenceTemplates
    ) -> PathStep:
        subject, obj = (node, item) if self._associations.reverse[feature] else (item, node)
        relation = self._relation(feature)
        return PathStep(
            s=self._names.public_id(subject),
            p=relation,
            o=self._names.public_id(obj),
            s_label=self._names.name(subject),
            o_label=self._names.name(obj),
            p_label=templates.relation_phrase(relation),
            fact_id=fact_id,
        )

    def _shared_feature(self, feature: int, start: int, target: int) -> SharedFeature:
        """The feature of a reason, as sentences need it; an unreadable label is left out."""
        reverse = bool(self._associations.reverse[feature])
        node = int(self._associations.node[feature])
        # Where the feature's node is one of the two items, one fact joins them.
        direct = None
        if node in (start, target):
            direct = "forward" if (node == start) != reverse else "backward"
        label = self._names.visible_name(node)
        return SharedFeature(self._relation(feature), label, reverse, direct)
