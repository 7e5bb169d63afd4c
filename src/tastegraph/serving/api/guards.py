"""What holds for every request: host, key, bounded body of strict JSON, id, language, headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tastegraph.core import messages
from tastegraph.core.languages import Language
from tastegraph.core.messages import TEMPLATES
from tastegraph.serving.api.access import Access, check_scope, declared_scope
from tastegraph.serving.api.errors import RefusedError, internal_error, problem
from tastegraph.serving.api.hosts import AllowedHosts
from tastegraph.serving.api.languages import (
    PARAMETER,
    add_language_headers,
    language_of,
    set_from_headers,
    set_language,
)

MAX_BODY_BYTES = 1 << 20
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
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_JSON_FAULT = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)


class Guard:
    """ASGI middleware around the whole service.

    Args:
        app: the service.
        language: of its reader, by default.
        hosts: names that it answers to; any other request is refused with 421.
        access: its keys; who sent a request is stored with it.
    """

    def __init__(
        self, app: ASGIApp, language: Language, hosts: AllowedHosts, access: Access
    ) -> None:
        self._app, self._language, self._hosts, self._access = app, language, hosts, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get("x-request-id", "")
        request_id = header if _SAFE_ID.fullmatch(header) else uuid4().hex
        set_from_headers(scope, self._language)
        is_answering = False

        async def send_with_headers(message: Message) -> None:
            nonlocal is_answering
            if message["type"] == "http.response.start":
                is_answering = True
                headers = MutableHeaders(scope=message)
                headers.update({"X-Request-Id": request_id, **SECURITY_HEADERS})
                add_language_headers(scope, headers)
            await send(message)

        if (host := self._foreign_host(scope)) is not None:
            await _foreign_host(host, language_of(scope))(scope, receive, send_with_headers)
            return
        try:
            self._access.identify(scope)
            await self._app(scope, _bounded(scope, receive), send_with_headers)
        except Exception as error:
            if is_answering:
                raise
            await internal_error(error, language_of(scope))(scope, receive, send_with_headers)

    def _foreign_host(self, scope: Scope) -> str | None:
        """With keys and no further names any name is answered: a page elsewhere has no key."""
        answers_to_all = self._access.is_closed and not self._hosts.has_names
        return None if answers_to_all else self._hosts.foreign(scope)


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
            raise RefusedError(400, _not_json(str(error))) from None
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
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """``receive``, until the body is longer than it may be, whatever its header says."""
    content_length = Headers(scope=scope).get("content-length", "")
    total = 0

    async def receive_bounded() -> Message:
        nonlocal total
        is_number = content_length.isdecimal() and len(content_length) < 20
        if is_number and int(content_length) > MAX_BODY_BYTES:
            raise _too_large()
        message = await receive()
        total += len(message.get("body", b""))
        if total > MAX_BODY_BYTES:
            raise _too_large()
        return message

    return receive_bounded


def _foreign_host(host: str, language: Language) -> Response:
    name = repr(host)[:MAX_HOST_LENGTH]
    return problem(
        421, messages.Message("request.foreign_host", host=name).text(language), language
    )


def _too_large() -> RefusedError:
    message = messages.Message("request.too_large", limit=MAX_BODY_BYTES)
    return RefusedError(413, message, headers={"Connection": "close"})


def _not_json(error: str) -> messages.Message:
    match = _JSON_FAULT.fullmatch(error)
    reason, line, column = match.groups() if match else (error, "1", "1")
    key = f"json.{reason}"
    fault = messages.Message(key if key in TEMPLATES else "json.other")
    return messages.Message("request.not_json", fault=fault, line=line, column=column)
