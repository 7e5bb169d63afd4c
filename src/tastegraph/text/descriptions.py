"""Descriptions of items at rest: a JSON file, item id to text, that people may write as well."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import Item
from tastegraph.store.locks import held
from tastegraph.text.verbal import clean

FILE = "descriptions.json"
"""Where a workspace has what its language model said of items."""
LONGEST = 600
"""Characters of a description."""
PATIENCE = 5.0


def read_descriptions(path: Path) -> dict[str, str]:
    """Item id → description, of a JSON file that maps ids to texts.

    Raises:
        NotFoundError: there is no such file.
        RowError: it is no JSON object of strings, or names an id twice.
    """
    return {item_id: text for item_id, said in _told(path).items() if (text := bounded(said))}


def with_descriptions(items: Iterable[Item], descriptions: Mapping[str, str]) -> Iterator[Item]:
    """``items``, each with its description after its own text."""
    for item in items:
        said = descriptions.get(item.item_id)
        yield replace(item, text=f"{item.text} {said}".strip()) if said else item


def write_descriptions(path: Path, descriptions: Mapping[str, str]) -> None:
    """Write item id → text, sorted by id; after a crash the file is the old or the new one."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(dict(sorted(descriptions.items())), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def change_descriptions(path: Path, change: Callable[[dict[str, str]], Mapping[str, str]]) -> None:
    """Read, change and write what there is, while nobody else does; what is not changed stays.

    Raises:
        RowError: as :func:`read_descriptions`.
        BusyError: somebody else has been doing so for five seconds.
    """
    busy = Message("busy.descriptions", file=path)
    with held(path.with_suffix(".lock"), busy, PATIENCE):
        before = _told(path) if path.exists() else {}
        now = change(dict(before))
        if now != before:
            write_descriptions(path, now)


def _told(path: Path) -> dict[str, str]:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            if key in found:
                raise RowError(str(path), 1, key, value, "every item id once")
            found[key] = value
        return found

    try:
        told = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFoundError(f"{path} does not exist: name a JSON file of descriptions") from None
    except (ValueError, RecursionError) as error:
        raise RowError(str(path), 1, None, str(error), "JSON") from None
    if not isinstance(told, dict):
        raise RowError(str(path), 1, None, type(told).__name__, "an object: item id to text")
    for item_id, text in told.items():
        if not isinstance(text, str):
            raise RowError(str(path), 1, item_id, text, "a text")
    return told


def bounded(text: str) -> str:
    """``text`` cleaned, on one line, cut at a word where it is longer than :data:`LONGEST`."""
    text = clean(text)
    if len(text) <= LONGEST:
        return text
    kept, _, _ = text[:LONGEST].rpartition(" ")
    return f"{kept or text[: LONGEST - 1]}…"
