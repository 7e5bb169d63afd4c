"""Paths of requests: a slash that a client writes as ``%2F`` belongs to an id and ends no segment.

So the user ``eva/interests`` is ``/v1/users/eva%2Finterests``, and ``/v1/users/eva/interests`` are
the interests of the user ``eva``. Where no route goes on behind an id, its slashes may also stand
as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from starlette.types import Scope

_ESCAPES = (("%", "%25"), ("/", "%2F"))


def escape_slashes(scope: Scope) -> None:
    """Let the path of a request have its encoded slashes as ``%2F``, and ``%`` as ``%25``."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None or b"%2" not in raw:
        return
    segments = (unquote(segment) for segment in raw.decode("latin-1").split("/"))
    scope["path"] = "/".join(_escaped(segment) for segment in segments)


def unescaped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a path, from that which :func:`escape_slashes` left."""
    return {
        name: _unescaped(value) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def _unescaped(text: str) -> str:
    for character, escape in reversed(_ESCAPES):
        text = text.replace(escape, character)
    return text
