"""Searches files for the bytes of a text, as erasure must leave none."""

from __future__ import annotations

from pathlib import Path


def files_with(mark: str, directory: Path) -> list[str]:
    """Every file below ``directory`` that holds ``mark``, as UTF-8 or UTF-16."""
    needles = [mark.encode(), mark.encode("utf-16-le")]
    return sorted(
        file.name
        for file in directory.rglob("*")
        if file.is_file() and any(needle in file.read_bytes() for needle in needles)
    )
