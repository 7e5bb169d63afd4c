"""Which snapshots stay: of each of the last models the newest, of the one in service a few more."""

from __future__ import annotations

from collections.abc import Mapping

MODELS = 5
"""So many models can be gone back to, however often graph and texts were made anew for each."""
DELTAS = 3
"""Snapshots of the model in service that stay, each with a graph and texts of its own."""


def superseded(models: Mapping[str, str], current: str | None) -> set[str]:
    """The versions that need not stay.

    Args:
        models: of every version, the version that its model was learned for.
        current: the one in service.
    """
    newest = {models[version]: version for version in sorted(models)}
    stay = {newest[model] for model in sorted(newest)[-MODELS:]}
    served = models.get(current or "")
    stay.update([version for version in sorted(models) if models[version] == served][-DELTAS:])
    return set(models) - stay
