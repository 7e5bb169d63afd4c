"""Guesses at what a table without explanation holds; they are proposed, and never acted upon."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tastegraph.core.records import IMPRESSION
from tastegraph.data.mapping.names import COLUMNS, Kind, plain_name, proposed_column

MIN_SECONDS = 10**8
"""Whole numbers from here on, seconds of 1973, may be times."""

TYPE_NAMES: Mapping[str, tuple[str, ...]] = {
    "view": ("pv", "pageview", "viewitem", "itemview", "productview", "viewed", "detail", "浏览"),
    "click": (
        "clicked", "selectitem", "open", "addtocart", "addcart", "cart", "addtobasket", "basket",
        "play", "listen", "watch", "read", "点击", "加购",
    ),
    "purchase": (
        "purchased", "buy", "bought", "order", "ordered", "orderplaced", "checkout", "transaction",
        "sale", "购买", "下单",
    ),
    "like": (
        "liked", "fav", "favorite", "favourite", "star", "bookmark", "save", "wishlist",
        "addtowishlist", "收藏", "喜欢",
    ),
    "dislike": ("disliked", "refund", "refunded", "return", "returned", "退货", "退款"),
    "skip": ("skipped", "removefromcart", "removecart", "cancel", "canceled", "cancelled"),
    IMPRESSION: ("impressed", "exposure", "exposed", "viewitemlist", "show", "shown", "曝光"),
}  # fmt: skip
"""Event type of ours → names that other tools give it; letters and digits alone."""

_KINDS: tuple[Kind, ...] = ("facts", "events", "items", "links")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def is_number_or_time(cell: str) -> bool:
    """Whether a cell is a number, or a date and time of ISO 8601."""
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return True
    try:
        datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def guessed_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Names for the columns of a file without a header: as many as its first row has cells."""
    width = len(rows[0]) if rows else 0
    columns = [[row[place] for row in rows if len(row) == width] for place in range(width)]
    names: dict[int, str] = {}
    for ours, first, is_like in (
        ("timestamp", 1, _are_times), ("rating", 2, _are_ratings), ("title", 1, _are_titles),
    ):  # fmt: skip
        free = [place for place in range(first, width) if place not in names]
        places = [place for place in free if is_like(columns[place])]
        if places:
            names[places[-1] if ours == "timestamp" else places[0]] = ours
    ids = iter(["item_id"] if "title" in names.values() else ["user_id", "item_id"])
    for place in range(width):
        if place not in names:
            names[place] = next(ids, f"column_{place + 1}")
    return [names[place] for place in range(width)]


def guessed_kind(columns: Collection[str]) -> tuple[Kind, Mapping[str, str]] | None:
    """The likely kind of the records in a table with these columns, and which column is which.

    Returns:
        The kind, and name of ours → name in the file for all columns that are likely one of ours;
        ``None`` where no kind has all its required columns.
    """
    guesses: list[tuple[float, Kind, dict[str, str]]] = []
    for kind in _KINDS:
        names: dict[str, str] = {}
        for ours in COLUMNS[kind].known:
            free = [name for name in columns if name not in names.values()]
            aliases = [name for name in free if COLUMNS[kind].aliases.get(name) == ours]
            if (kind, ours) == ("events", "entity") and not {ours, *aliases} & {*free}:
                continue  # what other tools call so is rarely what an event is on
            theirs = (
                ours if ours in free else aliases[0] if aliases else proposed_column(ours, free)
            )
            if theirs:
                names[ours] = theirs
        required = COLUMNS[kind].required
        if all(ours in names for ours in required):
            share = sum(names[ours] == ours for ours in required) / len(required)
            guesses.append((share, kind, names))
    best = max(guesses, key=lambda guess: guess[0], default=None)
    return best and best[1:]


def guessed_type(name: str) -> str | None:
    """The event type of ours that a type in a file is likely to be; ``None`` where none is."""
    plain = plain_name(name)
    for ours, names in TYPE_NAMES.items():
        if plain == ours or plain in names:
            return ours
    return None


def _are_times(cells: Sequence[str]) -> bool:
    numbers = [float(cell) for cell in cells if _NUMBER.fullmatch(cell.strip())]
    if len(numbers) == len(cells):
        return all(number >= MIN_SECONDS for number in numbers)
    return all(is_number_or_time(cell) for cell in cells)


def _are_ratings(cells: Sequence[str]) -> bool:
    if not all(_NUMBER.fullmatch(cell.strip()) for cell in cells):
        return False
    numbers = {float(cell) for cell in cells}
    return max(numbers) <= 10 and min(numbers) >= -1 and len(numbers) <= 21


def _are_titles(cells: Sequence[str]) -> bool:
    return sum(" " in cell.strip() for cell in cells) > len(cells) / 2
