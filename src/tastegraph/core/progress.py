"""Progress of long work, shown on standard error where a person is watching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
T = TypeVar("T")

_console = Console(stderr=True)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Advance]:
    """A bar that the yielded function moves on; without a total, a running count."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=_console,
        transient=True,
        disable=not _console.is_terminal,
    )
    with bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


def counted(description: str, stream: Iterable[T]) -> Iterator[T]:
    """``stream``, with a running count of what went by."""
    with progress(description) as advance:
        for number, record in enumerate(stream, start=1):
            if number % 1000 == 0:
                advance(1000)
            yield record


def say(text: str) -> None:
    """Tell the person who is watching, on standard error."""
    _console.print(text, markup=False, highlight=False, soft_wrap=True)
