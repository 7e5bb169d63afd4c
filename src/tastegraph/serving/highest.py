"""What the kept snapshots had been told of, also those that were taken out of service."""

from __future__ import annotations

from contextlib import suppress

from tastegraph.core.errors import NotFoundError, SnapshotError
from tastegraph.store.snapshots import Snapshots


class Highest:
    """The most of something that any kept snapshot knew of when it was made.

    What is in service may have been rolled back to. What came before the version that was taken
    back made that version, and would make it again.

    Args:
        what: a number in manifests that grows, such as ``"learned_until"``.
    """

    def __init__(self, what: str) -> None:
        self._what, self._known = what, dict[str, int]()

    def among(self, snapshots: Snapshots) -> int:
        """Of all snapshots that are there now; each manifest is read once."""
        self._known = {
            version: self._known[version]
            if version in self._known
            else self._of(snapshots, version)
            for version in snapshots.versions()
        }
        return max(self._known.values(), default=0)

    def _of(self, snapshots: Snapshots, version: str) -> int:
        with suppress(NotFoundError, SnapshotError):
            return int(snapshots.manifest(version).get(self._what, 0))
        return 0
