"""How each file of an import is read: by a format's name, the configuration, and the options."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from tastegraph.core.config import EventFileConfig, FileConfig, ImportConfig
from tastegraph.core.errors import TastegraphError
from tastegraph.data.mapping.formats import format_reading
from tastegraph.data.mapping.mapped_tables import PLAIN, Reading
from tastegraph.data.mapping.names import Kind
from tastegraph.data.tables.dialects import TableOptions
from tastegraph.data.tables.encodings import check_encoding

_SEPARATOR_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the caller of an import says of its files; it goes before the configuration.

    Attributes:
        table: how they are written.
        columns: name of ours → name in the files.
        types: event type in the files → type of ours.
        format: name of a published format.
    """

    table: TableOptions = field(default_factory=TableOptions)
    columns: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None


UNSAID = ReadingOptions()


def reading_of(
    path: Path, kind: Kind, config: ImportConfig, options: ReadingOptions = UNSAID
) -> Reading:
    """How one file is read: as its format says, then the configuration, then the options.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: there is no such format, encoding or separator.
    """
    configured: FileConfig = getattr(config, kind)
    name = options.format or configured.format
    base = format_reading(name, path, kind) if name else PLAIN
    table = _later(_later(base.options, _configured_table(configured)), options.table)
    if options.columns or configured.map:
        base = replace(base, columns={**base.columns, **configured.map, **options.columns})
    types = dict(options.types)
    if isinstance(configured, EventFileConfig):
        types = event_types(configured.types) | types
    if types and kind == "events":
        base = replace(base, values={"type": {**base.values.get("type", {}), **types}})
    return replace(base, options=table)


def event_types(types: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Types of files → types of ours, from types of ours → those of files."""
    return {theirs: ours for ours, names in types.items() for theirs in names}


def parse_types(arguments: Collection[str]) -> dict[str, str]:
    """Read arguments such as ``view=view_item``: event type in the files → type of ours.

    Raises:
        TastegraphError: one has another form, or one type of the files becomes two of ours.
    """
    types: dict[str, str] = {}
    for argument in arguments:
        ours, equals, theirs = argument.partition("=")
        if not (ours and equals and theirs):
            raise TastegraphError(f"--type {argument}: write --type view=view_item, ours first")
        if types.setdefault(theirs, ours) != ours:
            raise TastegraphError(f"--type {argument}: {theirs} is {types[theirs]} already")
    return types


def table_options(
    encoding: str | None = None,
    separator: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    columns: Sequence[str] | None = None,
    sheet: str | None = None,
) -> TableOptions:
    """Check what a user says of a table, as text: ``tab`` is a separator, ``none`` no quote.

    Raises:
        TastegraphError: a value cannot be used.
    """
    if encoding is not None:
        check_encoding(encoding)
    if separator is not None:
        separator = _SEPARATOR_NAMES.get(separator, separator)
        if not separator or set(separator) & set("\r\n\0"):
            raise TastegraphError("--separator: at least one character, and no line end")
    if quote is not None:
        quote = "" if quote == "none" else quote
        if len(quote) > 1 or quote in ("\r", "\n", "\0") or (quote and quote == separator):
            raise TastegraphError(f"--quote {quote}: one character, or none")
        if quote and separator is not None and len(separator) > 1:
            raise TastegraphError(
                f"--quote {quote}: a separator of several characters, {separator}, allows none"
            )
    names = None if columns is None else tuple(name.strip() for name in columns)
    if names is not None and (not all(names) or len(set(names)) < len(names)):
        raise TastegraphError(
            f"--columns {','.join(names)}: write names that differ, such as user_id,item_id"
        )
    return TableOptions(encoding, separator, quote, header, names, sheet)


def _configured_table(config: FileConfig) -> TableOptions:
    return table_options(
        config.encoding,
        config.separator,
        config.quote,
        config.header,
        config.columns,
        config.sheet,
    )


def _later(first: TableOptions, second: TableOptions) -> TableOptions:
    """The options of both; where they differ, the second."""
    changes = {
        option.name: getattr(second, option.name)
        for option in fields(TableOptions)
        if getattr(second, option.name) is not None
    }
    return replace(first, **changes)
