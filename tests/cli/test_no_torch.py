"""Commands that only look, and a build of an empty workspace, import no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tastegraph.workspace import Workspace
from tests.support import serving_world

LOOKS = [
    ["info"], ["info", "--user", "western-1"], ["info", "--item", "western-1"],
    ["recommend", "western-1"], ["recommend", "western-1", "--explain"],
    ["recommend", "nobody", "--json"], ["recommend", "--history", "space-1,space-2"],
    ["explain", "western-1", "western-0"], ["feedback"], ["feedback", "--json"],
    ["models", "list"], ["models", "list", "--json"],
    ["events", "sources"],
    ["kg", "stats"], ["kg", "stats", "--json"], ["kg", "sources"], ["kg", "review"],
    ["kg", "decisions"], ["kg", "query", "SELECT * WHERE { ?s ?p ?o } LIMIT 3"],
    ["kg", "export", "FILE.nt"], ["kg", "validate", "FILE.ttl"],
    ["kg", "derive", "language model", "--dry-run"], ["describe", "--dry-run"],
]  # fmt: skip
"""Commands and their arguments but the directory, which comes after the command's name."""
GROUPS = {"events", "kg", "models"}

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:s> a sh:NodeShape ; sh:targetClass <urn:c> ; sh:property [ sh:path <urn:p> ; sh:minCount 1 ] .
"""
PROGRAM = """
import json, sys
from pathlib import Path
from typer.testing import CliRunner
from tastegraph.cli.main import app

directory, looks = sys.argv[1], json.loads(sys.argv[2])
for words in looks:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (words, done.output, done.exception)
    heavy = sorted({"torch", "transformers", "torch_geometric"} & set(sys.modules))
    assert not heavy, (words, heavy)
print(len(looks), "looks")
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a snapshot, whose store holds items and facts too."""
    from tastegraph.workspace import Workspace

    directory = tmp_path_factory.mktemp("looks") / "world"
    endpoint = {"endpoint": "http://127.0.0.1:9/v1", "model": "none"}
    workspace = Workspace.init(directory, {"llm": endpoint})
    (directory / "FILE.ttl").write_text(SHAPES)
    serving_world.open_engine(directory).close()
    workspace.ingest(items=serving_world.ITEMS, facts={"world": serving_world.FACTS})
    workspace.close()
    return directory


@pytest.mark.slow
def test_no_command_that_only_looks_imports_torch(world: Path) -> None:
    def line(words: list[str]) -> list[str]:
        n_names = 2 if words[0] in GROUPS else 1
        rest = [str(world / word) if word.startswith("FILE") else word for word in words[n_names:]]
        return [*words[:n_names], str(world), *rest]

    lines = json.dumps([line(words) for words in LOOKS] + [["datasets", "list"]])
    command = [sys.executable, "-c", PROGRAM, str(world), lines]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{len(LOOKS) + 1} looks" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [False, True])
def test_build_of_an_empty_workspace_says_so_without_torch(shop, tmp_path, recorded) -> None:
    """With no database yet, and with one that holds nothing."""
    if recorded:
        workspace = Workspace(shop)
        workspace.record([])
        workspace.close()
    code = (
        "import sys; from tastegraph.cli import main as cli\n"
        f"sys.argv = ['tastegraph', 'build', {str(shop)!r}]\n"
        "try: cli.main()\n"
        "finally: print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "False\n")
    assert "run 'tastegraph import' first" in done.stderr
    assert done.stderr.count("\n") == 1
