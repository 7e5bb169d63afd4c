"""Progress bars and notices on standard error; bars only if that is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
Element = TypeVar("Element")

_console = Console(stderr=True)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar, or without a total a running count, that the yielded function advances."""
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


def counted(description: str, stream: Iterable[Element]) -> Iterator[Element]:
    """Yield the elements of ``stream`` and show their running count."""
    with progress(description) as advance:
        for number, record in enumerate(stream, start=1):
            if number % 1000 == 0:
                advance(1000)
            yield record


def say(text: str) -> None:
    """Print a notice to standard error."""
    _console.print(text, markup=False, highlight=False, soft_wrap=True)
