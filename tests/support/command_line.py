"""Running commands in tests: the result, small input files, and what an error looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tastegraph.workspace import Workspace


@dataclass(frozen=True)
class CommandResult:
    """Exit code and output of one command."""

    code: int
    out: str
    err: str


ITEMS = (
    "item_id,title,text,genre\nalien,Alien,a ship,horror\nheat,Heat,,crime\nfargo,Fargo,,crime\n"
)
EVENTS = (
    "user_id,item_id,rating,timestamp\nann,alien,5,100\nann,heat,2,200\nbob,fargo,4,2020-01-01\n"
)
FACTS = (
    "head,relation,tail,literal,confidence\nm.a,star,weaver,,0.5\nweaver,label,S. Weaver,true,\n"
)
LINKS = "item_id,entity_id\nalien,m.a\n"


def file_options(write: Callable[[str, str], Path]) -> list[str]:
    """Options of 'import' with one small file of each kind, which ``write`` writes."""
    files = {"items": ITEMS, "events": EVENTS, "facts": FACTS, "links": LINKS}
    return [
        word
        for name, text in files.items()
        for word in (f"--{name}", str(write(f"{name}.csv", text)))
    ]


def counts(directory: Path) -> dict[str, int]:
    """Numbers of items, facts, links, events and users of a workspace."""
    return Workspace(directory).counts()


def is_one_line_error(result: CommandResult, *words: str) -> bool:
    """Whether a command ended with code 1 and one line of error that has all ``words``."""
    assert result.code == 1
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    return all(word in result.err for word in words)
