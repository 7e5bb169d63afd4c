"""An OpenAI-compatible endpoint on loopback, whose answers a test defines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Request = dict[str, Any]


@dataclass
class Reply:
    """The HTTP response to a request.

    Attributes:
        content: of the message of the model; ``None`` closes the connection without a response.
        status: of HTTP.
        finish_reason: of the completion.
        body: sent instead of a completion.
        delay: seconds before the response.
        usage: counted tokens; ``None`` leaves them out.
    """

    content: str | None = "{}"
    status: int = 200
    finish_reason: str = "stop"
    body: str | None = None
    delay: float = 0.0
    usage: dict[str, int] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    )


Behaviour = Callable[[Request], Reply]


class Stub:
    """The endpoint.

    Attributes:
        behaviour: request → reply; a test may replace it.
        requests: bodies of all requests, in order.
        keys: their ``Authorization`` headers.
        url: base address.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self.keys: list[str | None] = []
        self.url = ""

    def texts(self) -> list[str]:
        """The texts in the requests, without their tags."""
        return [text_of(request) for request in self.requests]


def text_of(request: Request) -> str:
    """The text between the tags of a request's last message."""
    return request["messages"][-1]["content"].split("\n", 1)[1].rsplit("\n", 1)[0]


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Stub]:
    """Serve on a free port until the block ends."""
    stub = Stub(behaviour)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(length))
            stub.requests.append(request)
            stub.keys.append(self.headers.get("Authorization"))
            reply = stub.behaviour(request)
            time.sleep(reply.delay)
            if reply.content is None:
                return
            with suppress(OSError):
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            body = (reply.body if reply.body is not None else _completion(reply)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(reply: Reply) -> str:
    message = {"role": "assistant", "content": reply.content}
    return json.dumps(
        {
            "id": "stub",
            "object": "chat.completion",
            "created": 0,
            "model": "stub",
            "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
            "usage": reply.usage,
        }
    )
