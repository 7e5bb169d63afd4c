"""The OpenAPI document of a service, in the language of its reader."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tastegraph.core.languages import Language
from tastegraph.serving.api.access import SECURITY_SCHEMES
from tastegraph.serving.api.errors import MEDIA_TYPE, Problem
from tastegraph.serving.api.languages import translated_openapi

EXAMPLES_FILE = Path(__file__).with_name("examples.json")
"""Written by ``make docs`` from the answers of a small world."""
_NO_ENCODER = Problem(
    title="Service Unavailable", status=503, code="no_encoder",
    detail="the language model of the snapshot in service is not exported",
)  # fmt: skip
_PROBLEM_EXAMPLES: dict[str, Any] = {
    "4XX": Problem(
        title="Not Found", status=404, code="not_found",
        detail="there is no item 'a12' in the snapshot in service",
    ),
    "5XX": Problem(
        title="Service Unavailable", status=503, code="overloaded",
        detail="too many requests wait: try again in 1 s",
    ),
    "503": _NO_ENCODER,
}  # fmt: skip
_PROBLEM_EXAMPLES = {
    status: problem.model_dump(exclude_none=True) for status, problem in _PROBLEM_EXAMPLES.items()
}


def openapi_document(app: FastAPI, language: Language) -> dict[str, Any]:
    """What ``/openapi.json`` answers: routes, bodies, answers, and how a key is sent."""
    document = deepcopy(app.openapi())
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    for name, path in document["paths"].items():
        for operation in path.values():
            operation["tags"] = [tag_of(name)]
            _name_media_type(operation["responses"])
            _add_examples(operation, _examples().get(operation["operationId"], {}))
    return translated_openapi(document, language)


@cache
def _examples() -> dict[str, dict[str, Any]]:
    """Operation → path, query and body of a request, and its answer, as they were recorded."""
    content: dict[str, dict[str, Any]] = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
    return content


def _add_examples(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Put a recorded request and its answer into the description of an operation."""
    values = {"lang": "en", **example.get("path", {}), **example.get("query", {})}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        for name in example.keys() & {"body", "line"}:
            body["example"] = example[name]
    for status, response in operation["responses"].items():
        for media_type, body in response.get("content", {}).items():
            if media_type == MEDIA_TYPE:
                body["example"] = _PROBLEM_EXAMPLES.get(status, _PROBLEM_EXAMPLES["4XX"])
            elif example.get("answer") is not None:
                body["example"] = example["answer"]


def tag_of(path: str) -> str:
    """The resource that a path is of, such as ``users``; ``service`` for those of the service."""
    parts = path.strip("/").split("/")
    return parts[1].partition(":")[0] if parts[0] == "v1" and len(parts) > 1 else "service"


def operation_id(route: APIRoute) -> str:
    """The name of an operation, which generated clients call it by: ``users_profile``."""
    return f"{tag_of(route.path_format)}_{route.name}"


def _name_media_type(responses: dict[str, Any]) -> None:
    """Problems are not of their route's media type, which FastAPI writes for every model."""
    problem = f"#/components/schemas/{Problem.__name__}"
    for response in responses.values():
        for body in response.get("content", {}).values():
            if body.get("schema", {}).get("$ref") == problem:
                response["content"] = {MEDIA_TYPE: body}
