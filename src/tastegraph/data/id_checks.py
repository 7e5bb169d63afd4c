"""Ids that do not meet: how many of how many, examples, and in what their writing differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import polars as pl

IdDifference = Literal["decimals", "zeros", "blanks", "case", "unicode", "url", "prefix"]

MAX_EXAMPLES = 3
_BLANKS = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"

_FORMS: Mapping[IdDifference, pl.Expr] = MappingProxyType(
    {
        "decimals": pl.col("id").str.replace(r"^([+-]?[0-9]+)\.0*$", "$1"),
        "zeros": pl.col("id").str.replace(r"^0+([0-9])", "$1"),
        "blanks": pl.col("id").str.strip_chars(_BLANKS),
        "case": pl.col("id").str.to_lowercase(),
        "unicode": pl.col("id").str.normalize("NFKC"),
        "url": pl.col("id")
        .str.replace(r"^<?([A-Za-z][A-Za-z0-9+.-]*:)?//", "")
        .str.replace(r"[?#].*$|>$", "")
        .str.strip_suffix("/")
        .str.replace(r"^.*/", ""),
        "prefix": pl.col("id").str.replace(r"^.*[:_|-]", ""),
    }
)
"""Difference → the form of an id in which it does not show; from the surest to the boldest."""

_WORDS: Mapping[IdDifference, str] = MappingProxyType(
    {
        "decimals": "one side writes whole numbers with decimals: write its column as text",
        "zeros": "one side lacks leading zeros: write its column as text",
        "blanks": "one side has blanks around its ids: remove them",
        "case": "upper and lower case differ: write both alike",
        "unicode": "the same characters are encoded differently: normalize both to Unicode NFKC",
        "url": "one side has URLs or paths where the other has their last part: write both alike",
        "prefix": "one side has a prefix that the other lacks: write both alike",
    }
)


@dataclass(frozen=True, slots=True)
class IdMismatch:
    """Ids of one column that another one does not have.

    Attributes:
        ids: number of different ids that were looked up.
        unknown: how many of them are not known.
        rows: number of rows with such an id.
        examples: some of them, in the order of the column.
        difference: the likely cause: in what most of them differ from known ids; or ``None``.
        explained: how many of the unknown ids would be known without this difference.
        example: one of them, and the known id that is meant.
    """

    ids: int
    unknown: int
    rows: int
    examples: tuple[str, ...]
    difference: IdDifference | None = None
    explained: int = 0
    example: tuple[str, str] | None = None

    @property
    def cause(self) -> str:
        """The likely cause and its remedy in words; empty where none is likely."""
        if self.difference is None or self.example is None:
            return ""
        unknown, known = self.example
        return (
            f"{unknown!r} is probably {known!r} ({self.explained:,} such): "
            f"{_WORDS[self.difference]}"
        )

    def in_words(self) -> str:
        """How many of how many, the examples, and the likely cause."""
        rows = f" ({self.rows:,} rows)" if self.rows > self.unknown else ""
        count = f"{self.unknown:,} of {self.ids:,} ids{rows}"
        examples = f"such as {', '.join(map(repr, self.examples))}"
        return f"{count}, {examples}" + (f"; {self.cause}" if self.cause else "")


def unmatched_ids(ids: pl.Series, known: pl.Series) -> IdMismatch | None:
    """Compare the ids of a column with those that are known.

    Args:
        ids: text (String, Categorical or Enum), with repetitions; null counts as no id.
        known: the same.

    Returns:
        ``None`` where every id is known.
    """
    different = _texts(ids).unique(maintain_order=True)
    known_ids = _texts(known).unique()
    unknown = different.filter(~different.is_in(known_ids.implode()))
    if not len(unknown):
        return None
    rows = int(_texts(ids).is_in(unknown.implode()).sum())
    examples = tuple(unknown.head(MAX_EXAMPLES))
    mismatch = IdMismatch(len(different), len(unknown), rows, examples)
    for difference, form in _FORMS.items():
        meant = _meant(unknown, known_ids, form)
        if len(meant) > mismatch.explained:
            mismatch = IdMismatch(
                mismatch.ids, mismatch.unknown, rows, examples, difference, len(meant), meant.row(0)
            )
    return mismatch


def _texts(ids: pl.Series) -> pl.Series:
    return ids.drop_nulls().cast(pl.String).alias("id")


def _meant(unknown: pl.Series, known: pl.Series, form: pl.Expr) -> pl.DataFrame:
    """Pairs of an unknown and a known id that have one form, each unknown id once."""
    ours, theirs = (
        ids.to_frame().with_columns(form.alias("form")).filter(pl.col("form") != "")
        for ids in (unknown, known)
    )
    pairs = ours.join(
        theirs.unique("form", keep="first", maintain_order=True), on="form", maintain_order="left"
    )
    return pairs.select("id", "id_right")
