"""What every group of commands shares: its arguments, opening a workspace, printing."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.core.config.models import checked_tuning
from tastegraph.core.durations import seconds
from tastegraph.core.languages import LANGUAGES, Language
from tastegraph.core.messages import Message

if TYPE_CHECKING:
    from tastegraph.workspace import Workspace

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="the workspace")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def _language(text: str) -> Language:
    """One of the languages of the product."""
    for language in LANGUAGES:
        if text == language:
            return language
    raise typer.BadParameter(f"{text!r} is none of {', '.join(LANGUAGES)}")


LanguageOption = Annotated[
    Language | None,
    typer.Option(
        "--lang",
        parser=_language,
        metavar="|".join(LANGUAGES),
        help="of what is printed; by default the workspace's",
    ),
]


def open_workspace(directory: Path) -> Workspace:
    """The workspace in ``directory``; its packages are imported only now."""
    from tastegraph.workspace import Workspace

    return Workspace(directory)


def single_threaded_numpy() -> None:
    """One request is too small to share among threads; set before NumPy is imported."""
    import os

    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def print_line(text: str) -> None:
    """Print a line; characters that the terminal cannot show are replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))


def print_message(language: Language, key: str, /, **parameters: object) -> None:
    """Print a message of the catalogue."""
    print_line(Message(key, **parameters).text(language))


def right_aligned(text: str, width: int) -> str:
    """``text`` at the right end of ``width`` columns, of which a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "FW" else 1 for character in text)
    return " " * (width - columns) + text


def duration(text: str) -> float:
    """``90``, ``90s``, ``10m`` or ``1.5h`` in seconds."""
    try:
        return seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def tuning(text: str) -> str:
    """How long choosing may take, as ``[model] tune`` says it."""
    try:
        return checked_tuning(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
