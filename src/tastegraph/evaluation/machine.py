"""On what machine something was measured."""

from __future__ import annotations

import platform
from pathlib import Path

_CPUS = Path("/proc/cpuinfo")


def machine() -> dict[str, str]:
    """Python's version, and how many processors of which kind there are."""
    lines = _CPUS.read_text(encoding="utf-8").splitlines() if _CPUS.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    cpu = f"{len(models)} × {models[0]}" if models else platform.processor()
    return {"python": platform.python_version(), "cpu": cpu}
