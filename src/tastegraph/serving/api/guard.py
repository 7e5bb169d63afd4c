"""What holds for every request: a bounded body, its id, its language, strict headers."""

from __future__ import annotations

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tastegraph.core import messages
from tastegraph.core.languages import Language
from tastegraph.serving.api.languages import choose, chosen, say_which
from tastegraph.serving.api.problems import RefusedError, internal

LARGEST_BODY = 1 << 20
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Guard:
    """ASGI middleware around the whole service; ``language`` is its reader's by default."""

    def __init__(self, app: ASGIApp, language: Language) -> None:
        self._app, self._language = app, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid4().hex
        choose(scope, self._language)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.update({"X-Request-Id": request_id, **SECURITY})
                say_which(scope, headers)
            await send(message)

        try:
            await self._app(scope, _bounded(scope, receive), send_with_headers)
        except Exception as error:
            if started:
                raise
            await internal(error, chosen(scope))(scope, receive, send_with_headers)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """``receive``, until the body is larger than it may be, whatever its length was said to be."""
    told = Headers(scope=scope).get("content-length", "")
    total = 0

    async def receive_bounded() -> Message:
        nonlocal total
        if told.isdecimal() and len(told) < 20 and int(told) > LARGEST_BODY:
            raise _too_large()
        message = await receive()
        total += len(message.get("body", b""))
        if total > LARGEST_BODY:
            raise _too_large()
        return message

    return receive_bounded


def _too_large() -> RefusedError:
    said = messages.Message("request.too_large", limit=LARGEST_BODY)
    return RefusedError(413, said, headers={"Connection": "close"})
