"""What learning needs and serving does not."""

from __future__ import annotations

import os
from importlib.util import find_spec

from tastegraph.core.errors import TastegraphError


def need_torch() -> None:
    """To be called before anything that learns is imported.

    Raises:
        TastegraphError: torch or torch-geometric is not installed.
    """
    if find_spec("torch") is None or find_spec("torch_geometric") is None:
        raise TastegraphError("building needs torch: pip install 'tastegraph[train]'")
    # Before torch is loaded: threads that wait by spinning starve every other process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
