"""Explains one item to a user: why it stands where it stands, and why a list lacks it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tastegraph.core.config import LLMConfig
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.explain.explained import ExplainedReason, Wording
from tastegraph.explain.explainer import reasons_for
from tastegraph.explain.path_wording import PathWords
from tastegraph.explain.reason import Reason
from tastegraph.explain.worded import WordedReason
from tastegraph.serving.answers import Explanation
from tastegraph.serving.lists.list_maker import ListMaker, ListOptions
from tastegraph.serving.lists.request_view import RequestView
from tastegraph.serving.policies.placing import Places
from tastegraph.serving.policies.policy import ListPolicy
from tastegraph.serving.policies.rules import boost_reasons
from tastegraph.serving.why_not.changes import ChangeSearch
from tastegraph.serving.why_not.path_writer import PathWriter
from tastegraph.serving.why_not.question import Question, place_in
from tastegraph.serving.why_not.report import (
    BlockingRule,
    LastPlace,
    MissingKind,
    MissingLink,
    WhyNot,
)
from tastegraph.serving.why_not.rules import RuleFinder
from tastegraph.serving.wishes.steering import merged, wish_reasons
from tastegraph.store import catalogue, erasure
from tastegraph.store.database import Database

MISSING: dict[MissingKind, str] = {
    "text": "why_not.no_text",
    "facts": "why_not.no_facts",
    "events": "why_not.no_events",
    "history": "why_not.no_history",
    "link": "why_not.no_link",
}


class Explanations:
    """Explains items; thread-safe.

    Args:
        database: has availabilities and attributes.
        lists: makes the lists that are explained.
        config: the section ``[llm]``: a language model that words paths where a request asks so.
    """

    def __init__(self, database: Database, lists: ListMaker, config: LLMConfig) -> None:
        self._database, self._lists, self._writer = database, lists, PathWriter(config)

    def explain(
        self,
        view: RequestView,
        item_id: str,
        n: int | None,
        options: ListOptions,
        language: Language,
        *,
        search_changes: bool,
        wording: Wording,
    ) -> Explanation:
        """Every reason for and against one item, and why a list lacks it.

        With the ``wording`` ``llm`` a language model words the paths, for which this waits.

        Raises:
            NotFoundError: the snapshot does not know the item, or there is no such surface.
            FilterError: a filter is none, or does not fit the catalogue.
        """
        question = self._question(view, item_id, n, options, language)
        snapshot, item, user = question.snapshot, question.item, question.user
        reasons = reasons_for(snapshot.model, snapshot.associations, question.ranked, item)
        worded = tuple(
            ExplainedReason.of(snapshot.verbalizer.reason(reason, user.scored, item, language))
            for reason in reasons
        )
        if wording == "llm":
            paths = [
                _path_words(question, reason, words)
                for reason, words in zip(reasons, worded, strict=True)
            ]
            worded = self._writer.worded(worded, paths, language)
        added = (ExplainedReason.of(reason) for reason in self._added(question))
        return Explanation(
            item_id=item_id,
            title=snapshot.title(item_id),
            score=float(question.scores[item]),
            rank=int((question.scores > question.scores[item]).sum()) + 1,
            seen=item in snapshot.listed_rows(user.seen_items),
            listable=item not in snapshot.listable.unlisted(question.now),
            model=snapshot.model_version,
            graph=snapshot.graph_version,
            reasons=(*added, *worded),
            steer=None if options.steer is None else question.steering,
            filter=None if question.rules is None else question.rules.report,
            why_not=self._why_not(question, reasons, search_changes=search_changes),
        )

    def _question(
        self, view: RequestView, item_id: str, n: int | None, options: ListOptions,
        language: Language,
    ) -> Question:  # fmt: skip
        item = self._row(view, item_id)
        snapshot, user, now = view.snapshot, view.user(), time.time()
        request = self._lists.request(
            n, replace(options, explore=0.0, seed=0), view.assignment.settings
        )
        steerer, policies = self._lists.steerer, self._lists.policies
        steering = steerer.read(snapshot, options.steer, language)
        chips = merged(view.wishes, steering)
        history = user.scored.history
        policy = ListPolicy.model_validate(request.policy)
        rules = policies.rules(snapshot, policy, now, language)
        ranked = snapshot.model.rank(history)
        effects = steerer.effects(snapshot, chips, history)
        scores = ranked.scores
        if effects is not None:
            scores = scores + effects.added(ranked)
        if rules is not None:
            scores = rules.boosted(scores, ranked.items)
        return Question(
            view, user, item, request, policy, chips, steering, effects, rules, ranked, scores, now,
            language, steerer,
        )  # fmt: skip

    def _row(self, view: RequestView, item_id: str) -> int:
        """The row of an item.

        Raises:
            NotFoundError: the snapshot does not know it; the error says why.
        """
        row = view.snapshot.item_rows.get(item_id)
        if row is not None:
            return row
        with self._database.reading() as connection:
            if erasure.id_digest(item_id) in erasure.erased_items_since(connection, 0):
                raise NotFoundError(Message("missing.item_erased", item=item_id))
            if catalogue.get_item(connection, item_id) is not None:
                raise NotFoundError(Message("missing.item_newer", item=item_id))
        raise NotFoundError(Message("missing.item", item=item_id))

    @staticmethod
    def _added(question: Question) -> tuple[WordedReason, ...]:
        """What boosts and wishes add to the score, in words."""
        item, ranked, language = question.item, question.ranked, question.language
        added: tuple[WordedReason, ...] = ()
        before = ranked.score_of(item)
        if question.effects is not None:
            added = wish_reasons(question.effects, ranked, item, language)
            before += sum(reason.share for reason in added)
        if question.rules is not None:
            added = (*boost_reasons(question.rules, before, item, language), *added)
        return added

    def _why_not(
        self, question: Question, reasons: Sequence[Reason], *, search_changes: bool
    ) -> WhyNot:
        places = question.places()
        place = place_in(places, question.item)
        rules: tuple[BlockingRule, ...] = ()
        if place is None:
            with self._database.reading() as connection:
                finder = RuleFinder(question, self._lists.policies, connection)
                rules = (*finder.blocking(), *finder.full_limits(places))
        admitted = place_in(question.places(is_admitted=True), question.item) if rules else None
        rows = places.ranked.items[places.draw.items].tolist()
        search = ChangeSearch(question, rules, rows)
        changes = tuple(search.verified()) if search_changes and place is None else ()
        listable = question.listable()
        return WhyNot(
            text=self._summary(question, places, place, rules, admitted),
            n=question.request.n,
            place=place,
            total=int(np.isfinite(question.scores).sum()),
            listable=int(listable.sum()),
            rank_listable=question.rank_in(listable),
            last=_last(question, rows),
            rules=rules,
            place_if_admitted=admitted,
            missing=tuple(_missing(question, reasons)),
            changes=changes,
            lists_computed=search.lists_computed,
        )

    def _summary(
        self,
        question: Question,
        places: Places,
        place: int | None,
        rules: Sequence[BlockingRule],
        admitted: int | None,
    ) -> str:
        n, scores, language = question.request.n, question.scores, question.language
        if place is not None:
            return Message("why_not.listed", place=place, n=n).text(language)
        overall, total = question.rank_in(np.isfinite(scores)), int(np.isfinite(scores).sum())
        if rules:
            semicolon = Message("why_not.semicolon").text(language)
            texts = semicolon.join(rule.text for rule in rules)
            return Message(
                "why_not.both",
                first=Message("why_not.ruled_out", rank=overall, total=total, n=n, rules=texts),
                second=Message("why_not.not_admitted")
                if admitted is None
                else Message("why_not.admitted", place=admitted),
            ).text(language)
        listable = question.listable()
        rank, count = question.rank_in(listable), int(listable.sum())
        rows = places.ranked.items[places.draw.items]
        if len(rows) and scores[rows[-1]] > scores[question.item]:
            title = question.snapshot.names.title(int(rows[-1]))
            return Message(
                "why_not.behind", rank=rank, count=count, overall=overall, total=total, n=n,
                title=title, last=float(scores[rows[-1]]), score=float(scores[question.item]),
            ).text(language)  # fmt: skip
        causes = _causes(question, places)
        message = Message("why_not.arranged", rank=rank, count=count, n=n, causes=causes)
        return message.text(language)


def _last(question: Question, rows: Sequence[int]) -> LastPlace | None:
    if not rows:
        return None
    names = question.snapshot.names
    return LastPlace(
        item_id=names.item_ids[rows[-1]],
        title=names.title(rows[-1]),
        place=len(rows),
        score=float(question.scores[rows[-1]]),
    )


def _causes(question: Question, places: Places) -> list[Message]:
    """What gives the places of a list to items with lower scores, or with the same."""
    item, rows = question.item, places.ranked.items[places.draw.items]
    applies = {
        "why_not.cause.pins": bool(places.pinned),
        "why_not.cause.new_items": question.request.new_items > 0,
        "why_not.cause.diversity": question.policy.diversity > 0,
        "why_not.cause.index": item not in places.ranked.items,
        "why_not.cause.ties": len(rows) > 0 and question.scores[rows[-1]] == question.scores[item],
    }
    return [Message(key) for key, is_cause in applies.items() if is_cause]


def _missing(question: Question, reasons: Sequence[Reason]) -> Iterator[MissingLink]:
    """What the model does not know, and could speak for the item."""
    snapshot, item = question.snapshot, question.item
    associations, history = snapshot.associations, question.user.scored.history
    applies: dict[MissingKind, bool] = {
        "text": item not in snapshot.texts.items,
        "facts": not (associations.facts[associations.of_item(item)] >= 0).any(),
        "events": snapshot.model.popularity[item] == 0,
        "history": not len(history),
        "link": len(history) > 0 and all(reason.event is None for reason in reasons),
    }
    for kind, is_missing in applies.items():
        if is_missing:
            yield MissingLink(kind=kind, text=Message(MISSING[kind]).text(question.language))


def _path_words(question: Question, reason: Reason, worded: ExplainedReason) -> PathWords | None:
    """What a sentence must say of a path between an item of the history and this one."""
    labels = [label for step in worded.path for label in (step.s_label, step.o_label)]
    is_path = worded.kind == "knowledge" and worded.share > 0 and worded.item_id is not None
    if not is_path or reason.event is None or not labels or not all(labels):
        return None
    snapshot, user, language = question.snapshot, question.user.scored, question.language
    title = snapshot.names.event_title(int(user.history.items[reason.event]))
    clause = snapshot.templates[language].event_clause(user.events[reason.event])
    with_event = f"{title}, {clause}" if language == "en" else f"{clause}的《{title}》"
    others = [label for label in dict.fromkeys(labels) if label != title]
    relations = tuple(dict.fromkeys(step.p_label for step in worded.path))
    return PathWords(worded.text, (with_event, *others), relations, language)
