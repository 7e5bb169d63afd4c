"""Small HTML tables for notebooks; every cell is escaped, since titles may be hostile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """An HTML table without scripts, styles or links.

    Args:
        columns: the header.
        rows: cells, written with ``str``; ``None`` is an empty cell, a list or tuple one line each.
        caption: above the table.
    """
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td align="right">{value:.4f}</td>'
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td align="right">{value}</td>'
    lines = value if isinstance(value, list | tuple) else ["" if value is None else value]
    return f"<td>{'<br>'.join(escape(str(line)) for line in lines)}</td>"
