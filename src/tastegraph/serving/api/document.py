"""The OpenAPI document of a service, in the language of its reader."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fastapi import FastAPI

from tastegraph.core.languages import Language
from tastegraph.serving.api.access import SECURITY_SCHEMES
from tastegraph.serving.api.languages import translated_openapi


def openapi_document(app: FastAPI, language: Language) -> dict[str, Any]:
    """What ``/openapi.json`` answers: routes, bodies, answers, and how a key is sent."""
    document = deepcopy(app.openapi())
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    return translated_openapi(document, language)
