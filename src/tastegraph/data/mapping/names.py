"""Which column of a file is which of ours: as the caller says, or by its name.

A name that other tools use is proposed by an error, and not read as one of ours unless the caller
says so; the only exceptions are the ``aliases``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from shlex import quote
from types import MappingProxyType
from typing import Literal, get_args

from tastegraph.core.errors import RowError, TastegraphError

INDEX_COLUMN = "Unnamed: 0"
"""The column without a name that pandas writes for a frame's index; it is only read if mapped."""

Kind = Literal["events", "items", "facts", "links"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class KindColumns:
    """The columns of one kind of records.

    Attributes:
        required: those that a file must have.
        optional: the others that have a meaning.
        aliases: names in files that are read as ours.
        open: whether any other column is read too, under its own name.
        instead: required column → one that a file may have in its place.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    open: bool = False
    instead: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """All names of ours."""
        return (*self.required, *self.optional)


COLUMNS: Mapping[Kind, KindColumns] = MappingProxyType(
    {
        "events": KindColumns(
            ("user_id", "item_id"),
            ("timestamp", "type", "value", "rating", "event_id", "split", "recommendation_id",
             "position", "session_id", "entity"),
            {"entity_id": "entity"},
            instead={"user_id": "session_id", "item_id": "entity"},
        ),
        "items": KindColumns(
            ("item_id", "title"), ("text", "hidden", "available_from", "available_until"), open=True
        ),
        "facts": KindColumns(
            ("head", "relation", "tail"),
            ("literal", "datatype", "language", "confidence"),
            {
                "subject": "head", "head_id": "head",
                "predicate": "relation", "relation_id": "relation",
                "object": "tail", "tail_id": "tail",
            },
        ),
        "links": KindColumns(("item_id", "entity"), aliases={"entity_id": "entity"}),
    }
)  # fmt: skip

PROPOSALS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "user_id": (
        "userid", "user", "uid", "username", "userpseudoid", "customerid", "customer", "clientid",
        "visitorid", "reviewerid", "memberid", "accountid", "buyerid", "personid", "playerid",
        "readerid", "sessionid", "用户id", "用户",
    ),
    "item_id": (
        "itemid", "item", "iid", "productid", "product", "sku", "skuid", "parentasin", "asin",
        "articleid", "movieid", "newsid", "songid", "trackid", "artistid", "bookid", "isbn",
        "contentid", "videoid", "goodsid", "offerid", "handle", "variantsku", "id", "商品id",
        "物品id",
    ),
    "timestamp": (
        "ts", "time", "datetime", "date", "createdat", "eventtime", "eventtimestamp", "unixtime",
        "unixreviewtime", "reviewtime", "occurredat", "eventdate", "orderdate", "时间", "时间戳",
    ),
    "type": (
        "eventtype", "event", "eventname", "action", "behavior", "behaviortype", "behaviour",
        "interactiontype", "feedbacktype", "interaction", "行为类型",
    ),
    "value": ("weight", "count", "plays", "playcount", "quantity", "amount"),
    "rating": ("ratings", "stars", "overall", "score", "rate", "评分"),
    "title": (
        "name", "itemtitle", "itemname", "producttitle", "productname", "movietitle", "booktitle",
        "artistname", "trackname", "headline", "label", "标题", "名称",
    ),
    "text": (
        "description", "bodyhtml", "body", "abstract", "overview", "summary", "content", "描述",
        "简介",
    ),
    "head": ("source", "src", "from", "start", "h", "s"),
    "relation": ("rel", "property", "edgetype", "edge", "r", "p"),
    "tail": ("target", "dst", "to", "end", "t", "o", "value"),
    "entity": ("wikidataid", "wikidata", "qid", "uri", "iri", "node", "concept"),
})  # fmt: skip
"""Column of ours → names that other tools give it, likely ones first; letters and digits alone."""


def column_names(
    file_columns: Collection[str],
    kind: Kind,
    mapping: Mapping[str, str],
    file: str,
    required: Collection[str] | None = None,
) -> dict[str, str]:
    """Say which columns of a file are read, and under which name.

    A column that ``mapping`` names goes first, then one with our name, then one with an alias. A
    mapping to a name that this kind of records has not is passed over, and so is one from a column
    that the file has not where it has a column of our name.

    Args:
        file_columns: names of the columns in the file.
        kind: of the records in the file.
        mapping: name of ours → name in the file.
        file: path of the file, for errors.
        required: columns of ours that the file must have; by default those of ``kind``.

    Returns:
        Name in the file → name of ours; of items, every other column under its own name.

    Raises:
        RowError: a column is missing; the error proposes a mapping.
        TastegraphError: a mapping names one column twice.
    """
    columns = COLUMNS[kind]
    for name in file_columns:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            # polars takes such a name for a pattern of several columns.
            raise RowError(file, 1, name, name, "a column name that is no pattern: rename it")
    mapped = {
        ours: theirs
        for ours, theirs in mapping.items()
        if (ours in columns.known or (columns.open and ours not in _ALL_KNOWN))
        and (theirs in file_columns or ours not in file_columns)
    }
    names: dict[str, str] = {}
    for ours, theirs in mapped.items():
        if theirs not in file_columns:
            raise RowError(file, 1, theirs, list(file_columns), _mapped(ours, theirs, file_columns))
        if theirs in names:
            raise TastegraphError(
                f"{file}: column {theirs!r} is mapped to both {names[theirs]} and {ours}: name one"
            )
        names[theirs] = ours
    for name in file_columns:
        is_read = name in columns.known or (columns.open and name != INDEX_COLUMN)
        if is_read and name not in names and name not in mapped:
            names[name] = name
    for name in file_columns:
        ours = columns.aliases.get(name, "")
        if ours and name not in names and ours not in names.values():
            names[name] = ours
    for ours in columns.required if required is None else required:
        if not {ours, columns.instead.get(ours)} & set(names.values()):
            proposal = _proposal(ours, kind, file_columns, names)
            expected = f"a column named {ours!r} (perhaps {proposal})"
            raise RowError(file, 1, ours, sorted(file_columns), expected)
    return names


def proposed_column(ours: str, file_columns: Collection[str]) -> str | None:
    """The column of a file that is likely to be ``ours``, by its name; or ``None``."""
    plain = {plain_name(name): name for name in reversed(list(file_columns))}
    for name in (plain_name(ours), *PROPOSALS.get(ours, ())):
        if name in plain:
            return plain[name]
    close = get_close_matches(plain_name(ours), plain, 1, 0.85)
    return plain[close[0]] if close else None


def parse_mapping(arguments: Collection[str], kinds: Collection[Kind] = KINDS) -> dict[str, str]:
    """Read arguments such as ``item_id=product_id``: name of ours → name in the file.

    Raises:
        TastegraphError: one has another form, names no column of ``kinds``, or one of ours twice.
    """
    mapping: dict[str, str] = {}
    for argument in arguments:
        ours, equals, theirs = argument.partition("=")
        if not (ours and equals and theirs):
            raise TastegraphError(f"--map {argument}: write --map item_id=product_id, ours first")
        known = [name for kind in kinds for name in COLUMNS[kind].known]
        if ours not in known and not any(COLUMNS[kind].open for kind in kinds):
            raise TastegraphError(
                f"--map {argument}: there is no column {ours!r} of ours; there are "
                f"{', '.join(dict.fromkeys(known))}"
                + (f". Turn it round: --map {theirs}={ours}" if theirs in known else "")
            )
        if ours in mapping:
            raise TastegraphError(f"--map {argument}: {ours} is {mapping[ours]} already: name one")
        mapping[ours] = theirs
    return mapping


def map_option(ours: str, theirs: str) -> str:
    """The option of the command line that maps a column, quoted for a shell."""
    return f"--map {quote(f'{ours}={theirs}')}"


def _mapped(ours: str, theirs: str, columns: Collection[str]) -> str:
    close = get_close_matches(theirs, columns, 1)
    likely = close[0] if close else proposed_column(ours, columns)
    proposal = f" (perhaps {map_option(ours, likely)})" if likely else ""
    return f"a column of this name, mapped to {ours}{proposal}"


def _proposal(ours: str, kind: Kind, columns: Collection[str], names: Mapping[str, str]) -> str:
    free = [name for name in columns if names.get(name, name) == name]
    theirs = proposed_column(ours, free)
    if theirs is None and not any(map(is_usual_name, columns)):
        return f"--columns {','.join(COLUMNS[kind].required)}, if the file has no header"
    return map_option(ours, theirs or "ITS_NAME")


def is_usual_name(name: str) -> bool:
    """Whether files give this name to one of our columns."""
    return plain_name(name) in _USUAL_NAMES


def plain_name(name: str) -> str:
    """The letters and digits of a name in lower case."""
    return "".join(character for character in name.casefold() if character.isalnum())


_ALL_KNOWN = frozenset(name for kind in KINDS for name in COLUMNS[kind].known)
_USUAL_NAMES = frozenset(
    {plain_name(name) for kind in KINDS for name in (*COLUMNS[kind].known, *COLUMNS[kind].aliases)}
    | {name for names in PROPOSALS.values() for name in names if len(name) > 1}
)
