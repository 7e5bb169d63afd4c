"""Bounds of a service: its queue, the rate of one client, the time and size of a request."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from math import ceil

from starlette.datastructures import Headers
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope

from tastegraph.core.config.operation import LimitsConfig
from tastegraph.core.messages import Message
from tastegraph.serving.api.errors import RefusedError

MAX_CLIENTS = 10_000
"""Clients whose calls are counted; of more, those are forgotten that called longest ago."""
ALWAYS_ANSWERED = ("/healthz", "/readyz", "/metrics")
"""Paths that neither queue nor rate refuses: who watches a busy service must see it."""


class Load:
    """How much one process has to do.

    Attributes:
        tasks: the requests that wait or are being answered, as the server holds them.
        lag: seconds by which its event loop last woke up too late.
    """

    def __init__(self) -> None:
        self.tasks: Collection[object] = ()
        self.lag = 0.0


class TokenBuckets:
    """A bucket for each client: full at first, one token a request, refilled at a steady rate.

    Args:
        rate: tokens a second.
        burst: tokens in a full bucket.
        clock: seconds, never going back.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, float(burst), clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, client: str) -> float:
        """0 where ``client`` may call now, which takes a token; else seconds until there is one."""
        now = self._clock()
        tokens, since = self._buckets.get(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        has_token = tokens >= 1
        self._buckets[client] = (tokens - has_token, now)
        self._buckets.move_to_end(client)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if has_token else (1 - tokens) / self._rate


class Bounds:
    """Refuses what is too much.

    Args:
        limits: of the configuration.
        load: of this process.
    """

    def __init__(self, limits: LimitsConfig, load: Load) -> None:
        self.seconds, self._limits, self._load = limits.seconds, limits, load
        self._buckets = TokenBuckets(limits.rate, limits.burst) if limits.rate else None

    def admit(self, scope: Scope, client: str) -> None:
        """Check that a request may be answered now.

        Raises:
            RefusedError: 503, too many wait; 429, this client called too often.
        """
        if scope["path"] in ALWAYS_ANSWERED:
            return
        if len(self._load.tasks) > self._limits.queue:
            raise _later(503, Message("request.queue", limit=self._limits.queue), 1, "overloaded")
        if self._buckets is not None and (wait := self._buckets.seconds_to_wait(client)):
            message = Message("request.rate", rate=self._limits.rate, burst=self._limits.burst)
            raise _later(429, message, ceil(wait), "too_many_requests")


class BoundedBody:
    """The body of a request, until it is larger than it may be, whatever its header says.

    Args:
        scope: of the request.
        receive: its messages.
        limit: bytes.

    Attributes:
        is_awaited: whether the service waits for more of it.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive, self._limit, self._n_bytes = receive, limit, 0
        self.is_awaited = False
        content_length = Headers(scope=scope).get("content-length", "")
        is_number = content_length.isdecimal() and len(content_length) < 20
        self._declared_bytes = int(content_length) if is_number else 0

    async def __call__(self) -> AsgiMessage:
        """The next message.

        Raises:
            RefusedError: 413, it is too large.
        """
        if self._declared_bytes > self._limit:
            raise self._too_large()
        self.is_awaited = True
        message = await self._receive()
        self.is_awaited = False
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._limit:
            raise self._too_large()
        return message

    def _too_large(self) -> RefusedError:
        message = Message("request.too_large", limit=self._limit)
        return RefusedError(413, message, headers={"Connection": "close"})


def too_late(body: BoundedBody, seconds: float) -> RefusedError:
    """The refusal of a request whose answer has not begun in time."""
    if body.is_awaited:
        message = Message("request.slow_body", seconds=seconds)
        return RefusedError(408, message, headers={"Connection": "close"})
    return _later(503, Message("request.late", seconds=seconds), 1, "timeout")


def _later(status: int, message: Message, seconds: int, code: str) -> RefusedError:
    return RefusedError(status, message, {"Retry-After": str(max(seconds, 1))}, code=code)
