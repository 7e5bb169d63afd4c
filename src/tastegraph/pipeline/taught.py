"""Language models as they were taught here, each under a name that follows from its making."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from tastegraph.text import folders
from tastegraph.text.finetune.finetuning import Report as FinetuningReport
from tastegraph.text.finetune.pretraining import Report as PretrainingReport
from tastegraph.text.folders import remove

_NAME = re.compile(r"[0-9a-f]{32}")


def kept(
    models: Path,
    source: Path,
    settings: object,
    make: Callable[[Path, Path], PretrainingReport | FinetuningReport],
) -> Path:
    """The folder in ``models`` of ``source`` taught by ``settings``; made where it is not there.

    Args:
        models: where taught models are.
        source: the model before.
        settings: all else that decides what comes out; its ``repr`` tells it apart.
        make: (into, folder of the state of an interrupted run) → what it did.
    """
    told = repr(settings).encode("utf-8", "backslashreplace")
    name = sha256(folders.fingerprint(source) + told).hexdigest()[:32]
    into = models / name
    if into.exists() and _report(into).exists():
        os.utime(_report(into))
        return into
    remove(into)
    report = make(into, models / f"{name}.state")
    _report(into).write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    return into


def report_of(model: Path) -> dict[str, Any]:
    """What teaching ``model`` did: losses, seconds, and of pre-training its quality."""
    told: dict[str, Any] = json.loads(_report(model).read_text(encoding="utf-8"))
    return told


def prune(models: Path, in_use: Collection[str], keep: int) -> None:
    """Delete all that was taught but the ``keep`` models last asked for and those ``in_use``.

    What an interrupted run left half-taught goes as well, so none may be under way. Other folders
    are not ours, and stay.
    """
    reports = sorted(models.glob("*.json"), key=lambda file: -file.stat().st_mtime_ns)
    taught = [file.stem for file in reports if _NAME.fullmatch(file.stem)]
    whole = {*in_use, *taught[:keep]}
    for path in models.glob("*"):
        name, _, rest = path.name.partition(".")
        if _NAME.fullmatch(name) and (name not in whole or rest not in ("", "json")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _report(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")
