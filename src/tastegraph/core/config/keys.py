"""Keys of the configuration: those of earlier versions, and the nearest known to an unknown one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

RENAMED_KEYS: Mapping[str, str] = {
    "teaching": "finetuning",
    "finetuning.lessons": "finetuning.objectives",
    "graph.least_confidence": "graph.min_confidence",
    "graph.least_sameness": "graph.min_identity_confidence",
    "serving.keep_lists": "serving.store_lists",
    "loop.settled": "loop.drift_delay",
    "loop.teach": "loop.finetune",
    "loop.support": "loop.min_co_likes",
    "loop.witnesses": "loop.holdout_users",
    "loop.people": "loop.min_holdout_users",
    "loop.tolerance": "loop.max_ndcg_loss",
    "loop.coverage": "loop.min_coverage",
    "loop.facts": "loop.min_facts",
    "loop.resemblance": "loop.min_auc_ratio",
    "loop.slower": "loop.max_slowdown",
    "loop.seconds": "loop.allowed_seconds",
}
"""Key of an earlier version → its present name, in the same section; renamed from the top down."""


def rename_keys(settings: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Give the keys of earlier versions their present names.

    Returns:
        The settings, and a notice for each key that was renamed.

    Raises:
        ValueError: a key is set under both its names.
    """
    renamed = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in settings.items()
    }
    notices = []
    for old, new in RENAMED_KEYS.items():
        section, _, old_name = old.rpartition(".")
        table = renamed.get(section) if section else renamed
        if not isinstance(table, dict) or old_name not in table:
            continue
        new_name = new.rpartition(".")[2]
        if new_name in table:
            raise ValueError(f"{old} is the earlier name of {new}: remove one of them")
        table[new_name] = table.pop(old_name)
        notices.append(f"{old} is now named {new}; the earlier name is still read")
    return renamed, notices


def describe_error(config: type[BaseModel], fault: ErrorDetails) -> str:
    """Describe one validation error; of an unknown key, with the nearest known one."""
    place = [str(part) for part in fault["loc"]]
    if fault["type"] != "extra_forbidden":
        # The validators' own texts, without the "Value error, " that pydantic puts before them.
        text = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else fault["msg"]
        return f"{'.'.join(place)}: {text}" if place else text
    *parents, name = place
    section = _section_at(config, parents)
    suggestions = [
        ".".join([*parents, near]) for near in get_close_matches(name, section.model_fields, 1)
    ] or [key for key in _keys(config) if key.split(".")[-1] == name]
    suggestion = f"; did you mean {' or '.join(suggestions[:3])}?" if suggestions else ""
    known = ", ".join(section.model_fields)
    return f"{'.'.join(place)}: there is no such key{suggestion or f'; there are {known}'}"


def section_of(annotation: object) -> tuple[type[BaseModel] | None, bool]:
    """The section class in a field's annotation, and whether the field maps names to sections."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return section_of(arguments[1])[0], True
    if origin in (Union, UnionType):
        return next(
            (pair for pair in map(section_of, arguments) if pair[0] is not None), (None, False)
        )
    return None, False


def _section_at(config: type[BaseModel], place: list[str]) -> type[BaseModel]:
    section, remaining = config, list(place)
    while remaining:
        annotation = section.model_fields[remaining.pop(0)].annotation
        nested, by_name = section_of(annotation)
        if nested is None and get_origin(annotation) is tuple:
            # A list of sections: the next part of the place is a number.
            nested, by_name = section_of(get_args(annotation)[0])[0], True
        assert nested is not None
        section = nested
        if by_name:
            remaining.pop(0)
    return section


def _keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        nested, by_name = section_of(field.annotation)
        if nested is None:
            yield prefix + name
        else:
            yield from _keys(nested, f"{prefix}{name}.NAME." if by_name else f"{prefix}{name}.")
