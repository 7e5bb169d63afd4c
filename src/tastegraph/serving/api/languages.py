"""In which language a request is answered: what it asks for itself, else what its reader prefers.

``lang`` in the body goes before ``lang`` in the query, and that before ``Accept-Language``; where
none of them names a language of the product, the workspace's is spoken.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Query, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from tastegraph.core.languages import LANGUAGES, Language, negotiate

PARAMETER = "lang"
_STATE, _KEY = "state", "language"


def choose(scope: Scope, default: Language) -> None:
    """Note for the rest of a request what its query and its headers ask for."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    header = ", ".join(Headers(scope=scope).getlist("accept-language"))
    choose_named(scope, negotiate(header, default))
    choose_named(scope, query.get(PARAMETER, [""])[0])


def choose_named(scope: Scope, name: object) -> None:
    """Note that a request asks for the language ``name``; what is none of ours changes nothing."""
    if isinstance(name, str) and name in LANGUAGES:
        scope.setdefault(_STATE, {})[_KEY] = name


def chosen(scope: Scope) -> Language:
    """What :func:`choose` noted."""
    language: Language = scope[_STATE][_KEY]
    return language


def say_which(scope: Scope, headers: MutableHeaders) -> None:
    """Say in the headers of an answer in which language it is, and that others may get another."""
    if "json" in headers.get("content-type", ""):
        headers["Content-Language"] = chosen(scope)
        headers.add_vary_header("Accept-Language")


async def _language(
    request: Request,
    lang: Annotated[
        Language | None, Query(description="of the answer; by default as Accept-Language says")
    ] = None,
) -> Language:
    # Read already, and from the body too: here it is checked, and described.
    del lang
    return chosen(request.scope)


Answer = Annotated[Language, Depends(_language)]
"""A route's parameter: the language of its answer."""
EVERY_ROUTE = (Depends(_language),)
"""Dependencies of a router all of whose routes take ``lang``."""
