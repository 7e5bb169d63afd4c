"""Checkpoints of a training run: safetensors and JSON, complete or absent, never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from tastegraph.core.progress import say
from tastegraph.text.folders import complete_or_absent, possible_places

OPTIMISER_STATE = ("step", "exp_avg", "exp_avg_sq")
"""Of AdamW for a parameter, from its first gradient on."""
STATE, MANIFEST = "state.safetensors", "checkpoint.json"
"""Files of a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """The manifest of a checkpoint.

    Attributes:
        identity: of the run that wrote it.
        steps: that the run had done.
    """

    identity: str
    steps: int


def save(
    folder: Path,
    checkpoint: Checkpoint,
    trained: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> None:
    """Replace the checkpoint in ``folder``; a process killed meanwhile leaves a complete one.

    Args:
        folder: of the checkpoint.
        checkpoint: its manifest.
        trained: the parameters that are trained, by name.
        optimiser: AdamW over them.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in trained.items():
        tensors[name] = parameter.detach().cpu().contiguous()
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}:{name}"] = value.cpu().contiguous()
    with complete_or_absent(folder) as new:
        save_file(tensors, new / STATE)
        manifest = asdict(checkpoint) | {"sha256": _digest(new / STATE)}
        (new / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def resume(
    folder: Path,
    identity: str,
    trained: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> int:
    """Load the checkpoint in ``folder`` into ``trained`` and ``optimiser``.

    A process that is killed between the two renames of :func:`save` leaves a complete checkpoint
    under another name, which is looked up as well. The user is warned of a checkpoint that is
    damaged, or of another run or model, and it is not used.

    Returns:
        The number of steps done; 0 where there is no checkpoint of this run.
    """
    for place in possible_places(folder):
        if not place.is_dir():
            continue
        try:
            checkpoint, tensors = _read(place, identity)
            _check(tensors, trained)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            say(f"warning: the checkpoint in {place} is not used: {error}")
            continue
        with torch.no_grad():
            for name, parameter in trained.items():
                parameter.copy_(tensors[name])
                if f"step:{name}" in tensors:
                    optimiser.state[parameter] = {
                        "step": tensors[f"step:{name}"],
                        **{
                            k: tensors[f"{k}:{name}"].to(parameter.device)
                            for k in OPTIMISER_STATE[1:]
                        },
                    }
        return checkpoint.steps
    return 0


def _read(folder: Path, identity: str) -> tuple[Checkpoint, dict[str, Tensor]]:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    checkpoint = Checkpoint(str(manifest["identity"]), int(manifest["steps"]))
    if checkpoint.identity != identity:
        raise ValueError("it is of a run with other texts, settings or weights")
    if _digest(folder / STATE) != manifest["sha256"]:
        raise ValueError(f"{STATE} is damaged")
    return checkpoint, load_file(folder / STATE)


def _check(tensors: Mapping[str, Tensor], trained: Mapping[str, nn.Parameter]) -> None:
    """Raise ``ValueError`` unless every tensor belongs to a parameter and has its shape."""
    known = set()
    for name, parameter in trained.items():
        has_state = f"step:{name}" in tensors
        keys = [name, *(f"{key}:{name}" for key in OPTIMISER_STATE[1:] if has_state)]
        if any(key not in tensors or tensors[key].shape != parameter.shape for key in keys):
            raise ValueError(f"it is of another model: {name} differs")
        known |= {*keys, *([f"step:{name}"] if has_state else [])}
    if extra := set(tensors) - known:
        raise ValueError(f"it is of another model, with {min(extra)}")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()
