"""Supervised matching: labels overrule what is similar, and too few labels are refused."""

from dataclasses import replace
from itertools import product

import pytest
from benchmarks.knowledge.supervised_matching import LabelsError, match_with_labels

from tastegraph.kg.fusion.blocking import pairs_across
from tastegraph.kg.fusion.profiles import EntityProfile

FIRST_NAMES = ("Ada", "Boris", "Carla", "Dmitri", "Elena", "Felix", "Greta", "Hugo", "Ines",
               "Jonas", "Klara", "Leon")  # fmt: skip
LAST_NAMES = ("Abbott", "Bergman", "Castillo", "Dvorak", "Eriksen", "Fontaine", "Gallagher",
              "Hoffmann", "Ivanov", "Jansen")  # fmt: skip


def people():
    return [
        EntityProfile(
            f"a{k}", (f"{first} {last}",), frozenset({"person"}), {"born": (str(1900 + k),)}
        )
        for k, (first, last) in enumerate(product(FIRST_NAMES, LAST_NAMES))
    ]


def test_labels_teach_that_a_disagreement_matters():
    left = people()
    right = [replace(profile, id=f"b{k}") for k, profile in enumerate(left)]
    for k in range(0, len(right), 3):
        right[k] = replace(right[k], attributes={"born": ("1850",)})
    labels = {
        (left[a].id, right[b].id): a == b and a % 3 > 0
        for a, b in pairs_across(left, right).tolist()
        if a < 60
    }
    matches = match_with_labels(left, right, labels)
    assert {(match.left, match.right) for match in matches if match.accepted} == {
        (f"a{k}", f"b{k}") for k in range(len(left)) if k % 3
    }


def test_too_few_labels_are_refused():
    with pytest.raises(LabelsError, match="1 candidate pairs labelled the same"):
        match_with_labels(people(), people(), {("a0", "a0"): True})
