"""Something that is looked at again and again while requests are answered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Watch:
    """Looks in a thread of its own, until it is closed.

    Args:
        look: what is done each time; an error is logged, and the next look comes all the same.
        pause: seconds between two looks.
    """

    def __init__(self, look: Callable[[], object], pause: float) -> None:
        self._look, self._pause, self._ended = look, pause, threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; a look that is under way is waited for."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                self._look()
            except Exception:  # Whatever it was, who is served must not be left unwatched.
                _log.exception("what is watched could not be looked at")
