"""Frames in and out: polars, pandas and Arrow tables as checked columns, and back again.

pandas and pyarrow are never imported here unless a caller's own frame has loaded them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Literal

import polars as pl

from tastegraph.core.errors import FrameError
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import SPLITS
from tastegraph.data.cells.columns import (
    TypedColumn,
    choices,
    ids,
    numbers,
    seconds,
    time_unit,
    without_missing,
)
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH, MAX_EXACT_FLOAT
from tastegraph.data.event_tables import object_ids
from tastegraph.data.events import EVENT_ALIASES

Library = Literal["polars", "pandas", "arrow"]
OnError = Literal["raise", "skip"]

EVENT_COLUMNS = ("user_id", "item_id", "event_type", "value", "timestamp", "split", "entity")
_CATEGORIES = (pl.Categorical, pl.Enum)


@dataclass
class FrameReport:
    """What was noticed while frames were read.

    Attributes:
        rows: frame → rows read.
        problems: rows left out, unused columns, repeated events; ``file`` is the frame's name.
    """

    rows: dict[str, int] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Add a finding."""
        self.problems.append(finding)

    def __str__(self) -> str:
        rows = ", ".join(f"{count:,} {name}" for name, count in self.rows.items())
        return "\n".join([rows, *map(str, self.problems)])


@dataclass(frozen=True)
class FrameColumns:
    """A frame with our column names, and where it came from.

    Attributes:
        frame: one column for each of ours that is present.
        names: our name of a column → its name in the frame that came in.
        unused: columns of the frame that have no name of ours.
        library: of the frame that came in.
        numeric: our names of the columns that held numbers; ids among them are whole.
    """

    frame: pl.DataFrame
    names: Mapping[str, str]
    unused: pl.DataFrame
    library: Library
    numeric: frozenset[str] = frozenset()


def library_of(frame: object) -> Library | None:
    """The library of a frame, or ``None`` where ``frame`` is no frame."""
    module = type(frame).__module__.partition(".")[0]
    if module == "polars" and isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return "polars"
    if module == "pandas" and hasattr(frame, "columns"):
        return "pandas"
    if module == "pyarrow" and hasattr(frame, "column_names"):
        return "arrow"
    return "polars" if hasattr(frame, "__arrow_c_stream__") and hasattr(frame, "columns") else None


def to_polars(frame: Any, name: str) -> pl.DataFrame:
    """A polars frame of the same columns.

    Raises:
        FrameError: ``frame`` is no frame, names a column twice, or mixes types in a column.
    """
    library = library_of(frame)
    if library is None:
        raise FrameError(
            f"{name}: a polars, pandas or Arrow table is expected, {type(frame).__name__} found"
        )
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    names = [str(column) for column in (frame.columns if library != "arrow" else
                                        frame.column_names)]  # fmt: skip
    if repeated := sorted({column for column in names if names.count(column) > 1}):
        raise FrameError(f"{name}: column {repeated[0]!r} occurs more than once: rename one")
    if library == "pandas":
        series = (frame.iloc[:, place] for place in range(len(names)))
        pairs = zip(names, series, strict=True)
        return pl.DataFrame([_from_pandas(column, values, name) for column, values in pairs])
    try:
        return pl.DataFrame(frame)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise FrameError(f"{name}: the Arrow table cannot be read: {error}") from None


def to_library(frame: pl.DataFrame, library: Library) -> Any:
    """``frame`` as a frame of ``library``; pandas needs no pyarrow for it."""
    if library == "pandas":
        pandas = import_module("pandas")
        return pandas.DataFrame({
            column.name: column.to_list() if _is_object(column) else column.to_numpy()
            for column in frame
        })  # fmt: skip
    return frame.to_arrow() if library == "arrow" else frame


