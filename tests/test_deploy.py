"""The files in ``deploy/``: their commands exist, and the programs that read them accept them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from tastegraph.cli.main import app

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("tastegraph*"))


def command_lines() -> list[list[str]]:
    """The arguments of ``tastegraph`` in units and in the container file."""
    lines = []
    for unit in DEPLOY.glob("*.service"):
        (line,) = re.findall(r"^ExecStart=/\S+/tastegraph (.*)$", unit.read_text(), re.MULTILINE)
        lines.append(shlex.split(line))
    (line,) = re.findall(r"^CMD \[(.*)\]$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    lines.append([word.strip().strip('"') for word in line.split(",")])
    return lines


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_commands_take_these_options(words: list[str]) -> None:
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    context = command.make_context(words[0], words[1:])
    assert context.params["directory"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_units(unit: str, tmp_path: Path) -> None:
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/tastegraph/bin/tastegraph", "/bin/true")
        (tmp_path / name).write_text(text)
    command = ["systemd-analyze", "verify", str(tmp_path / unit)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert str(tmp_path) not in result.stderr, result.stderr


@pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")), reason="nginx is not installed"
)
def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=a",
         "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("/etc/nginx/tls", str(tmp_path)).replace("tastegraph:8000", "127.0.0.1:1")
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\n{text}")
    result = subprocess.run(["nginx", "-t", "-c", file], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
