"""Published formats by name: how their files are written, and which column is which of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType

from tastegraph.core.errors import TastegraphError
from tastegraph.data.mapping import format_rows
from tastegraph.data.mapping.mapped_tables import PLAIN, Reading
from tastegraph.data.mapping.names import Kind
from tastegraph.data.tables.dialects import TableOptions, head_of

_NO_QUOTES = TableOptions(separator="\t", quote="")


@dataclass(frozen=True, slots=True)
class FileShape:
    """One kind of file of a format.

    Attributes:
        kind: of the records in it.
        names: patterns of its name, in lower case; the last shape of a kind is for other names.
        reading: how it is read.
        fallback: the encoding of a file that is not UTF-8.
    """

    kind: Kind
    names: tuple[str, ...]
    reading: Reading
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A published format.

    Attributes:
        summary: what it is, in a few words.
        shapes: its files.
    """

    summary: str
    shapes: tuple[FileShape, ...]


def _columns(*names: str, separator: str = "\t") -> TableOptions:
    return TableOptions(separator=separator, quote="", columns=names)


_RATINGS = ("user_id", "item_id", "rating", "timestamp")

FORMATS: Mapping[str, Format] = MappingProxyType({
    "movielens": Format("MovieLens, 100K to 32M", (
        FileShape("events", ("*.dat", "*.dat.*"), Reading(_columns(*_RATINGS, separator="::"))),
        FileShape("events", ("u*.data*", "u*.base*", "u*.test*"), Reading(_columns(*_RATINGS))),
        FileShape("events", ("ratings*.csv*",), Reading(
            columns={"user_id": "userId", "item_id": "movieId"},
        )),
        FileShape("items", ("*.dat", "*.dat.*"), Reading(
            _columns("item_id", "title", "genres", separator="::"),
        ), "latin-1"),
        FileShape("items", ("u.item*",), Reading(
            _columns("item_id", "title", "release_date", "video_release_date", "url",
                     *format_rows.MOVIELENS_GENRES, separator="|"),
            preparation=format_rows.GENRE_FLAGS,
        ), "latin-1"),
        FileShape("items", ("movies*.csv*",), Reading(columns={"item_id": "movieId"})),
    )),
    "recbole": Format("RecBole's atomic files", (
        FileShape("events", ("*",), Reading()),
        FileShape("items", ("*",), Reading(columns={
            "title": ("movie_title", "title", "name", "item_title", "item_name", "product_title",
                      "product_name", "book_title", "artist_name"),
        })),
        FileShape("facts", ("*",), Reading()),
        FileShape("links", ("*",), Reading()),
    )),
    "gorse": Format("feedback and items of Gorse, as CSV or JSON", (
        FileShape("events", ("*",), Reading(
            columns={
                "user_id": ("UserId", "user_id"),
                "item_id": ("ItemId", "item_id"),
                "type": ("FeedbackType", "feedback_type"),
                "timestamp": ("Timestamp", "time_stamp", "timestamp"),
                "value": ("Value", "value"),
            },
            values={"type": {"read": "view", "star": "like"}},
        )),
        FileShape("items", ("*",), Reading(columns={
            "item_id": ("ItemId", "item_id"),
            "title": ("Comment", "comment", "description"),
            "hidden": ("IsHidden", "is_hidden"),
            "categories": ("Categories", "categories"),
            "labels": ("Labels", "labels"),
            "available_from": ("Timestamp", "time_stamp", "timestamp"),
        })),
    )),
    "shopify": Format("products and orders exported from Shopify", (
        FileShape("items", ("*",), Reading(preparation=format_rows.SHOPIFY_PRODUCTS)),
        FileShape("events", ("*",), Reading(preparation=format_rows.SHOPIFY_ORDERS)),
    )),
    "ga4": Format("Google Analytics 4, exported from BigQuery", (
        FileShape("events", ("*",), Reading(
            values={"type": {
                "view_item": "view", "view_item_list": "impression", "select_item": "click",
                "add_to_cart": "click", "add_to_wishlist": "like", "remove_from_cart": "skip",
                "refund": "dislike",
            }},
            preparation=format_rows.GA4_EVENTS,
        )),
        FileShape("items", ("*",), Reading(
            columns={"title": "item_name"}, preparation=format_rows.GA4_CATALOGUE,
        )),
    )),
    "mind": Format("MIND, Microsoft's news", (
        FileShape("events", ("*",), Reading(
            _columns("impression_id", "user_id", "time", "history", "impressions"),
            preparation=format_rows.MIND_CLICKS,
        )),
        FileShape("items", ("*",), Reading(_columns(
            "item_id", "category", "subcategory", "title", "text", "url", "title_entities",
            "text_entities",
        ))),
    )),
    "lastfm": Format("Last.fm: HetRec 2011, 1K and 360K users", (
        FileShape("events", ("usersha1-*",), Reading(
            _columns("user_id", "item_id", "artist", "value"),
        )),
        FileShape("events", ("userid-timestamp-*",), Reading(
            _columns("user_id", "timestamp", "item_id", "artist", "track_id", "track"),
        )),
        FileShape("events", ("user_artists*",), Reading(
            _NO_QUOTES, {"user_id": "userID", "item_id": "artistID", "value": "weight"},
        )),
        FileShape("items", ("*",), Reading(_NO_QUOTES, {"item_id": "id", "title": "name"})),
    )),
    "amazon-reviews": Format("Amazon's reviews and products, 2014 to 2023", (
        FileShape("events", ("*.json*",), Reading(columns={
            "user_id": ("user_id", "reviewerID"),
            "item_id": ("parent_asin", "asin"),
            "rating": ("rating", "overall"),
            "timestamp": ("timestamp", "unixReviewTime"),
        })),
        FileShape("events", ("*.csv*",), Reading(columns={"item_id": ("parent_asin", "asin")})),
        FileShape("items", ("*",), Reading(columns={
            "item_id": ("parent_asin", "asin"), "text": "description",
        })),
    )),
})  # fmt: skip


def format_reading(name: str, path: Path, kind: Kind) -> Reading:
    """How a file of a format is read; one of a kind that the format has not, as it says itself.

    Args:
        name: of the format.
        path: the file, of which the name matters.
        kind: of the records in it.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: there is no such format.
    """
    if name not in FORMATS:
        raise TastegraphError(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
    shapes = [shape for shape in FORMATS[name].shapes if shape.kind == kind]
    if not shapes:
        return PLAIN
    fits = [s for s in shapes if any(fnmatch(path.name.lower(), place) for place in s.names)]
    shape = fits[0] if fits else shapes[-1]
    if shape.fallback and head_of(path).proposed:
        options = replace(shape.reading.options, encoding=shape.fallback)
        return replace(shape.reading, options=options)
    return shape.reading
