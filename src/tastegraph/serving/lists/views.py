"""Reads what one request sees: the store at one moment, and the snapshot of its user."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tastegraph.core.config import ExperimentConfig
from tastegraph.serving.lists.assignment import Assignment, Experiments
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.lists.request_view import RequestView, UserOrSession, events_and_seen
from tastegraph.serving.snapshot.in_service import SnapshotHolder
from tastegraph.serving.wishes.steering import standing_chips
from tastegraph.store import erasure
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.served_lists import ServedList


class RequestViews:
    """Reads the view of each request; thread-safe.

    Args:
        database: has events and wishes.
        holder: has the snapshot in service, and those of experiments.
        experiments: by name.
    """

    def __init__(
        self,
        database: Database,
        holder: SnapshotHolder,
        experiments: Mapping[str, ExperimentConfig],
    ) -> None:
        self._database, self._holder = database, holder
        self._experiments = Experiments(experiments)

    def view(
        self, user: UserOrSession, options: ListOptions, repeats: Collection[str]
    ) -> RequestView:
        """One consistent state of the log, and the snapshot that goes with it and the user.

        Args:
            user: a user id, or the events of a session.
            options: of the list.
            repeats: types of events that leave an item in lists.
        """
        unit = user if isinstance(user, str) else options.session_id
        return self._read(user, self._experiments.assign(unit, options.policy.surface), repeats)

    def continued(
        self, user: UserOrSession, served: ServedList, repeats: Collection[str]
    ) -> RequestView:
        """The same for a list that continues ``served``, of whose variant it is."""
        assignment = self._experiments.again(served.experiment, served.variant)
        return self._read(user, assignment, repeats)

    def _read(
        self, user: UserOrSession, assignment: Assignment, repeats: Collection[str]
    ) -> RequestView:
        with self._database.reading() as connection:
            revision, erased_users = log.revision(connection), erasure.erased_user_count(connection)
            events, seen_items = events_and_seen(connection, user, repeats, revision)
            snapshot = self._holder.snapshot_for(connection, assignment.settings.snapshot)
            is_known = isinstance(user, str) and (events or log.has_user(connection, user))
            wishes = standing_chips(connection, user) if isinstance(user, str) else ()
        user_id = user if isinstance(user, str) and is_known else None
        return RequestView(
            snapshot, user_id, events, seen_items, revision, erased_users, wishes, assignment
        )
