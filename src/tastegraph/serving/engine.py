"""The engine: computes lists with reasons from a user's events and the snapshot in service."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.core.tracing import span
from tastegraph.explain.explained import Wording
from tastegraph.filters.current import FieldSummary
from tastegraph.kg.review.erasing import Eraser
from tastegraph.models.base import KNOWLEDGE
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.graphs import content_graph, interest_graph
from tastegraph.serving.answers import (
    Explanation,
    ItemContent,
    Recommendations,
    SimilarItem,
    TextAssociations,
    UserProfile,
)
from tastegraph.serving.lists.claim_checks import ClaimChecks
from tastegraph.serving.lists.list_maker import (
    NO_LIST_OPTIONS,
    ListMaker,
    ListOptions,
    served_list,
)
from tastegraph.serving.lists.listing import DEFAULT_REASONS, ListRequest, UserState
from tastegraph.serving.lists.request_view import RequestView, UserOrSession, events_and_seen
from tastegraph.serving.lists.views import RequestViews
from tastegraph.serving.metrics import record_list, record_stored_list
from tastegraph.serving.policies.policy import NO_OPTIONS, PolicyOptions
from tastegraph.serving.snapshot.in_service import SnapshotHolder
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.snapshot.texts import QueryEncoder
from tastegraph.serving.why_not.explanations import Explanations
from tastegraph.serving.wishes.chips import Steering
from tastegraph.serving.wishes.steering import Steer, Steerer
from tastegraph.store import events as log
from tastegraph.store import served_lists
from tastegraph.store.database import Database
from tastegraph.store.group_commit import GroupCommitter
from tastegraph.store.served_lists import ServedList
from tastegraph.store.snapshots import Snapshots


class Engine:
    """Answers from the snapshot in service and the event log; thread-safe.

    A request sees one snapshot from beginning to end, and every event that was acknowledged
    before it came.

    Raises:
        NotFoundError: nothing has been built yet.
        SnapshotError: the snapshot is incomplete or altered.
    """

    def __init__(self, snapshots: Snapshots, database: Database, config: Config) -> None:
        self.snapshots, self.database, self.config = snapshots, database, config
        self._holder, self._encoder = SnapshotHolder(snapshots, database, config), QueryEncoder()
        self.lists = ListMaker(database, config)
        self._views = RequestViews(database, self._holder, config.experiments)
        self._explanations = Explanations(database, self.lists, config.llm)
        self._claims = ClaimChecks(database, config.serving.check_claims)

    def recommend(
        self,
        user: UserOrSession,
        n: int | None = None,
        *,
        reasons: int = DEFAULT_REASONS,
        exclude_seen: bool = True,
        explore: float = 0.0,
        seed: int = 0,
        steer: Steer | None = None,
        policy: PolicyOptions = NO_OPTIONS,
        language: Language | None = None,
    ) -> Recommendations:
        """The best ``n`` items for a user, each with up to ``reasons`` reasons.

        Args:
            user: a user id, or the events of a session without a user.
            n: number of items; by default what the surface says, or 10.
            reasons: of each item, at most.
            exclude_seen: whether items that the user has seen, by ``[serving.exclude]``, are left
                out.
            explore: share in [0, 1] of the places given to items that the model is unsure of.
            seed: of the exploration.
            steer: a wish in words, or chips; what lasts longer than this list is not stored.
            policy: filter, limits, boosts, pins, diversity, surface.
            language: of the reasons; the configured one by default.

        Raises:
            FilterError: a filter cannot be read, or does not fit the catalogue.
            NotFoundError: there is no such surface.
        """
        options = ListOptions(exclude_seen, explore, seed, steer, policy=policy)
        view, language = self._view(user, options), self._language(language)
        request = self.lists.request(n, options, view.assignment.settings)
        return self.lists.make(view, request, steer, time.time(), reasons, language)[0]

    def recommend_and_store(
        self,
        user: UserOrSession,
        n: int | None,
        options: ListOptions,
        *,
        reasons: int = DEFAULT_REASONS,
        language: Language | None = None,
    ) -> Recommendations:
        """:meth:`recommend`, and the list is stored, to be learned from and to be replayed.

        It is on disk soon after the answer. Without ``explore`` or ``seed`` in ``options`` the
        configured share and a random seed are taken. The list of an id without any event is stored
        as that of a session without events, so that nothing is stored about the id. Wishes that
        outlast the list are stored for the user.
        """
        with span("view"):
            view, now = self._view(user, options), time.time()
        language = self._language(language)
        request = self.lists.request(n, options, view.assignment.settings)
        with span("list"):
            answer, request = self.lists.make(view, request, options.steer, now, reasons, language)
        if isinstance(user, str):
            submit = self.submit if options.store_wishes else None
            answer = self.steerer.store_of(answer, submit, user, language)
        if self.config.serving.store_lists:
            self.store_list(answer, view, request, now).add_done_callback(record_stored_list)
        self.observe(answer, view)
        return answer

    def observe(self, answer: Recommendations, view: RequestView) -> None:
        """Count a list that is answered, and check its reasons, or not: chance decides."""
        record_list(answer.personal, answer.experiment, answer.variant)
        self._claims.sample(view, answer)

    def store_list(
        self, answer: Recommendations, view: RequestView, request: ListRequest, now: float
    ) -> Future[Any]:
        """Queue a list to be stored, if nothing that it names is erased by then."""
        erased, served = view.erasures, served_list(answer, view, request, now)
        save = partial(served_lists.save, served=served, erased=erased)
        return self._committer.submit(save, served_lists.PATIENCE)

    def read_wish(
        self, steer: Steer, language: Language | None = None, *, propose: bool = False
    ) -> Steering:
        """What a wish is read as; with ``propose`` a language model helps, which takes a while."""
        read = self.steerer.propose if propose else self.steerer.read
        return read(self._holder.current(), steer, self._language(language))

    def stored_list(self, recommendation_id: str) -> ServedList:
        """A list as it was stored.

        Raises:
            NotFoundError: there is none.
        """
        with self.database.reading() as connection:
            return served_lists.get(connection, recommendation_id)

    def view_after(self, user: UserOrSession, served: ServedList) -> RequestView:
        """What a list sees that continues ``served``, which was made for ``user``."""
        return self._views.continued(user, served, self.config.serving.repeats)

    def replay(
        self, recommendation_id: str, *, language: Language | None = None
    ) -> Recommendations:
        """Compute a stored list once more, from its snapshot and the events of that time.

        Items that were erased, hidden or delisted since are not in it.

        Raises:
            NotFoundError: there is no such list, or its snapshot is gone.
        """
        stored = self.stored_list(recommendation_id)
        settings = dict(stored.request)
        session, request = settings.pop("session"), ListRequest(**settings)
        user: UserOrSession = [Event(**row) for row in session or ()]
        if stored.user_id is not None:
            user = stored.user_id
        with self.database.reading() as connection:
            snapshot = self._holder.open_version(stored.snapshot, connection)
            events, seen_items = events_and_seen(
                connection, user, request.repeats, stored.event_revision
            )
        state = UserState.of(events, seen_items, snapshot)
        language, created = self._language(language), stored.created
        answer = self.lists.remake(snapshot, state, request, created, DEFAULT_REASONS, language)
        names = ("recommendation_id", "experiment", "variant")
        return answer.model_copy(update={name: getattr(stored, name) for name in names})

    def explain(
        self,
        user: UserOrSession,
        item_id: str,
        *,
        n: int | None = None,
        options: ListOptions = NO_LIST_OPTIONS,
        search_changes: bool = False,
        wording: Wording = "template",
        language: Language | None = None,
    ) -> Explanation:
        """Every reason for and against one item, whose shares sum to its score; and why not.

        Args:
            user, item_id: to whom the item is explained, as of :meth:`recommend`.
            n, options: of the list that has it or lacks it, which is made without exploration.
            search_changes: whether events and wishes are searched with which the list would have
                the item; each is computed, so this takes as long as up to thirty lists.
            wording: ``llm`` where the configured language model words the paths, checked.
            language: of the sentences; the configured one by default.

        Raises:
            NotFoundError: the snapshot does not know the item, or there is no such surface.
            FilterError: a filter cannot be read, or does not fit the catalogue.
        """
        view, language = self._view(user, options), self._language(language)
        explanation = self._explanations.explain(
            view, item_id, n, options, language, search_changes=search_changes, wording=wording
        )
        self._claims.sample(view, explanation)
        return explanation

    def record(self, events: Iterable[Event]) -> log.AppendResult:
        """Append events; when this returns they are on disk and the next answer knows them.

        Raises:
            RowError: one is more than five minutes in the future; none was appended.
            BusyError: another process is writing to the workspace.
        """
        return self.record_soon(events).result()

    def record_soon(self, events: Iterable[Event]) -> Future[log.AppendResult]:
        """The same, without waiting: events of many callers go to disk together."""
        return self._committer.submit(partial(log.append, new=list(events)))

    def submit(self, work: Callable[[Connection], Any]) -> Future[Any]:
        """Queue a write to the store; its future ends when that is on disk."""
        return self._committer.submit(work)

    @property
    def erase(self) -> Eraser:
        """Deletes users and items; when it returns, no answer knows of them.

        The snapshot in service holds an item until the next one, which a running service makes at
        once.
        """
        return Eraser(
            self.database,
            lambda work: self.submit(work).result(),
            self.config.text.descriptions,
        )

    def close(self) -> None:
        """Finish all writes, and stop watching; a later write opens a new connection."""
        self._holder.close()
        self._claims.close()
        committer: GroupCommitter | None = vars(self).pop("_committer", None)
        if committer is not None:
            committer.close()

    @cached_property
    def _committer(self) -> GroupCommitter:
        return GroupCommitter(self.database)

    def profile(
        self, user_id: str, interests: int = 30, *, language: Language | None = None
    ) -> UserProfile:
        """A user's history and interest graph.

        Raises:
            NotFoundError: there is no event of this user.
        """
        view = self._view(user_id)
        snapshot, state, language = view.snapshot, view.user(), self._language(language)
        if not state.events:
            raise NotFoundError(Message("missing.user", user=user_id))
        component = snapshot.model.similarities.get(KNOWLEDGE)
        attention = component.attention if component is not None else Recency()
        associations, history = snapshot.profile_associations, state.scored.history
        ties = interest_graph(
            associations, history, attention, snapshot.relation_weights,
            n_listed=snapshot.model.n_listed,
        )  # fmt: skip
        named = snapshot.verbalizer.edges(ties, interests, language)
        return UserProfile(
            user_id=user_id,
            events=tuple(
                snapshot.history_event(event, language) for event in reversed(state.events)
            ),
            interests=named.edges,
            nameless=named.nameless,
        )

    def content(self, item_id: str, *, language: Language | None = None) -> ItemContent:
        """An item's title and content graph.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        snapshot, language = self.snapshot, self._language(language)
        item = snapshot.row(item_id)
        ties = (
            tie
            for tie in content_graph(snapshot.profile_associations, item)
            if snapshot.associations.node[tie.feature] != item
        )
        named = snapshot.verbalizer.edges(ties, language=language)
        return ItemContent(
            item_id=item_id,
            title=snapshot.title(item_id),
            content=named.edges,
            nameless=named.nameless,
        )

    def associate(
        self, text: str, n: int = 20, *, language: Language | None = None
    ) -> TextAssociations:
        """The ``n`` items nearest to a text, and up to ``n`` ties to what it is about.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
        """
        snapshot, language = self.snapshot, self._language(language)
        texts, names = snapshot.texts, snapshot.names
        unlisted = set(snapshot.listable.unlisted(time.time()).tolist())
        (vector,) = self._encoder.encode(text, texts)
        nearest = [
            (item, cosine)
            for item, cosine in texts.nearest(vector, n + len(unlisted))
            if item not in unlisted
        ]
        named = snapshot.verbalizer.edges(texts.ties(vector), n, language)
        return TextAssociations(
            associations=named.edges,
            nameless=named.nameless,
            items=tuple(
                SimilarItem(
                    item_id=names.item_ids[item], title=names.title(item), similarity=cosine
                )
                for item, cosine in nearest[:n]
            ),
            model=snapshot.model_version,
            graph=snapshot.graph_version,
        )

    @property
    def snapshot(self) -> ServingSnapshot:
        """The snapshot in service, with the items listable that the store has as such."""
        return self._holder.current()

    @property
    def meaning(self) -> EventMeaning:
        """The weights of events, by the model in service."""
        return self.snapshot.fitted_config.meaning

    @property
    def event_types(self) -> Collection[str]:
        """The types that an event may have: those that have a weight."""
        return self.config.events.weights.keys()

    @property
    def steerer(self) -> Steerer:
        """Reads wishes, and says what they do."""
        return self.lists.steerer

    def filter_fields(self) -> Sequence[FieldSummary]:
        """The attributes and relations that filters may name.

        Raises:
            SnapshotError: the snapshot in service was made without what filters compare.
        """
        return self.lists.policies.fields(self._holder.current()).summaries()

    def require(self, item_ids: Iterable[str]) -> None:
        """Check that the snapshot in service knows all these items.

        Raises:
            NotFoundError: it does not know one.
        """
        snapshot = self.snapshot
        for item_id in item_ids:
            snapshot.row(item_id)

    def watch(self) -> None:
        """Open published snapshots in the background; without it, the next answer waits."""
        self._holder.watch()

    def promote(self, version: str) -> ServingSnapshot:
        """Put ``version`` into service; when this returns, it answers.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process is changing what is in service.
        """
        return self._holder.promote(version)

    def roll_back(self) -> ServingSnapshot:
        """Put the version that was in service before into service again.

        Raises:
            NotFoundError: there was none, or it is not stored any more.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process is changing what is in service.
        """
        return self._holder.roll_back()

    def open_version(self, version: str | None, connection: Connection) -> ServingSnapshot:
        """A stored version, by default that in service, with the items that are listable now.

        Raises:
            NotFoundError: it is not stored any more.
            SnapshotError: it is incomplete or altered.
        """
        if version is None:
            return self._holder.current_for(connection)
        return self._holder.open_version(version, connection)

    def versions(self) -> tuple[str, str]:
        """The versions of the model and the graph in service."""
        snapshot = self.snapshot
        return snapshot.model_version, snapshot.graph_version

    def _language(self, language: Language | None) -> Language:
        return self.config.serving.language if language is None else language

    def _view(self, user: UserOrSession, options: ListOptions = NO_LIST_OPTIONS) -> RequestView:
        return self._views.view(user, options, self.config.serving.repeats)
