"""The next page of a stored list: the same request, without what stood in the pages before."""

from __future__ import annotations

import time
from dataclasses import replace

from pydantic import Field

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.random_numbers import random_seed
from tastegraph.core.records import Event
from tastegraph.serving.answers import Recommendations
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.listing import DEFAULT_REASONS, ListRequest
from tastegraph.serving.lists.request_view import UserOrSession
from tastegraph.store import erasure
from tastegraph.store.served_lists import ServedList


class NextList(Recommendations):
    """A list that continues another."""

    after: str = Field(description="id of the list that it continues")
    note: str | None = Field(
        default=None, description="that there are no further items, where the list has none"
    )


class NextPages:
    """Continues the stored lists of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def after(
        self,
        recommendation_id: str,
        n: int | None = None,
        *,
        reasons: int = DEFAULT_REASONS,
        language: Language | None = None,
    ) -> NextList:
        """The best ``n`` items that stand neither in a list nor in those it continues.

        By the request, policy and wishes of the list, the snapshot in service, or that of the
        list's variant, and all events of the user until now. It is stored as a list of its own.

        Raises:
            NotFoundError: there is no such list.
        """
        engine = self._engine
        stored = self._stored(recommendation_id)
        settings = dict(stored.request)
        session, earlier = settings.pop("session"), ListRequest(**settings)
        items = (*earlier.earlier_items, *(place.item_id for place in stored.places))
        request = replace(
            earlier,
            n=n or earlier.n,
            seed=random_seed(),
            after=recommendation_id,
            earlier_items=list(dict.fromkeys(items)),
        )
        user: UserOrSession = [Event(**row) for row in session or ()]
        if stored.user_id is not None:
            user = stored.user_id
        language = engine.config.serving.language if language is None else language
        view, now = engine.view_after(user, stored), time.time()
        answer = engine.lists.remake(view.snapshot, view.user(), request, now, reasons, language)
        experiment, variant = view.assignment.experiment, view.assignment.variant
        answer = answer.model_copy(update={"experiment": experiment, "variant": variant})
        engine.store_list(answer, view, request, now).result()
        engine.observe(answer, view)
        note = None
        if not answer.items:
            note = Message("next.end", count=len(request.earlier_items)).text(language)
        return NextList.model_construct(**dict(answer), after=recommendation_id, note=note)

    def _stored(self, recommendation_id: str) -> ServedList:
        try:
            return self._engine.stored_list(recommendation_id)
        except NotFoundError:
            # A list that was just answered may wait for the disk: what waits is written first.
            self._engine.submit(erasure.erasure_count).result()
            return self._engine.stored_list(recommendation_id)
