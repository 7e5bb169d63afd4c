"""The state of a training run at rest: whole or not at all, without pickle."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tastegraph.progress import say

MOMENTS = ("exp_avg", "exp_avg_sq")
STATE, MANIFEST = "state.safetensors", "checkpoint.json"


@dataclass(frozen=True)
class Checkpoint:
    """Which run a state belongs to, and how many steps it has behind it."""

    identity: str
    steps: int


def save(
    folder: Path,
    checkpoint: Checkpoint,
    trained: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> None:
    """Write beside the state that is there, flush, and take its place."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in trained.items():
        tensors[name] = parameter.detach().cpu().contiguous()
        for moment in MOMENTS:
            tensors[f"{moment}:{name}"] = optimiser.state[parameter][moment].cpu().contiguous()
    new, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    save_file(tensors, new / STATE)
    manifest = asdict(checkpoint) | {"sha256": _digest(new / STATE)}
    (new / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    for file in (new / STATE, new / MANIFEST):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def resume(
    folder: Path,
    identity: str,
    trained: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> int:
    """Put the state in ``folder`` into ``trained`` and ``optimiser``.

    A process killed between the two renames of :func:`save` leaves a whole state under another
    name; it is found there. A damaged state is told of and not used.

    Returns:
        The steps it has behind it; 0 where there is no state of this run.
    """
    for place in (folder, folder.with_name(folder.name + ".new"),
                  folder.with_name(folder.name + ".old")):  # fmt: skip
        found = _read(place, identity)
        if found is None:
            continue
        checkpoint, tensors = found
        if not _fits(tensors, trained):
            say(f"warning: the checkpoint in {place} is of another model: starting anew")
            continue
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(tensors[name])
                optimiser.state[parameter] = {
                    "step": torch.tensor(float(checkpoint.steps)),
                    **{m: tensors[f"{m}:{name}"].to(parameter.device) for m in MOMENTS},
                }
        return checkpoint.steps
    return 0


def _read(folder: Path, identity: str) -> tuple[Checkpoint, dict[str, Tensor]] | None:
    if not folder.is_dir():
        return None
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        checkpoint = Checkpoint(str(told["identity"]), int(told["steps"]))
        if checkpoint.identity != identity:
            return None
        if _digest(folder / STATE) != told["sha256"]:
            raise ValueError(f"{STATE} is not what was saved")
        return checkpoint, load_file(folder / STATE)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        say(f"warning: the checkpoint in {folder} is damaged and not used: {error}")
        return None


def _fits(tensors: Mapping[str, Tensor], trained: Mapping[str, nn.Parameter]) -> bool:
    keys = {*trained, *(f"{moment}:{name}" for moment in MOMENTS for name in trained)}
    return set(tensors) == keys and all(
        tensors[name].shape == parameter.shape for name, parameter in trained.items()
    )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()
