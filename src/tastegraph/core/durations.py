"""Durations as people write them: ``90``, ``90s``, ``10m``, ``1.5h``."""

from __future__ import annotations

import re

DAY = 86_400.0
"""Seconds of a day."""
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """The seconds of a duration; one without a unit is in seconds.

    Raises:
        ValueError: it is no duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration: try 90s, 10m or 1.5h")
    return float(match[1]) * _SECONDS[match[2]]
