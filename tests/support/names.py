"""Identifiers that the project does not use, each with what to write instead.

``python -m tests.support.names [PATH …]`` lists those of some files.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

NOUN = "a noun that says what it holds"
NOT_NOUNS = ["told", "asked", "said", "found", "kept", "wanted", "among", "made", "shown", "given"]
NOT_NOUNS += ["tried", "heard", "taken"]
INSTEAD = {
    **dict.fromkeys(NOT_NOUNS, NOUN),
    "Choice": "Hyperparameters",
    "Learned": "FittedModel",
    "Content": "ItemFeatures",
    "Told": NOUN,
    "Asked": "Request or Batch",
    "Questions": "Batch",
    "tastes": "user_embeddings",
    "go_on": "partial_fit",
    "weigh": "fit_blend_weights",
    "hurdle": "min_gain_se",
    "SURE": "MIN_GAIN_SE or MIN_CONFIDENCE",
    "opinions": "component_scores",
    "doubt": "disagreement, or dispute",
    "rival": "race_curve",
    "witnesses": "holdout_users",
    "unled": "organic_only",
    "unprompted": "organic_only",
    "put_to_rest": "store_derived_facts",
    "recited": "facts_in_text",
    "taught": "finetuned",
    "lessons": "objectives",
    "teaching": "finetuning",
    "Occasion": "Trigger",
    "Turn": "WorkerSlot",
    "begun": "on_start",
    "Entrant": "Run",
    "Judge": "Evaluator",
    "fate": "outcome",
    "playing_cold": "cold_item_holdout",
    "plays_cold": "cold_item_holdout",
    "PEOPLE": "what it limits: MAX_VALIDATION_USERS",
    "CELLS": "what it limits: MAX_VALIDATION_CELLS",
}


def definitions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that ``tree`` defines or assigns."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def unwanted_names(file: Path) -> list[str]:
    """Each with its place and what to write instead."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [
        f"{file}:{line}: {name}: write {INSTEAD[name.strip('_')]}"
        for line, name in sorted(set(definitions(tree)))
        if name.strip("_") in INSTEAD
    ]


def python_files(path: Path) -> list[Path]:
    """``path`` itself, or the Python files below it that belong to the project."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [f for f in files if not any(part.startswith(".venv") for part in f.parts)]


if __name__ == "__main__":
    for argument in sys.argv[1:] or ["src", "tests", "benchmarks"]:
        for source in python_files(Path(argument)):
            print(*unwanted_names(source), sep="\n", end="\n" if unwanted_names(source) else "")
