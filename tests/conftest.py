"""A small world with known answers: people of two tastes, films of two kinds."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tastegraph.cli import kg as cli_kg
from tastegraph.cli import main as cli
from tastegraph.cli import review as cli_review
from tastegraph.core.records import Event, Fact, Item
from tastegraph.store import schema
from tastegraph.store.database import Database
from tastegraph.workspace import Workspace
from tests.support.claims_hook import _claims  # noqa: F401

settings.register_profile(
    "tastegraph", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tastegraph")
"""A property holds or not, however busy the machine is that tries it."""

KINDS = {
    "western": "cowboys ride through the desert to a gunfight in a dusty frontier town",
    "space": "astronauts fly a starship to a distant planet and meet alien robots",
}
FILMS = 12
PEOPLE = 30
SETTINGS = {
    "name": "cinema",
    "model": {"epochs": 12, "dimensions": 16},
    "evaluation": {"bootstrap": 100},
    "items": {"facts": {"genre": {"relation": "genre"}}},
    "relations": {"directed_by": {"phrase": "director"}},
}


LONGEST = "test_ml100k.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file goes first, so that of several workers none waits for it in the end."""
    items.sort(key=lambda item: item.path.name != LONGEST)


def films() -> list[Item]:
    return [
        Item(f"{kind}-{k:02}", f"{kind.title()} {k}", text, {"genre": (kind,)})
        for kind, text in KINDS.items()
        for k in range(FILMS)
    ]


def facts() -> list[Fact]:
    return [
        *(
            Fact(f"item:{kind}-{k:02}", "directed_by", f"person:{kind}-{k % 4}")
            for kind in KINDS
            for k in range(FILMS)
        ),
        *(Fact(f"person:{kind}-0", "label", f"Old {kind} hand", literal=True) for kind in KINDS),
    ]


def events() -> list[Event]:
    """Each person rates eight films of the kind they like 5, and two of the other 1."""
    rng = np.random.default_rng(7)
    found = []
    for kind, other in (("western", "space"), ("space", "western")):
        for person in range(PEOPLE):
            liked = [(f"{kind}-{k:02}", 5.0) for k in rng.choice(FILMS, 8, replace=False)]
            loathed = [(f"{other}-{k:02}", 1.0) for k in rng.choice(FILMS, 2, replace=False)]
            rated = [(liked + loathed)[k] for k in rng.permutation(10)]
            found += [
                Event(f"{kind}{person}-{n}", f"{kind}-fan-{person}", item, "rating", value, 1e6 + n)
                for n, (item, value) in enumerate(rated)
            ]
    return found


@pytest.fixture(autouse=True)
def seeded() -> None:
    """What a test draws from torch's own generator is the same in every order."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(1)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a built workspace; not to be changed."""
    workspace = Workspace.init(tmp_path_factory.mktemp("world") / "cinema", SETTINGS)
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    workspace.build()
    workspace.close()
    return workspace.directory


@pytest.fixture
def cinema(built: Path, tmp_path: Path) -> Workspace:
    """A built workspace of one's own."""
    shutil.copytree(built, tmp_path / "cinema")
    return Workspace(tmp_path / "cinema")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file and give its path."""

    def _write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return _write


@dataclass
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def tastegraph(monkeypatch, capsys):
    """Run one command in this process; as at the end of one, its workspace is closed."""
    opened = []

    def _open(directory):
        opened.append(Workspace(directory))
        return opened[-1]

    monkeypatch.setattr(cli, "_open", _open)
    monkeypatch.setattr(cli_kg, "_open", _open)
    monkeypatch.setattr(cli_review, "_open", _open)
    # What 'serve' sets before NumPy is loaded would outlive it here and slow every later test.
    monkeypatch.setattr(cli, "_single_threaded_numpy", lambda: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tastegraph", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        for workspace in opened:
            workspace.close()
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "tastegraph.db", schema.metadata)
    yield made
    made.close()
