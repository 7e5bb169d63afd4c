"""docs/api.md runs as it stands, and so does the example of a comparison."""

import doctest
import runpy
from pathlib import Path

import polars as pl
import pytest

from tastegraph.core.errors import AssetError
from tastegraph.data import downloads
from tests.support import cinema

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
MOVIELENS = "## Ten lines on MovieLens-100K"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(text: str, names: dict[str, object]) -> None:
    """Run the examples of a part of the page; the marks of code blocks are no output."""
    lines = ["" if line.startswith("```") else line for line in text.splitlines()]
    test = doctest.DocTestParser().get_doctest("\n".join(lines), names, "api.md", "api.md", 0)
    assert test.examples
    report: list[str] = []
    with pl.Config(tbl_width_chars=100):
        results = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    assert not results.failed, "".join(report)


def parts() -> tuple[str, str]:
    """The part on MovieLens-100K, and all other parts."""
    before, after = PAGE.split(MOVIELENS)
    movielens, _, rest = after.partition("\n## ")
    return movielens, f"{before}\n## {rest}"


@pytest.mark.slow
def test_the_examples_run():
    run(parts()[1], {})


@pytest.mark.slow
def test_ten_lines_on_movielens_run(tmp_path):
    try:
        downloads.find("ml-100k")
    except AssetError as error:
        pytest.skip(f"MovieLens-100K cannot be had: {error}")
    run(parts()[0], {"directory": tmp_path})


def test_the_example_compares_models(tmp_path, capsys):
    events = cinema.events()
    frame = pl.DataFrame({
        "user_id": [event.user_id for event in events],
        "item_id": [event.item_id for event in events],
        "rating": [event.value for event in events],
        "timestamp": [event.timestamp for event in events],
    })  # fmt: skip
    frame.write_csv(tmp_path / "events.csv")
    example = runpy.run_path(str(ROOT / "examples" / "compare_models.py"))
    pytest.importorskip("matplotlib").use("agg")
    example["main"]([str(tmp_path / "events.csv"), "--plot", str(tmp_path / "slices.svg")])
    output = capsys.readouterr().out
    assert [line.split("  ")[0] for line in output.splitlines()[1:5]] == [
        "Markov chain", "Popularity", "ItemKNN", "EASE",
    ]  # fmt: skip
    assert "of 60 users" in output
    assert (tmp_path / "slices.svg").read_text().startswith("<?xml")
