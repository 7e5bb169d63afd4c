"""What two items have in common, in words: facts, users who like both, texts that are alike."""

from __future__ import annotations

import numpy as np

from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.explain.worded import PathStep
from tastegraph.profiles.association import ITSELF, SEMANTIC
from tastegraph.serving.related.related_answers import CommonTrait
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot


class CommonGround:
    """Says what pairs of items of one snapshot have in common.

    Args:
        snapshot: the snapshot.
        language: of the sentences.
    """

    def __init__(self, snapshot: ServingSnapshot, language: Language) -> None:
        self._snapshot, self._language = snapshot, language
        self._ties, self._names = snapshot.associations, snapshot.names
        self._templates = snapshot.templates[language]

    def between(self, item: int, other: int, limit: int) -> tuple[CommonTrait, ...]:
        """Up to ``limit`` things: the facts that say most, then users who like both, then texts.

        Of facts that join the same two with the same entity the first one is told; users and texts
        have a place of the ``limit`` where they say anything and it is 2 or more.
        """
        others = [trait for trait in (self._likers(item, other), self._texts(item, other)) if trait]
        n_facts = max(limit - len(others), min(limit, 1))
        facts = self._facts(item, other, n_facts)
        return (*facts, *others)[:limit]

    def _facts(self, item: int, other: int, limit: int) -> list[CommonTrait]:
        """The shared features with a name that weigh most."""
        mine, theirs = (self._ties.of_item(row) for row in (item, other))
        indices, strength = self._ties.strength.indices, self._ties.strength.data
        features, at, at_other = np.intersect1d(
            indices[mine], indices[theirs], assume_unique=True, return_indices=True
        )
        weights = strength[mine][at] * strength[theirs][at_other]
        weights = weights * self._snapshot.relation_weights[self._ties.kind[features]]
        facts = self._ties.facts[mine][at], self._ties.facts[theirs][at_other]
        traits: list[CommonTrait] = []
        nodes = set()
        for place in np.lexsort((features, -weights)).tolist():
            feature = int(features[place])
            node, pair = int(self._ties.node[feature]), [int(fact[place]) for fact in facts]
            if SEMANTIC in pair or node in nodes or not self._names.visible_name(node):
                continue
            if weights[place] <= 0 or len(traits) == limit:
                break
            nodes.add(node)
            traits.append(self._fact(feature, node, (item, other), pair))
        return traits

    def _fact(
        self, feature: int, node: int, items: tuple[int, int], facts: list[int]
    ) -> CommonTrait:
        relation = self._names.relations[int(self._ties.relation[feature])]
        phrase, reverse = self._templates.relation_phrase(relation), self._ties.reverse[feature]
        steps = []
        for item, fact_id in zip(items, facts, strict=True):
            if fact_id == ITSELF:
                continue
            subject, obj = (node, item) if reverse else (item, node)
            steps.append(
                PathStep(
                    s=self._names.public_id(subject), p=relation, o=self._names.public_id(obj),
                    s_label=self._names.name(subject), o_label=self._names.name(obj),
                    p_label=phrase, fact_id=fact_id,
                )
            )  # fmt: skip
        if node in items:
            step = steps[0]
            message = Message(
                "related.direct", subject=step.s_label, phrase=phrase, object=step.o_label
            )
        else:
            key = "related.shared_subject" if reverse else "related.shared"
            message = Message(key, phrase=phrase, name=self._names.visible_name(node))
        return CommonTrait(kind="knowledge", text=message.text(self._language), path=tuple(steps))

    def _likers(self, item: int, other: int) -> CommonTrait | None:
        likers = self._snapshot.model.likers
        if likers is None:
            return None
        count = int(likers.both(np.array([item]), other)[0])
        if not count:
            return None
        message = Message("related.liked", count=count)
        if count == 1:
            message = Message("related.liked_by_one")
        return CommonTrait(kind="behaviour", text=message.text(self._language), support=count)

    def _texts(self, item: int, other: int) -> CommonTrait | None:
        similarity = self._snapshot.verbalizer.text_similarity
        if similarity is None or not similarity.is_near(item, other):
            return None
        return CommonTrait(kind="text", text=Message("related.texts").text(self._language))
