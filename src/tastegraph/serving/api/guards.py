"""What holds for every request: host, key, bounded body of strict JSON, id, language, headers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from tastegraph.core import messages
from tastegraph.core.config.operation import ServingConfig
from tastegraph.core.messages import TEMPLATES
from tastegraph.core.random_numbers import random_id
from tastegraph.core.tracing import span
from tastegraph.serving.api.access import Access, check_scope, declared_scope
from tastegraph.serving.api.errors import RefusedError, internal_error, refusal
from tastegraph.serving.api.hosts import AllowedHosts
from tastegraph.serving.api.languages import (
    PARAMETER,
    add_language_headers,
    language_of,
    set_from_headers,
    set_language,
)
from tastegraph.serving.api.limits import BoundedBody, Bounds, Load, too_late
from tastegraph.serving.api.observer import Observer
from tastegraph.serving.api.paths import escape_slashes, unescaped
from tastegraph.serving.metrics import REFUSED

MAX_HOST_LENGTH = 80
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_JSON_FAULT = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)


class Guard:
    """ASGI middleware around the whole service.

    Args:
        app: the service.
        config: of the service.
        hosts: names that it answers to; any other request is refused with 421.
        access: its keys; who sent a request is stored with it.
        load: of this process.
    """

    def __init__(
        self, app: ASGIApp, config: ServingConfig, hosts: AllowedHosts, access: Access, load: Load
    ) -> None:
        self._app, self._hosts, self._access = app, hosts, access
        self._language, self._limits = config.language, config.limits
        self._bounds, self._observer = Bounds(config.limits, load), Observer(config.access_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        escape_slashes(scope)
        header = Headers(scope=scope).get("x-request-id", "")
        request_id = header if _SAFE_ID.fullmatch(header) else random_id()
        set_from_headers(scope, self._language)
        answer = _Answer(scope, send, request_id)
        try:
            with span("request"):
                await self._answer(scope, receive, answer)
        finally:
            self._observer.record(scope, answer.status, time.perf_counter() - start, request_id)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        body = BoundedBody(scope, receive, self._limits.body_bytes)
        try:
            self._admit(scope)
            await self._in_time(scope, body, answer)
        except RefusedError as error:
            REFUSED.labels(error.code or str(error.status_code)).inc()
            await refusal(error, language_of(scope))(scope, receive, answer)
        except Exception as error:
            if answer.has_begun:
                raise
            await internal_error(error, language_of(scope))(scope, receive, answer)

    async def _in_time(self, scope: Scope, body: BoundedBody, answer: _Answer) -> None:
        """Let the service answer, which must begin within so many seconds.

        Raises:
            RefusedError: 408, its body has not come; 503, otherwise.
        """
        deadline = asyncio.timeout(self._limits.seconds)
        try:
            async with deadline:
                answer.deadline = deadline
                await self._app(scope, body, answer)
        except TimeoutError:
            if answer.has_begun or not deadline.expired():
                raise
            raise too_late(body, self._limits.seconds) from None
        finally:
            answer.deadline = None

    def _admit(self, scope: Scope) -> None:
        """Check who sends a request, where to, and whether it may be answered now.

        With keys and no further names any host name is answered: a page elsewhere has no key.

        Raises:
            RefusedError: 421, 429 or 503.
        """
        key = self._access.identify(scope)
        answers_to_all = self._access.is_closed and not self._hosts.has_names
        if not answers_to_all and (host := self._hosts.foreign(scope)) is not None:
            name = repr(host)[:MAX_HOST_LENGTH]
            raise RefusedError(421, messages.Message("request.foreign_host", host=name))
        client = scope.get("client")
        self._bounds.admit(scope, key.name if key else f"address {client and client[0]}")


class _Answer:
    """Sends the answer to one request, with the headers that every answer has.

    Attributes:
        status: of the answer; 499 while there is none, as where the client went away.
        deadline: until which it must have begun.
    """

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope, self._send, self._request_id = scope, send, request_id
        self.status, self.has_begun = 499, False
        self.deadline: asyncio.Timeout | None = None

    async def __call__(self, message: AsgiMessage) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.status, self.has_begun = message["status"], True
            if self.deadline is not None and not self.deadline.expired():
                self.deadline.reschedule(None)
            headers = MutableHeaders(scope=message)
            headers.raw.append((b"x-request-id", self._request_id.encode()))
            headers.raw.extend(_RAW_HEADERS)
            add_language_headers(self._scope, headers)
        await self._send(message)


class StrictRequest(Request):
    """A request whose body is JSON as RFC 8259 has it, and may name the answer's language.

    There is no NaN, no broken Unicode and no bottomless nesting.
    """

    async def json(self) -> Any:
        """The body.

        Raises:
            RefusedError: 400, it is not JSON.
        """
        try:
            body = from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise RefusedError(400, json_fault(str(error))) from None
        if isinstance(body, dict):
            set_language(self.scope, body.get(PARAMETER))
        return body


class StrictRoute(APIRoute):
    """A route with a scope, which reads its body with :class:`StrictRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler; a request without its scope is refused before it is read."""
        handle, needed_scope = super().get_route_handler(), declared_scope(self.openapi_extra)

        async def handle_strictly(request: Request) -> Response:
            check_scope(request.scope, needed_scope)
            request.scope["path_params"] = unescaped(request.path_params)
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


def json_fault(error: str) -> messages.Message:
    """What is wrong with a text that is not JSON, from the parser's words."""
    match = _JSON_FAULT.fullmatch(error)
    reason, line, column = match.groups() if match else (error, "1", "1")
    key = f"json.{reason}"
    fault = messages.Message(key if key in TEMPLATES else "json.other")
    return messages.Message("request.not_json", fault=fault, line=line, column=column)
