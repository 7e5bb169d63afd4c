"""The OpenAPI document of a service, in the language of its reader."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from tastegraph.core.languages import Language
from tastegraph.serving.api.access import SECURITY_SCHEMES
from tastegraph.serving.api.errors import MEDIA_TYPE, Problem
from tastegraph.serving.api.languages import translated_openapi


def openapi_document(app: FastAPI, language: Language) -> dict[str, Any]:
    """What ``/openapi.json`` answers: routes, bodies, answers, and how a key is sent."""
    document = deepcopy(app.openapi())
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    for path in document["paths"].values():
        for operation in path.values():
            _name_media_type(operation["responses"])
    return translated_openapi(document, language)


def _name_media_type(responses: dict[str, Any]) -> None:
    """Problems are not of their route's media type, which FastAPI writes for every model."""
    problem = f"#/components/schemas/{Problem.__name__}"
    for response in responses.values():
        for body in response.get("content", {}).values():
            if body.get("schema", {}).get("$ref") == problem:
                response["content"] = {MEDIA_TYPE: body}
