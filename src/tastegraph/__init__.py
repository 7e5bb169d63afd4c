"""Personal recommendation from a knowledge graph, language models and a graph network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tastegraph.core.records import Event, Fact, Item, Link
    from tastegraph.evaluation.evaluate import evaluate
    from tastegraph.models.dataset import Dataset
    from tastegraph.models.estimators import Hybrid
    from tastegraph.workspace import Workspace, open_workspace

__version__ = "0.1.0"

_EXPORTS = {
    "Dataset": "tastegraph.models.dataset",
    "Event": "tastegraph.core.records",
    "Fact": "tastegraph.core.records",
    "Hybrid": "tastegraph.models.estimators",
    "Item": "tastegraph.core.records",
    "Link": "tastegraph.core.records",
    "Workspace": "tastegraph.workspace",
    "evaluate": "tastegraph.evaluation.evaluate",
    "models": "tastegraph.models",
    "open_workspace": "tastegraph.workspace",
}
"""Public name to the module that defines it, or that it is; imported when first used."""

_ALIASES = {"open": "open_workspace"}
"""Names of earlier versions, which still work."""

__all__ = [
    "Dataset", "Event", "Fact", "Hybrid", "Item", "Link", "Workspace", "__version__", "evaluate",
    "models", "open_workspace",
]  # fmt: skip


def __getattr__(name: str) -> object:
    public = _ALIASES.get(name, name)
    if public not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_EXPORTS[public])
    return module if module.__name__ == f"{__name__}.{public}" else getattr(module, public)


def __dir__() -> list[str]:
    return sorted([*globals(), *_EXPORTS, *_ALIASES])
