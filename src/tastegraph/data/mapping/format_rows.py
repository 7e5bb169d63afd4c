"""Rows of published formats whose rows are not the records themselves, made into records.

Each function gives what :class:`~tastegraph.data.mapping.mapped_tables.Preparation` asks for.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from tastegraph.data.mapping.mapped_tables import LINE, Preparation, Preparer

MOVIELENS_GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip

_GA4_ITEM = pl.Struct(
    dict.fromkeys(
        ["item_id", "item_name", "item_brand", "item_category", "item_variant"], pl.String
    )
)
_GA4_COLUMNS = frozenset({"items", "event_timestamp", "event_name", "user_pseudo_id", "user_id"})


def _stateless(prepare: Preparer, *columns: str) -> Preparation:
    return Preparation(lambda: prepare, frozenset(columns))


def _genres(frame: pl.DataFrame) -> pl.DataFrame:
    flags = [pl.when(pl.col(name) == "1").then(pl.lit(name)) for name in MOVIELENS_GENRES]
    genres = pl.concat_list(flags).list.drop_nulls().alias("genres")
    return frame.with_columns(genres).drop(MOVIELENS_GENRES)


def _mind_clicks(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each item of a list that was shown: ``N1-1`` was clicked, ``N2-0`` was not."""
    rows = frame.with_columns(pl.col("impressions").str.split(" ")).explode("impressions")
    pairs = pl.col("impressions").str.extract_groups(r"^(?<item_id>.+)-(?<clicked>[01])$")
    rows = rows.with_columns(pairs.alias("pair")).unnest("pair").drop_nulls("item_id")
    return rows.select(
        "user_id", "item_id", LINE,
        type=pl.col("clicked").replace({"1": "click", "0": "impression"}),
        timestamp=pl.col("time").str.to_datetime("%m/%d/%Y %I:%M:%S %p", strict=False),
    )  # fmt: skip


def _ga4_items(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each entry of ``items``; a flat export is left as it is."""
    if "items" not in frame.columns:
        return frame
    entries: Any = pl.col("items")
    if frame.schema["items"] == pl.String:
        entries = entries.str.json_decode(pl.List(_GA4_ITEM))
    rows = frame.with_columns(entries).explode("items").drop_nulls("items")
    flat = [name for name in ("item_id", "item_name") if name in frame.columns]
    return rows.drop(flat).unnest("items")


def _ga4_events(frame: pl.DataFrame) -> pl.DataFrame:
    rows = _ga4_items(frame)
    user = [pl.col(name) for name in ("user_pseudo_id", "user_id") if name in rows.columns]
    return rows.filter(pl.col("item_id").cast(pl.String).fill_null("") != "").select(
        LINE, "item_id",
        user_id=pl.coalesce(user),
        type=pl.col("event_name"),
        timestamp=pl.col("event_timestamp").cast(pl.Float64, strict=False) / 1e6,
    )  # fmt: skip


def _ga4_catalogue(frame: pl.DataFrame) -> pl.DataFrame:
    columns = ["item_id", "item_name", "item_brand", "item_category"]
    rows = _ga4_items(frame)
    rows = rows.select(LINE, *(name for name in columns if name in rows.columns))
    return rows.filter(pl.col("item_id").is_not_null()).unique(
        "item_id", keep="last", maintain_order=True
    )


class _FillDown:
    """Fills empty cells from the row above of the same group, across batches too."""

    def __init__(self, group: str, columns: tuple[str, ...]) -> None:
        self._group, self._columns = group, columns
        self._last: pl.DataFrame | None = None

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        own = frame.select(self._group, *self._columns)
        above = own.clear() if self._last is None else self._last
        rows = pl.concat([above, own]).with_columns(
            pl.when(pl.col(name) != "").then(pl.col(name)) for name in self._columns
        )
        filled = rows.with_columns(
            pl.col(name).forward_fill().over(pl.col(self._group).rle_id()) for name in self._columns
        )
        self._last = filled.tail(1)
        return frame.with_columns(filled.slice(len(above)).select(self._columns).fill_null(""))


def _shopify_products() -> Preparer:
    """One row for each variant; the rows of one handle share what the first of them says."""
    shared = ("Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags")
    names = {"Title": "title", "Body (HTML)": "text", "Vendor": "vendor", "Type": "product_type",
             "Product Category": "category", "Tags": "tags"}  # fmt: skip
    fills: dict[tuple[str, ...], _FillDown] = {}

    def prepare(frame: pl.DataFrame) -> pl.DataFrame:
        present = tuple(name for name in shared if name in frame.columns)
        rows = fills.setdefault(present, _FillDown("Handle", present))(frame)
        options = [name for name in ("Option1 Value", "Option2 Value") if name in frame.columns]
        option = pl.concat_str(
            [pl.when(~pl.col(name).is_in(["", "Default Title"])).then(pl.col(name))
             for name in options],
            separator=" / ", ignore_nulls=True,
        ) if options else pl.lit("")  # fmt: skip
        full_name = pl.concat_str("Title", option, separator=" - ")
        name = pl.when(option == "").then(pl.col("Title")).otherwise(full_name)
        sku = pl.col("Variant SKU").str.strip_prefix("'")
        rows = rows.with_columns(item_id=pl.when(sku != "").then(sku).otherwise(name))
        is_variant = (sku != "") | (pl.col("Variant Price") != "")
        return rows.filter(is_variant & (pl.col("Title") != "")).select(
            LINE, "item_id", *(pl.col(name).alias(names[name]) for name in present)
        )

    return prepare


def _shopify_orders() -> Preparer:
    """One row for each line of an order; its first line alone has the buyer and the time."""
    fill = _FillDown("Name", ("Email", "Created at"))

    def prepare(frame: pl.DataFrame) -> pl.DataFrame:
        rows = fill(frame)
        sku = pl.col("Lineitem sku").str.strip_prefix("'")
        item = pl.when(sku != "").then(sku).otherwise(pl.col("Lineitem name"))
        time = pl.col("Created at").str.to_datetime("%Y-%m-%d %H:%M:%S %z", strict=False)
        return rows.filter(item != "").select(
            LINE, item_id=item, user_id=pl.col("Email"), type=pl.lit("purchase"), timestamp=time
        )

    return prepare


GENRE_FLAGS = _stateless(_genres)
MIND_CLICKS = _stateless(_mind_clicks, "impressions", "time")
GA4_EVENTS = _stateless(_ga4_events, *_GA4_COLUMNS)
GA4_CATALOGUE = _stateless(_ga4_catalogue, "items")
SHOPIFY_PRODUCTS = Preparation(
    _shopify_products,
    frozenset({"Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags",
               "Variant SKU", "Variant Price", "Option1 Value", "Option2 Value"}),
)  # fmt: skip
SHOPIFY_ORDERS = Preparation(
    _shopify_orders,
    frozenset({"Name", "Email", "Created at", "Lineitem sku", "Lineitem name"}),
)