def read_columns(
    frame: Any,
    name: str,
    known: Collection[str],
    required: Sequence[str],
    columns: Mapping[str, str] | None = None,
    aliases: Mapping[str, str] | None = None,
    instead: Mapping[str, str] = {},
) -> FrameColumns:
    """The columns of ``frame`` under our names.

    Args:
        frame: polars, pandas or Arrow.
        name: of the frame, for errors.
        known: all names of ours.
        required: those without which the frame is of no use.
        columns: name in the frame → name of ours, as the caller says.
        aliases: the same for names that other tools use.
        instead: required column → one that a frame may have in its place.

    Raises:
        FrameError: a required column is missing, or two have one name.
    """
    library, table = library_of(frame), to_polars(frame, name)
    assert library is not None
    for column, ours in (columns or {}).items():
        if column not in table.columns:
            raise FrameError(
                f"{name}: columns={{{column!r}: {ours!r}}} names no column; there are "
                f"{', '.join(table.columns) or 'none'}"
            )
        if ours not in known:
            raise FrameError(f"{name}: there is no column {ours!r}; known are {', '.join(known)}")
    names = {ours: column for column, ours in (columns or {}).items()}
    if len(names) < len(columns or {}):
        raise FrameError(f"{name}: columns={columns!r} gives one name to two columns: name one")
    names |= {column: column for column in table.columns if column in known and column not in names}
    for column in table.columns:
        ours = (aliases or {}).get(column, "")
        if ours in known and column not in names.values():
            names.setdefault(ours, column)
    for column in required:
        if not {column, instead.get(column)} & set(names):
            raise FrameError(
                f"{name}: there is no column {column!r}; there are "
                f"{', '.join(map(repr, table.columns)) or 'none'}. Rename one, or say which it is: "
                f"columns={{'its name': {column!r}}}"
            )
    unused = [column for column in table.columns if column not in names.values()]
    # Series and not expressions: pl.col would take a name such as "*" for a pattern.
    ours_only = pl.DataFrame([table[column].alias(ours) for ours, column in names.items()])
    numeric = {
        ours
        for ours, column in names.items()
        if table[column].dtype.is_integer() or table[column].dtype.is_float()
    }
    return FrameColumns(
        ours_only,
        names,
        pl.DataFrame([table[column] for column in unused]),
        library,
        frozenset(numeric),
    )


def read_events(
    frame: Any,
    event_types: Collection[str],
    columns: Mapping[str, str] | None = None,
    on_error: OnError = "raise",
    report: FrameReport | None = None,
    name: str = "events",
) -> FrameColumns:
    """Events as columns: ``user_id``, ``item_id`` (String;
    :attr:`~tastegraph.core.records.Event.object_id` of an item or an entity), ``event_type``
    (String, or null), ``value`` and ``timestamp`` (Float64, or null; seconds since 1970-01-01
    UTC), ``split``.

    Args:
        frame: polars, pandas or Arrow with ``user_id``, ``item_id`` or ``entity``, and any of the
            others; each row is on an item or on an entity.
        event_types: what ``event_type`` may say.
        columns: name in the frame → name of ours.
        on_error: whether a wrong row is an error, or left out and reported.
        report: gets what was noticed.
        name: of the frame, for errors.

    Raises:
        FrameError: a column is missing or of the wrong type, or a row is wrong.
    """
    report = FrameReport() if report is None else report
    source = read_columns(
        frame, name, EVENT_COLUMNS, ("user_id", "item_id"), columns, EVENT_ALIASES,
        instead={"item_id": "entity"},
    )  # fmt: skip
    table, names = source.frame, source.names
    for column in ("user_id", "item_id", "entity"):
        if column in names:
            check_ids(table[column], name, names[column])
    readers: dict[str, Callable[[pl.Series], TypedColumn]] = {
        "user_id": ids,
        "item_id": lambda cells: ids(cells, required="entity" not in names),
        "entity": lambda cells: ids(cells, MAX_ENTITY_LENGTH, required=False),
        "value": numbers,
        "timestamp": lambda cells: seconds(cells, time_unit(cells)),
        "event_type": lambda cells: choices(cells, list(event_types)),
        "split": lambda cells: choices(cells, SPLITS),
    }
    if "timestamp" in names and (unit := time_unit(table["timestamp"])) != "seconds":
        text = f"numbers read as {unit}"
        report.problems.append(Finding(name, names["timestamp"], text, len(table)))
    typed: dict[str, pl.Series] = {}
    wrong: list[tuple[str, str, pl.Series]] = []
    typed_columns = {
        column: read_column(without_missing(table[column]))
        for column, read_column in readers.items()
        if column in names
    }
    if "entity" in names:
        objects, entities = object_ids(typed_columns.pop("entity"), typed_columns.get("item_id"))
        of_items = typed_columns.get("item_id", TypedColumn(objects))
        typed_columns["item_id"] = replace(of_items, values=objects)
        wrong += [("entity", f"{w.expected} is expected", w.mask) for w in entities.wrong]
    for column, typed_column in typed_columns.items():
        typed[column] = typed_column.values
        wrong += [(column, f"{w.expected} is expected", w.mask) for w in typed_column.wrong]
    bad_rows = pl.Series([False]).new_from_index(0, len(table))
    for column, text, mask in wrong:
        if problem := _problem(name, names[column], text, mask, table[column]):
            if on_error == "raise":
                raise FrameError(f"{problem}. Correct them, or leave them out: on_error='skip'")
            report.problems.append(problem)
            bad_rows |= mask
    rows = pl.DataFrame([series.alias(column) for column, series in typed.items()])
    rows = rows.filter(~bad_rows)
    report.rows[name] = len(rows)
    _report_repeats(rows, name, report)
    report_unused(source, name, report)
    return replace(source, frame=rows)


