"""``/openapi.json``: the description of the API, in the language of who reads it."""

from __future__ import annotations

from typing import Any

from tastegraph.core.languages import Language
from tastegraph.core.messages.description import CHINESE

WORDS = ("description", "summary")
"""Keys whose values are written for people."""


def described(told: dict[str, Any], language: Language) -> dict[str, Any]:
    """An OpenAPI document with its words in ``language``; ``told`` has them in English."""
    return told if language == "en" else _chinese(told)


def _chinese(part: Any) -> Any:
    if isinstance(part, list):
        return [_chinese(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: _chinese(value) for key, value in part.items()}
    for key in WORDS:
        if isinstance(text := found.get(key), str):
            found[key] = CHINESE.get(text, text)
    if "operationId" in found:
        # What a route is called in English is the name of its function.
        found["summary"] = found["description"].split("\n")[0]
    return found
