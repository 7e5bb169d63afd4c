"""HTML in cells of a table, read as text.

Only what really is HTML is changed: elements of HTML, comments, and entities that HTML defines.
``a < b``, ``AT&T`` and a title such as ``<Untitled>`` stay as they are.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final

import polars as pl

BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd",
    "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "legend",
    "li", "main", "nav", "ol", "optgroup", "option", "p", "pre", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul", "video",
})  # fmt: skip
"""Elements that begin and end a line."""
INLINE: Final = frozenset({
    "a", "abbr", "acronym", "audio", "b", "base", "bdi", "bdo", "big", "button", "canvas",
    "cite", "code", "col", "colgroup", "data", "datalist", "del", "dfn", "em", "embed",
    "font", "i", "iframe", "img", "input", "ins", "kbd", "label", "link", "map", "mark",
    "meta", "meter", "noscript", "object", "output", "param", "path", "picture", "progress",
    "q", "rp", "rt", "ruby", "s", "samp", "script", "select", "small", "source", "span",
    "strike", "strong", "style", "sub", "sup", "svg", "template", "textarea", "time",
    "track", "tt", "u", "var", "wbr",
})  # fmt: skip
HIDDEN: Final = frozenset({"script", "style", "template", "head"})
"""Elements whose content is no text."""
_ELEMENTS: Final = "|".join(sorted(BLOCKS | INLINE))
_ANY_TAG: Final = rf"(?i)</?(?:{_ELEMENTS})(?:\s[^<>]*|/)?>|<!--|<!doctype\s"
# Of two ways to read attributes the first knows quoted values; neither ever looks beyond a "<",
# so that the time is proportional to the length of a cell, however hostile it is.
_TAG: Final = re.compile(
    r"""<(?:/?([A-Za-z][A-Za-z0-9]*)(?:\s(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+|/)?>"""
    r"""|/?([A-Za-z][A-Za-z0-9]*)\s[^<>]*>|!(?:doctype|DOCTYPE)\s[^<>]*>|!--)"""
)
_CLOSING_TAG: Final = re.compile(rf"(?i)</(?:{_ELEMENTS})\s*>|<br\s*/?>")
_HIDDEN: Final = tuple(
    (re.compile(rf"(?i)<{name}(?:\s[^<>]*)?>"), re.compile(rf"(?i)</{name}\s*>"))
    for name in sorted(HIDDEN)
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANKS: Final = re.compile(r"[ \t\n\r\f\v\xa0]+")


def without_html(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The same texts with HTML read as text, and Boolean: which of them had HTML.

    Args:
        cells: String; null stays null.
    """
    possible = (cells.str.contains(_ANY_TAG) | cells.str.contains(_ENTITY.pattern)).fill_null(False)
    if not possible.any():
        return cells, possible
    distinct = cells.filter(possible).unique()
    plain = pl.Series([plain_text(cell) for cell in distinct], dtype=pl.String)
    table = pl.DataFrame({"cell": distinct, "plain": plain})
    rows = pl.DataFrame({"cell": cells.filter(possible)})
    texts = cells.clone().scatter(  # scatter alone would change the caller's series
        possible.arg_true(), rows.join(table, on="cell", how="left", maintain_order="left")["plain"]
    )
    return texts, (texts != cells).fill_null(False)


def plain_text(cell: str) -> str:
    """One cell as text: tags dropped, entities decoded, blocks on lines of their own.

    Markup whose own angle brackets are entities, as feeds write it, is read too, if an element
    ends in it. Comments and hidden elements that do not end are text.
    """
    if any(_is_html(match) for match in _TAG.finditer(cell)):
        return _without_tags(cell)
    decoded = _ENTITY.sub(_decoded, cell)
    if decoded != cell and _CLOSING_TAG.search(decoded):
        return _without_tags(decoded)
    return decoded


def _without_tags(cell: str) -> str:
    cell = _without(cell, re.compile("<!--"), re.compile("-->"))
    for start, end in _HIDDEN:
        cell = _without(cell, start, end)
    text = _TAG.sub(_line_end, _BLANKS.sub(" ", cell))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _ENTITY.sub(_decoded, "\n".join(line for line in lines if line)).strip()


def _without(cell: str, start: re.Pattern[str], end: re.Pattern[str]) -> str:
    """``cell`` without what stands between each ``start`` and the next ``end``, and these."""
    pieces, position = [], 0
    while first := start.search(cell, position):
        last = end.search(cell, first.end())
        if last is None:
            break
        pieces.append(cell[position : first.start()])
        position = last.end()
    return "".join([*pieces, cell[position:]]) if pieces else cell


def _is_html(tag: re.Match[str]) -> bool:
    name = (tag[1] or tag[2] or "").lower()
    if name not in BLOCKS and name not in INLINE:
        return tag[0].startswith("<!")
    # In "a <b and c> d" the words are no attributes.
    return "=" in tag[0] or len(tag[0].split()) == 1 or tag[0].split()[1:] in (["/>"], [">"])


def _line_end(tag: re.Match[str]) -> str:
    if not _is_html(tag) or tag[0] == "<!--":
        return tag[0]
    return "\n" if (tag[1] or tag[2] or "").lower() in BLOCKS else ""


def _decoded(match: re.Match[str]) -> str:
    """The character of an entity; U+FFFD for what no text may hold, as browsers read it."""
    entity = match[0]
    if entity[1] != "#" and entity[1:] not in html5:
        return entity
    text = unescape(entity).replace("\xa0", " ")
    return "\ufffd" if text == "\0" or "\ud800" <= text <= "\udfff" else text