def report_unused(source: FrameColumns, name: str, report: FrameReport | ImportReport) -> None:
    """Say which columns of a frame are not read, in the report and as a warning."""
    if source.unused.width:
        unused = ", ".join(map(repr, source.unused.columns))
        for column in source.unused.columns:
            report.add(Finding(name, column, "not used", len(source.unused)))
        warnings.warn(f"{name}: not used: column {unused}", stacklevel=4)


def identifiers(series: pl.Series, name: str, column: str) -> pl.Series:
    """Ids as strings: text as it is, whole numbers in decimal; null where there is none.

    Raises:
        FrameError: the column holds anything else.
    """
    check_ids(series, name, column)
    return ids(series.cast(pl.String) if series.dtype in _CATEGORIES else series).values


def check_ids(series: pl.Series, name: str, column: str) -> None:
    """Check that a column can hold ids.

    Raises:
        FrameError: it holds neither text nor whole numbers.
    """
    dtype = series.dtype
    if dtype.is_float():
        # What pandas makes of whole numbers with a gap.
        numbers_alone = series.fill_nan(None)
        whole = (numbers_alone.round() == numbers_alone) & (numbers_alone.abs() < MAX_EXACT_FLOAT)
        if whole.all():
            return
    elif dtype.is_integer() or dtype in (pl.String, pl.Null, *_CATEGORIES):
        return
    raise FrameError(
        f"{name}, column {column!r}: ids are text or whole numbers, {dtype} found: cast the column"
    )


def _problem(
    name: str, column: str, text: str, mask: pl.Series, values: pl.Series
) -> Finding | None:
    count = int(mask.sum())
    if not count:
        return None
    row = mask.arg_true()[0]
    return Finding(name, column, text, count, f"row {row}: {values[row]!r}")


def _report_repeats(table: pl.DataFrame, name: str, report: FrameReport) -> None:
    repeats = ~table.to_struct("event").is_first_distinct()
    if count := int(repeats.sum()):
        row = repeats.arg_true()[0]
        example = f"{table['user_id'][row]} with {table['item_id'][row]}"
        report.problems.append(
            Finding(name, "user_id, item_id", "the same event again, counted once", count, example)
        )


def _from_pandas(column: str, series: Any, name: str) -> pl.Series:
    """One column, without pyarrow."""
    kind = getattr(series.dtype, "kind", "O")
    if kind == "M" and getattr(series.dtype, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    try:
        if kind in "biufM" and not hasattr(series.array, "_mask") and kind == series.to_numpy(
        ).dtype.kind:  # fmt: skip
            return pl.Series(column, series.to_numpy())
        missing = series.isna().to_numpy()
        values = series.astype(object).to_numpy()
        return pl.Series(
            column,
            [None if gap else value for gap, value in zip(missing, values, strict=True)],
        )
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise FrameError(f"{name}, column {column!r} mixes types: {error}") from None


def _is_object(series: pl.Series) -> bool:
    return not (series.dtype.is_numeric() or series.dtype.is_temporal() or
                series.dtype == pl.Boolean)  # fmt: skip


def read_ids(values: Any, column: str, argument: str) -> pl.Series:
    """Ids that a caller names, as strings: of a list, a series, an array, or a frame's ``column``.

    Args:
        values: the ids.
        column: of a frame.
        argument: what the caller calls them, for errors.

    Raises:
        FrameError: ``values`` is a single id or no sequence of ids, or one is missing.
    """
    if isinstance(values, str | bytes | int | float | pl.Expr):
        raise FrameError(
            f"{argument}: a list of ids is expected, {values!r} found: write [{values!r}]"
        )
    if library_of(values) is not None:
        series = read_columns(values, argument, (column,), (column,), None, EVENT_ALIASES).frame
        ids = identifiers(series[column], argument, column)
    else:
        try:
            rows = values if isinstance(values, pl.Series) else list(values)
            ids = identifiers(pl.Series(column, rows), argument, column)
        except (TypeError, ValueError, pl.exceptions.PolarsError):
            raise FrameError(
                f"{argument}: a list of ids, all text or all whole numbers, is expected, "
                f"{type(values).__name__} found"
            ) from None
    if gaps := ids.null_count():
        raise FrameError(f"{argument}: {gaps} of {len(ids)} ids are missing: leave them out")
    return ids
