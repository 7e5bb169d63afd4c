"""A file of events that was taken back is forgotten by the next build, or retraining."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastegraph.data.files import Files
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.pipeline import retrain
from tastegraph.store.event_sources import forget_events
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films

LIKED = [f"western-{k:02}" for k in range(7)] + ["space-03"]


def import_file(workspace: Workspace, folder: Path) -> None:
    file = folder / "wrong.csv"
    file.write_text("user_id,item_id,type\n" + "".join(f"zoe,{item},like\n" for item in LIKED))
    files = Files([], [file], [], [])
    workspace.ingest(files.records(workspace.config, RejectedRows()))


def forget(workspace: Workspace) -> None:
    with workspace.database.writing() as connection:
        assert forget_events(connection, "wrong.csv") == len(LIKED)


@pytest.mark.slow
def test_next_build_equals_one_without_the_file(tmp_path: Path) -> None:
    """All arrays are equal to the byte, and the version that knew the file can be gone back to."""
    digests = []
    for imports_file in (False, True):
        workspace = Workspace.init(tmp_path / str(imports_file), SETTINGS)
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if imports_file:
            import_file(workspace, tmp_path)
            workspace.build()
            forget(workspace)
        version = workspace.build()
        digests.append(workspace.snapshots.manifest(version)["files"])
        assert len(workspace.snapshots.versions()) == (2 if imports_file else 1)
        workspace.close()
    assert digests[0] == digests[1]


@pytest.mark.slow
def test_retraining_after_a_file_was_forgotten_starts_from_scratch(
    cinema: Workspace, tmp_path: Path, monkeypatch
) -> None:
    fits = []
    tune_and_fit = retrain.tune_and_fit

    def recorded(*arguments):
        fits.append(tune_and_fit(*arguments))
        return fits[-1]

    import_file(cinema, tmp_path)
    forget(cinema)
    monkeypatch.setattr(retrain, "tune_and_fit", recorded)
    monkeypatch.setattr(retrain, "partial_fit", None)
    assert cinema.retrain().events == 0
    assert len(fits) == 1
