"""What can still be read in a database file where no row stands.

SQLite overwrites what it deletes (``secure_delete``), but for one thing: where a page is divided or
joined, rows move to another page, and copies of them stay in its gap, the unused bytes between its
list of cells and the cells (https://www.sqlite.org/fileformat.html#b_tree_pages).
"""

from __future__ import annotations

import os
from pathlib import Path

_HEADER = {2: 12, 5: 12, 10: 8, 13: 8}
"""First byte of a b-tree page → size of its header; pages of other kinds begin with 0 or 1."""
_AT_ONCE = 1024
_open: dict[tuple[int, int], int] = {}


def left_over(path: Path, text: bytes) -> bool:
    """Whether ``text`` stands in a gap of the file, which nobody may write meanwhile.

    What stands in rows is not looked at: a short id is part of many.
    """
    file = _descriptor(path)
    told = int.from_bytes(os.pread(file, 2, 16), "big")
    size = 65536 if told == 1 else told
    start = 0
    while pages := os.pread(file, _AT_ONCE * size, start):
        at = pages.find(text)
        while at >= 0:
            page = at // size * size
            header = page + 100 if start + page == 0 else page
            if pages.find(text, *_gap(pages, page, header)) >= 0:
                return True
            at = pages.find(text, page + size)
        start += len(pages)
    return False


def _gap(pages: bytes, page: int, header: int) -> tuple[int, int]:
    """Where the gap of the page at ``page`` begins and ends in ``pages``; empty where it has none.

    Args:
        header: where the page's own header is.
    """
    size = _HEADER.get(pages[header])
    if size is None:
        return page, page
    cells = int.from_bytes(pages[header + 3 : header + 5], "big")
    first = int.from_bytes(pages[header + 5 : header + 7], "big") or 65536
    return header + size + 2 * cells, page + first


def _descriptor(path: Path) -> int:
    """The file, open for as long as this process lives.

    To close any descriptor of a file gives back all locks that the process has on it
    (https://www.sqlite.org/howtocorrupt.html, section 2.2): another process that closes the
    database would take itself for the last, and remove the log while it is in use here.
    """
    told = path.stat()
    key = (told.st_dev, told.st_ino)
    if key not in _open:
        _open[key] = os.open(path, os.O_RDONLY)
    return _open[key]
