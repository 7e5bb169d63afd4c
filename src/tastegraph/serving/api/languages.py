"""In which language a request is answered: what it asks for itself, else what its reader prefers.

``lang`` in the body goes before ``lang`` in the query, and that before ``Accept-Language``; where
none of them names a language of the product, the workspace's is spoken.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Query, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Scope

from tastegraph.core.languages import LANGUAGES, Language, negotiate
from tastegraph.core.messages.description import CHINESE

PARAMETER = "lang"
TEXT_KEYS = ("description", "summary")
"""Keys of an OpenAPI document whose values are written for readers."""
_STATE, _KEY = "state", "language"


def set_from_headers(scope: Scope, default: Language) -> None:
    """Store with a request the language that its query and its headers ask for."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    header = ", ".join(Headers(scope=scope).getlist("accept-language"))
    set_language(scope, negotiate(header, default))
    set_language(scope, query.get(PARAMETER, [""])[0])


def set_language(scope: Scope, name: object) -> None:
    """Store with a request that it asks for ``name``; any other language changes nothing."""
    if isinstance(name, str) and name in LANGUAGES:
        scope.setdefault(_STATE, {})[_KEY] = name


def language_of(scope: Scope) -> Language:
    """The language stored with a request."""
    language: Language = scope[_STATE][_KEY]
    return language


def add_language_headers(scope: Scope, headers: MutableHeaders) -> None:
    """Name the language of an answer in its headers, and that others may get another."""
    if "json" in headers.get("content-type", ""):
        headers["Content-Language"] = language_of(scope)
        headers.add_vary_header("Accept-Language")


async def _language(
    request: Request,
    lang: Annotated[
        Language | None, Query(description="of the answer; by default as Accept-Language says")
    ] = None,
) -> Language:
    # Read already, and from the body too: here it is checked, and described.
    del lang
    return language_of(request.scope)


AnswerLanguage = Annotated[Language, Depends(_language)]
"""A route's parameter: the language of its answer."""
EVERY_ROUTE = (Depends(_language),)
"""Dependencies of a router all of whose routes take ``lang``."""


def translated_openapi(document: dict[str, Any], language: Language) -> dict[str, Any]:
    """An OpenAPI document with its texts in ``language``; ``document`` has them in English."""
    return document if language == "en" else _in_chinese(document)


def _in_chinese(node: Any) -> Any:
    if isinstance(node, list):
        return [_in_chinese(element) for element in node]
    if not isinstance(node, dict):
        return node
    translated = {key: _in_chinese(value) for key, value in node.items()}
    for key in TEXT_KEYS:
        if isinstance(text := translated.get(key), str):
            translated[key] = CHINESE.get(text, text)
    if "operationId" in translated:
        # The English summary of a route is the name of its function.
        translated["summary"] = translated["description"].split("\n")[0]
    return translated
