"""Random numbers of the operating system, read many at a time.

One read costs half a millisecond on some machines: as much as a list of a large catalogue can
spare, and a list needs three.
"""

from __future__ import annotations

import os
from threading import local

BYTES = 4_096
"""Read at a time, by each thread."""

_of_thread = local()


def random_bytes(size: int) -> bytes:
    """``size`` bytes that nobody can foresee, at most :data:`BYTES`; thread-safe."""
    unused: bytes = getattr(_of_thread, "unused", b"")
    if len(unused) < size:
        unused = os.urandom(BYTES)
    _of_thread.unused = unused[size:]
    return unused[:size]


def random_id() -> str:
    """32 hexadecimal digits, never the same twice."""
    return random_bytes(16).hex()


def random_seed() -> int:
    """A whole number from 0 to 2³² − 1."""
    return int.from_bytes(random_bytes(4), "little")


# A process that is forked off must not give out the same numbers.
os.register_at_fork(after_in_child=lambda: _of_thread.__dict__.clear())
