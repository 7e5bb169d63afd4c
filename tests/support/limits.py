"""Limits of work in processor time, which what else the machine does hardly changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where what is done inside takes this process more processor time."""
    began = time.process_time()
    yield
    taken = time.process_time() - began
    assert taken < seconds, f"{taken:.2f} s of processor time, of at most {seconds:g}"
