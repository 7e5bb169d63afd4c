"""Messages: every template in every language, and every error that a service answers with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from pydantic_core._pydantic_core import list_all_errors

import tastegraph
from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.languages import LANGUAGES, Template
from tastegraph.core.messages import (
    TEMPLATES,
    Message,
    batch,
    experiments,
    filters,
    gorse,
    problems,
    related,
    terminal,
    validation,
    why_not,
    wishes,
)

ROOT = Path(tastegraph.__file__).parent
ANSWERED = {"NotFoundError", "DecisionError", "SnapshotError", "BusyError", "NoEncoderError"}
"""Errors whose text a service answers with."""
ON_THE_WAY = ("serving", "store", "kg/review/decisions.py", "text/onnx.py")
"""Where they are raised."""
CHINESE = re.compile("[\u3400-\u9fff]")
_QUOTED = re.compile(r"“[^”]*”|'[^']*'|\"[^\"]*\"|`[^`]*`|\{[^{}]*\}|tastegraph( kg)? \w+")
_SENTENCE = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[A-Za-z]+){2,}")


def english(text: str) -> str:
    """The first English sentence in ``text``; commands and what is quoted are none."""
    match = _SENTENCE.search(_QUOTED.sub("·", text))
    return match[0] if match else ""


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls(file: Path, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
            yield node


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_names_the_same_parameters_in_every_language(key: str) -> None:
    template = TEMPLATES[key]
    assert Template._fields == LANGUAGES
    assert all(template)
    assert len({frozenset(parameters(text)) for text in template}) == 1


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_template_is_in_the_language_that_it_stands_for(key: str) -> None:
    template = TEMPLATES[key]
    assert not CHINESE.search(template.en)
    assert not english(template.zh)
    bare = re.sub(r"\{[^{}]*\}", "", template.zh)
    assert CHINESE.search(bare) or not re.search("[A-Za-z]", bare)
    # Chinese has its own comma, colon and brackets, and none of them after a Chinese character.
    assert not re.search("[\u3400-\u9fff][,:;!?()]", bare)


def test_no_key_stands_in_two_catalogues() -> None:
    catalogues = (
        batch, experiments, filters, gorse, problems, related, terminal, validation, why_not, wishes
    )  # fmt: skip
    assert sum(len(catalogue.TEMPLATES) for catalogue in catalogues) == len(TEMPLATES)


@pytest.mark.slow
def test_every_message_in_the_code_has_a_template_with_its_parameters() -> None:
    for file in ROOT.rglob("*.py"):
        for call in calls(file, "Message"):
            if call.args and isinstance(call.args[0], ast.Constant):
                key = call.args[0].value
                keywords = {word.arg for word in call.keywords}
                assert None in keywords or keywords == parameters(TEMPLATES[key].en), (file, key)


@pytest.mark.slow
def test_every_template_is_used() -> None:
    constants = {
        node.value
        for file in ROOT.rglob("*.py")
        if file.parent.name != "messages"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    counts = {f"info.{what}" for what in ("items", "facts", "links", "events", "users", "snapshot")}
    kinds = {f"filter.kind.{kind}" for kind in ("number", "date", "truth", "name", "text", "id")}
    by_kind = {*validation.VALUES, *validation.JSON, *problems.TITLES, *counts, *kinds}
    assert TEMPLATES.keys() - by_kind <= constants


def test_errors_that_the_service_answers_with_are_translated() -> None:
    files = [
        file
        for place in ON_THE_WAY
        for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    raised = 0
    for file in files:
        for name in ANSWERED:
            for call in calls(file, name):
                text = ast.unparse(call.args[0])
                assert text.startswith("Message(") or text == "advice", (file, text)
                raised += 1
    assert raised > 20


def test_templates_use_the_parameters_of_pydantic_errors() -> None:
    known: dict[str, Any] = {
        error["type"]: set(error.get("example_context") or {}) for error in list_all_errors()
    }
    for kind, template in validation.VALUES.items():
        renamed = {"expected": "choices", "expected_tags": "choices"}
        names = {renamed.get(name, name) for name in known[kind]}
        assert parameters(template.en) <= names, kind


def test_a_message_lists_sequences_and_holds_messages() -> None:
    inner = Message("expected.choice", choices=["view", "click"])
    outer = Message("cell.wrong", column="type", expected=inner, value="'hug'")
    assert str(outer) == "type: one of view, click, 'hug' found"
    assert outer.text("zh") == "type：应为以下之一：view、click，实际为 'hug'"


def test_values_are_never_read_as_templates() -> None:
    hostile = "{0.__class__} {item} %s"
    message = Message("missing.item", item=hostile)
    assert hostile in str(message)
    assert hostile in message.text("zh")


def test_a_message_without_its_parameters_raises_at_once() -> None:
    with pytest.raises(KeyError):
        NotFoundError(Message("missing.item"))
    with pytest.raises(KeyError):
        NotFoundError(Message("missing.nothing"))


def test_an_error_is_english_as_text_and_in_any_language_as_a_message() -> None:
    error = NotFoundError(Message("missing.item", item="a"))
    assert str(error) == error.text("en") == "there is no item 'a' in the snapshot in service"
    assert error.text("zh") == "当前线上快照中没有物品“a”"
    assert NotFoundError("no such folder").text("zh") == "no such folder"
    row = RowError("a.csv", 3, "type", "hug", Message("expected.choice", choices=["view"]))
    assert str(row) == "a.csv, line 3, column 'type': 'hug' found, one of view expected"
