"""The README in both languages: the same commands, tables and figures; samples that work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from pathlib import Path

import click
import pytest
from typer.main import get_command

from tastegraph.cli.main import app
from tastegraph.core.config import Config
from tastegraph.data.events import read_events
from tastegraph.data.items import read_items
from tastegraph.data.rejected_rows import RejectedRows

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE, RESULTS, COMMANDS = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "README.zh.md", "docs/results.md", "docs/commands.md")
)
_CJK = "[\u3400-\u9fff]"


def blocks(text: str) -> list[str]:
    """What stands indented by four spaces, block by block."""
    groups: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("    "):
            groups[-1].append(line[4:])
        elif line:
            groups.append([])
        else:
            groups[-1].append("")
    return [block for lines in groups if (block := "\n".join(lines).strip())]


def commands(text: str) -> list[str]:
    """The commands, without people and comments, sorted."""
    lines = [line for block in blocks(text) for line in block.splitlines()]
    verbs = [re.match(r"(make \w+|tastegraph (?:(?:kg|models) )?\w+)", line) for line in lines]
    return sorted(verb[1] for verb in verbs if verb)


def figures(text: str) -> list[str]:
    """The rows of the results: set, metric, mean, interval, best published figure."""
    row = re.compile(r"(\| [\w-]+ \| \w+(@\d+)? \| \d.*?\|.*?\|.*?\|).*")
    return [match[1] for line in text.splitlines() if (match := row.fullmatch(line))]


def measured(text: str) -> set[str]:
    """Every figure of a measurement in running prose: .0699, p = .003."""
    return set(re.findall(r"(?<![\w.])\.\d+", text))


def test_both_have_the_same_commands() -> None:
    assert commands(ENGLISH) == commands(CHINESE)
    assert len(commands(ENGLISH)) > 8


def test_both_have_the_same_figures() -> None:
    assert figures(ENGLISH) == figures(CHINESE)
    assert len(figures(ENGLISH)) > 8
    assert set(figures(ENGLISH)) <= set(figures(RESULTS))
    assert measured(ENGLISH) == measured(CHINESE)


def test_both_name_the_same_documents() -> None:
    links = [
        {target.replace("README.zh.md", "README.md") for target in re.findall(r"\]\((.*?)\)", text)}
        for text in (ENGLISH, CHINESE)
    ]
    assert links[0] - links[1] == set()
    for target in links[0] | links[1]:
        assert (ROOT / target).exists(), target


def test_the_configuration_of_the_sample_can_be_read() -> None:
    (sample,) = (block for block in blocks(CHINESE) if "[events]" in block)
    config = Config.model_validate(tomllib.loads(sample))
    assert config.text.encoder == "multilingual-e5-small"
    assert config.serving.language == "zh"


def test_the_chinese_sample_can_be_imported(tmp_path: Path) -> None:
    items, events = tmp_path / "items.csv", tmp_path / "events.csv"
    for file, head in ((items, "item_id,title"), (events, "user_id,item_id")):
        (block,) = (block for block in blocks(CHINESE) if block.startswith(head))
        file.write_text(block + "\n", encoding="utf-8")
    with RejectedRows("raise") as rejects:
        ids = {item_id for frame in read_items(items, rejects) for item_id in frame["item_id"]}
        assert {event.item_id for event in read_events(events, rejects)} <= ids


def test_the_chinese_one_is_set_as_chinese_is() -> None:
    """Its own punctuation, a space between Chinese and Latin, no line broken within a sentence."""
    prose = [line for line in CHINESE.splitlines() if not line.startswith(("    ", "|", "!"))]
    for line in prose:
        bare = re.sub(r"`[^`]*`|\]\([^)]*\)|\*\*?", "", line)
        assert not re.search(f"{_CJK}[,;:!?()]|[,;:!?]{_CJK}", bare), line
        assert not re.search(f"{_CJK}[A-Za-z0-9]|[A-Za-z0-9]{_CJK}", bare), line
        assert not re.search("[「」『』]", bare), line
    for line, after in pairwise(prose):
        broken = re.search(f"{_CJK}$", line) and re.match(_CJK, after)
        assert not broken, line


@pytest.mark.parametrize("word", ["近因", "在役", "关口", "门限", "早 32", "教它"])
def test_words_that_no_chinese_engineer_uses_are_gone(word: str) -> None:
    assert word not in CHINESE


def test_every_command_is_documented() -> None:
    """docs/commands.md is made by `make docs`; how typer sets it differs between its versions."""
    documented = set(re.findall(r"## `(tastegraph[\w -]*)`", COMMANDS))
    described = dict(command_helps(get_command(app), "tastegraph"))
    assert documented == set(described)
    text = unescape(COMMANDS)
    outdated = {
        name for name, lines in described.items() if any(line not in text for line in lines)
    }
    assert not outdated, "run make docs"


def test_options_have_their_own_names() -> None:
    """Some versions of typer write a placeholder in the place of a name: `--ITEM ITEM`."""
    sections = re.split(r"^#+ `(tastegraph[\w -]*)`$", COMMANDS, flags=re.MULTILINE)
    documented = {
        name: {
            option
            for line in re.findall(r"^\* `(.*?)`", text, flags=re.MULTILINE)
            for option in re.findall(r"(?<![\w-])--[\w-]+", line)
        }
        for name, text in zip(sections[1::2], sections[2::2], strict=True)
    }
    own = {
        name: {"--help"}.union(
            option
            for parameter in command.params
            if not getattr(parameter, "hidden", False)
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("--")
        )
        for name, command in commands_below(get_command(app), "tastegraph")
    }
    wrong = {name: documented[name] ^ names for name, names in own.items()}
    assert not {name: names for name, names in wrong.items() if names}, "run make docs"


def command_helps(command: click.Command, name: str) -> Iterator[tuple[str, list[str]]]:
    """Every command below ``name`` that is not hidden, and the lines of its help."""
    for path, below in commands_below(command, name):
        yield path, (below.help or "").splitlines()


def commands_below(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below ``name`` that is not hidden."""
    for child, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield f"{name} {child}", below
            yield from commands_below(below, f"{name} {child}")


def test_files_that_the_documentation_names_exist() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    missing = {
        f"{page.name}: {path}"
        for page in pages
        if page.name != "CHANGELOG.md"
        for path in re.findall(r"`([\w./-]+/[\w-]+\.(?:py|json|toml))`", page.read_text("utf-8"))
        if not path.startswith("shop/")
        and not any((folder / path).exists() for folder in (ROOT, ROOT / "src" / "tastegraph"))
    }
    assert not missing
