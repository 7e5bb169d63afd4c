"""The command line as a whole: help, errors, missing workspaces."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

from tastegraph.cli import main as cli
from tests.support.command_line import CommandResult, file_options, is_one_line_error

COMMAND = [sys.executable, "-c", "from tastegraph.cli.main import main; main()"]


def processor_seconds(command):
    """The processor time of a command; other work of the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.slow
def test_help_takes_less_than_half_a_second():
    """Beside its parser alone, in processor time."""
    typer_alone, help_command = (
        min(processor_seconds(command) for _ in range(5))
        for command in ([sys.executable, "-c", "import typer"], [*COMMAND, "--help"])
    )
    assert help_command < 0.5 + typer_alone


def test_help_imports_neither_torch_nor_numpy():
    code = (
        "import sys; from tastegraph.cli import main as cli\n"
        "sys.argv = ['tastegraph', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print('imported', sorted({'torch', 'numpy', 'sqlalchemy', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "imported []" in done.stdout
    for verb in ("init", "import", "build", "evaluate", "recommend", "serve", "datasets"):
        assert verb in done.stdout


@pytest.mark.slow
def test_every_command_has_help(tastegraph):
    for command in cli.app.registered_commands:
        name = (command.name or command.callback.__name__).strip("_")
        done = tastegraph(name, "--help")
        assert done.code == 0, name
        assert "Usage" in done.out


def test_unknown_command_is_an_error(tastegraph):
    assert tastegraph("recomend").code == 2


@pytest.mark.parametrize(
    "command",
    [
        ["info", "DIR"],
        ["build", "DIR"],
        ["import", "DIR", "--events", "nothing.csv"],
        ["evaluate", "DIR"],
        ["recommend", "DIR", "ann"],
        ["explain", "DIR", "ann", "alien"],
        ["record", "DIR", "--events", "nothing.csv"],
        ["serve", "DIR"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_names_a_missing_workspace(tastegraph, tmp_path, command):
    nowhere = tmp_path / "nowhere"
    done = tastegraph(*(nowhere if word == "DIR" else word for word in command))
    assert is_one_line_error(done, "tastegraph init", str(nowhere))
    assert not nowhere.exists()


@pytest.mark.slow
def test_process_ends_with_one_line_of_error_and_code_1(tmp_path):
    done = subprocess.run(
        [*COMMAND, "info", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert is_one_line_error(
        CommandResult(done.returncode, done.stdout, done.stderr), "tastegraph init"
    )


def test_misspelt_config_key_is_an_error_that_names_it(tastegraph, shop):
    (shop / "tastegraph.toml").write_text('name = "shop"\n[model]\nepocs = 3\n', encoding="utf-8")
    assert is_one_line_error(tastegraph("info", shop), "model.epocs", "tastegraph.toml")


def test_commands_before_import_and_build_say_what_to_do(tastegraph, shop, write):
    assert "none yet" in tastegraph("info", shop).out
    assert is_one_line_error(tastegraph("build", shop), "run 'tastegraph import' first")
    assert is_one_line_error(tastegraph("import", shop), "nothing to import")
    assert is_one_line_error(tastegraph("recommend", shop, "ann"), "run 'tastegraph build'")
    tastegraph("import", shop, *file_options(write))
    assert is_one_line_error(tastegraph("recommend", shop, "ann"), "run 'tastegraph build'")
    assert "none yet" in tastegraph("info", shop).out


def test_characters_that_the_terminal_cannot_show_are_replaced():
    code = "from tastegraph.cli import terminal; terminal.print_line('日本 → ok')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"?? ? ok\n"
