"""Lists of candidates that the caller names: which of them a list lacks, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tastegraph.serving.answers import LeftOut, Recommendations
from tastegraph.serving.lists.listing import ListRequest
from tastegraph.serving.lists.request_view import RequestView


def left_out(
    answer: Recommendations, request: ListRequest, view: RequestView, now: float
) -> tuple[LeftOut, ...]:
    """The candidates of ``request`` that its list lacks, in the order of the request.

    Args:
        answer: the list.
        request: with candidates.
        view: what the list was made from.
        now: when, in seconds since 1970-01-01 UTC.
    """
    return tuple(_left_out(request.candidates or (), answer, request, view, now))


def _left_out(
    candidates: Sequence[str],
    answer: Recommendations,
    request: ListRequest,
    view: RequestView,
    now: float,
) -> Iterator[LeftOut]:
    listed = {item.item_id for item in answer.items}
    unlisted = frozenset(view.snapshot.listable.unlisted(now).tolist())
    # By rows, as the list leaves them out: an event may be on an item by the name of its entity.
    seen = frozenset(view.snapshot.listed_rows(view.seen_items) if request.exclude_seen else ())
    for item_id in candidates:
        row = view.snapshot.item_rows.get(item_id)
        if item_id in listed:
            continue
        if row is None:
            yield LeftOut(item_id=item_id, cause="unknown")
        elif row in unlisted:
            yield LeftOut(item_id=item_id, cause="unlisted")
        elif row in seen:
            yield LeftOut(item_id=item_id, cause="seen")
        else:
            yield LeftOut(item_id=item_id, cause="no_place")
