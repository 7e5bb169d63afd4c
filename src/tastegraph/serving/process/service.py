"""One process that answers over HTTP: its socket, its server, its background work."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from tastegraph.core.tracing import start_tracing
from tastegraph.serving.api.access import Access
from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.hosts import LOCALHOST
from tastegraph.serving.api.limits import Load
from tastegraph.serving.engine import Engine
from tastegraph.serving.metrics import LAG, QUEUE
from tastegraph.serving.process.background import ElectedScheduler, Scheduler
from tastegraph.serving.process.triggers import configured_triggers, request_triggers

BACKLOG = 2048
"""Connections that may wait to be accepted."""
PULSE_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 75
SERVICE_LOCK = "service.lock"
"""Held by the one process that does the background work of a workspace."""


@dataclass(frozen=True)
class Address:
    """Where a service listens.

    Attributes:
        host: name or address.
        port: 0 for any free one.
        uds: a Unix socket in place of both.
        needs_keys: whether it is for requests with API keys alone, as behind a proxy.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    uds: Path | None = None
    needs_keys: bool = False

    def listen(self) -> socket.socket:
        """A socket that listens there; a socket file that was left behind is replaced.

        Raises:
            OSError: somebody else listens there, or it is no address of this machine.
        """
        if self.uds is not None:
            self.uds.unlink(missing_ok=True)
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(self.uds))
            self.uds.chmod(0o660)
        else:
            family, *_, name = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            sock = socket.socket(family)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Connections inherit it: an answer in two writes would else wait 40 ms for a receipt.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.bind(name)
        sock.listen(BACKLOG)
        return sock


def check_address(directory: Path, address: Address) -> None:
    """Check that the service of a workspace may listen at an address.

    Raises:
        TastegraphError: the workspace has no API key, and one is required or other machines can
            reach the address.
    """
    host = address.host if address.uds is None else LOCALHOST
    Access(directory).check_address(host, address.needs_keys)


def serve(engine: Engine, address: Address, host_names: Sequence[str] = ()) -> None:
    """Answer requests until interrupted.

    Args:
        engine: answers.
        address: to listen at.
        host_names: further names that requests may have in their ``Host``.

    Raises:
        TastegraphError: there is no API key, and one is needed.
        OSError: somebody else listens there.
    """
    directory = engine.database.path.parent
    check_address(directory, address)
    sock = address.listen()
    run(engine, sock, host_names, lambda: print(announcement(directory, sock, 1), flush=True))


def run(
    engine: Engine,
    sock: socket.socket,
    host_names: Sequence[str],
    on_start: Callable[[], None] = lambda: None,
    on_pulse: Callable[[], None] = lambda: None,
) -> None:
    """Answer the requests of a socket until SIGTERM or SIGINT.

    Args:
        engine: answers; it is closed at the end.
        sock: listens.
        host_names: further names that requests may have in their ``Host``.
        on_start: called as soon as requests are answered.
        on_pulse: called again and again while the event loop runs.
    """
    start_tracing()
    load, directory = Load(), engine.database.path.parent
    triggers = [*configured_triggers(engine.config, directory), *request_triggers(directory)]
    scheduler = ElectedScheduler(Scheduler(engine, triggers), directory / SERVICE_LOCK)
    app = create_app(engine, scheduler, host_names, load)
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        backlog=1,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(engine.config.serving.shutdown_seconds) or None,
    )
    _Server(config, load, on_start, on_pulse).run([sock])


def announcement(directory: Path, sock: socket.socket, workers: int) -> str:
    """What a service prints as soon as it answers: where it listens, and who may call."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        base, where = "", f"the Unix socket {name}"
    else:
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        base = where = f"http://{host}:{name[1]}"
    who = "API keys are needed" if Access(directory).is_closed else "without keys: this machine"
    count = "1 worker" if workers == 1 else f"{workers} workers"
    return f"listening at {where} ({count}; {who}): page {base}/, API {base}/docs"


class _Server(uvicorn.Server):
    """Accepts one connection at a time, ends at once at the second signal, and has a pulse.

    A worker that is busy accepts nothing, so that connections spread over the workers by
    themselves: asyncio accepts as many at once as its backlog, so that is 1, and the system's is
    set afterwards.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        load: Load,
        on_start: Callable[[], None],
        on_pulse: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._load, self._on_start, self._on_pulse = load, on_start, on_pulse
        load.tasks = self.server_state.tasks

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        for sock in sockets or ():
            sock.listen(BACKLOG)
        self._pulse = asyncio.create_task(self._beat())
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End: finish the answers that are under way; at the second signal end at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def _beat(self) -> None:
        while True:
            self._on_pulse()
            due = time.monotonic() + PULSE_SECONDS
            await asyncio.sleep(PULSE_SECONDS)
            self._load.lag = max(0.0, time.monotonic() - due)
            LAG.set(self._load.lag)
            QUEUE.set(len(self._load.tasks))
