"""Personal recommendation from a knowledge graph, language models and a graph network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tastegraph.workspace import Workspace

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(directory: str | Path) -> Workspace:
    """Open the workspace in ``directory``.

    Raises:
        ConfigError: there is no workspace there, or its ``tastegraph.toml`` is wrong.
    """
    from tastegraph.workspace import Workspace

    return Workspace(Path(directory))
