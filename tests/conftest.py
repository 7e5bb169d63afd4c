"""Fixtures that tests of several packages share."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tastegraph.cli import kg as cli_kg
from tastegraph.cli import main as cli
from tastegraph.cli import review as cli_review
from tastegraph.cli import terminal
from tastegraph.store import schema
from tastegraph.store.database import Database
from tastegraph.text import encoder
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films
from tests.support.claims_hook import _claims  # noqa: F401
from tests.support.command_line import CommandResult

settings.register_profile(
    "tastegraph", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tastegraph")
"""No deadline: a busy machine must not fail a property test."""

LONGEST_FILE = "test_ml100k.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest file first, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.path.name != LONGEST_FILE)


@pytest.fixture(autouse=True, scope="session")
def no_shared_vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests share no vectors with the workspaces of whoever runs them."""
    file = tmp_path_factory.mktemp("shared") / "vectors.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoder, "shared_cache_file", lambda: file)
        yield


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Seed torch's global generator, so that the order of tests changes nothing."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(1)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the built cinema workspace; tests must not change it."""
    workspace = Workspace.init(tmp_path_factory.mktemp("built") / "cinema", SETTINGS)
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    workspace.build()
    workspace.close()
    return workspace.directory


@pytest.fixture
def cinema(built: Path, tmp_path: Path) -> Workspace:
    """A copy of the built cinema workspace, which the test may change."""
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


@pytest.fixture
def tastegraph(monkeypatch, capsys):
    """Run one command of the command line in this process, and close its workspace after it."""
    opened = []

    def _open(directory):
        opened.append(Workspace(directory))
        return opened[-1]

    monkeypatch.setattr(terminal, "open_workspace", _open)
    monkeypatch.setattr(cli_kg, "_open", _open)
    monkeypatch.setattr(cli_review, "_open", _open)
    # What 'serve' sets before NumPy is loaded would outlive it here and slow every later test.
    monkeypatch.setattr(terminal, "single_threaded_numpy", lambda: None)

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
        return CommandResult(code, captured.out, captured.err)

    return run


@pytest.fixture
def shop(tastegraph, tmp_path):
    """The directory of an empty workspace."""
    assert tastegraph("init", tmp_path / "shop").code == 0
    return tmp_path / "shop"


@pytest.fixture
def database(tmp_path):
    """An empty database with the workspace's tables."""
    database = Database(tmp_path / "tastegraph.db", schema.metadata)
    yield database
    database.close()
