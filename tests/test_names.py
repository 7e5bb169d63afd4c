"""Names: the words that the project does not use stay out, and no two classes share a name."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest

from tests.support.architecture import ROOT, sources
from tests.support.names import python_files, unwanted_names


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_every_name_is_a_word_of_the_glossary_or_the_field(folder):
    wrong = [line for file in python_files(ROOT / folder) for line in unwanted_names(file)]
    assert not wrong, "\n".join(wrong)


def test_no_two_public_classes_have_one_name():
    places = defaultdict(list)
    for file in sources():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(file.relative_to(ROOT)))
    assert not {name: files for name, files in places.items() if len(files) > 1}
