"""Verdicts on experiments, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "experiment.better": Template(
        "{variant} is better than {reference}", "{variant} 优于 {reference}"
    ),
    "experiment.worse": Template(
        "{variant} is worse than {reference}", "{variant} 不如 {reference}"
    ),
    "experiment.undecided": Template(
        "no difference between {variant} and {reference} can be told yet: if it stays as it is, "
        "that needs about {lists:,} more lists",
        "尚不能判断 {variant} 与 {reference} 有无差别：若差距保持不变，大约还需 {lists:,} 个列表",
    ),
    "experiment.no_difference": Template(
        "no difference between {variant} and {reference} can be told, nor is one in sight",
        "看不出 {variant} 与 {reference} 有差别，短期内也难以看出",
    ),
    "experiment.few_users": Template(
        "no difference between {variant} and {reference} can be told yet: each needs at least "
        "{users} users",
        "尚不能判断 {variant} 与 {reference} 有无差别：两者各需至少 {users} 位用户",
    ),
}
