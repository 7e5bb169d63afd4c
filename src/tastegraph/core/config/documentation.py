"""The configuration in words: a commented ``tastegraph.toml``, and ``docs/configuration.md``.

Both are generated from the fields of the configuration classes. After changing these, run
``python -m tastegraph.core.config.documentation > docs/configuration.md``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any, Literal, get_args, get_origin

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tastegraph.core.config import CONFIG_FILE, Config
from tastegraph.core.config.keys import RENAMED_KEYS, section_of

WIDTH = 96
NAME = "NAME"
"""Stands for the names that a table maps to sections, such as those of relations."""

Table = tuple[tuple[str, ...], type[BaseModel], str]
"""Path of a TOML table, the section class of its keys, and its description."""


def commented_toml(settings: Mapping[str, Any]) -> str:
    """A configuration file with ``settings``, and with all other keys as comments."""
    head = (
        "Configuration of a Tastegraph workspace. Every key is listed with its default. To set a "
        "key, remove the # in front of it, and the one in front of the [section] above it."
    )
    blocks = [_comment(head)]
    rest = {name: value for name, value in settings.items() if not isinstance(value, Mapping)}
    lines = []
    for name, field in _plain_fields(Config):
        lines += [_comment(_words(field)), *_key_lines(name, field, rest)]
    blocks.append("\n".join(lines))
    for path, section, description in _tables(Config):
        table = _at(settings, path) or {}
        header = f"[{'.'.join(path)}]"
        lines = ["", _comment(description), header if table else f"#{header}"]
        for name, field in _plain_fields(section):
            lines += [_comment(_words(field)), *_key_lines(name, field, table)]
        blocks.append("\n".join(lines))
    blocks += _named_tables(settings)
    return "\n".join(blocks) + "\n"


def markdown() -> str:
    """The content of ``docs/configuration.md``."""
    lines = [
        "# Configuration",
        "",
        f"A workspace is configured by one file, `{CONFIG_FILE}`, which `tastegraph init` writes "
        "with every key as a comment. An unknown key is an error that names the nearest known one. "
        "This page is generated from the configuration classes by "
        "`python -m tastegraph.core.config.documentation`.",
        "",
        *_markdown_table(_plain_fields(Config)),
    ]
    for path, section, description in _tables(Config):
        lines += ["", f"## `[{'.'.join(path)}]`", "", description]
        if fields := _plain_fields(section):
            lines += ["", *_markdown_table(fields)]
    lines += ["", "## Earlier names", "", "These names are still read, with a notice.", ""]
    lines += ["| earlier | now |", "|---|---|"]
    lines += [f"| `{old}` | `{new}` |" for old, new in RENAMED_KEYS.items()]
    return "\n".join(lines) + "\n"


def _tables(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Table]:
    """Yield the tables below a section, each before the tables below it."""
    for name, field in section.model_fields.items():
        nested, by_name = section_of(field.annotation)
        if nested is None:
            continue
        below = (*path, name, NAME) if by_name else (*path, name)
        description = cleandoc(nested.__doc__ or "")
        if by_name and field.description:
            description = f"{_words(field)} {description}"
        yield below, nested, " ".join(description.replace("``", "`").split())
        yield from _tables(nested, below)


def _plain_fields(section: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of a section that are not sections themselves."""
    fields = section.model_fields.items()
    return [(name, field) for name, field in fields if section_of(field.annotation)[0] is None]


def _named_tables(settings: Mapping[str, Any]) -> list[str]:
    """The tables of names in ``settings``, such as ``[relations.directed_by]``, as TOML."""
    named: dict[str, Any] = {}
    for path, _, _ in _tables(Config):
        if NAME not in path:
            continue
        *parents, last = path[: path.index(NAME)]
        if (table := _at(settings, (*parents, last))) is not None:
            target = named
            for parent in parents:
                target = target.setdefault(parent, {})
            target[last] = table
    return ["\n" + tomli_w.dumps(named).rstrip()] if named else []


def _key_lines(name: str, field: FieldInfo, table: Mapping[str, Any]) -> list[str]:
    if name in table:
        return _toml(name, table[name]).splitlines()
    default = field.get_default(call_default_factory=True)
    if field.is_required() or default is None:
        return [f"#{name} ="]
    return [f"#{line}" for line in _toml(name, default).splitlines()]


def _toml(name: str, value: object) -> str:
    value = list(value) if isinstance(value, tuple) else value
    if not isinstance(value, Mapping):
        return tomli_w.dumps({name: value}).rstrip()
    pairs = ", ".join(tomli_w.dumps({key: entry}).rstrip() for key, entry in value.items())
    return f"{name} = {{ {pairs} }}" if pairs else f"{name} = {{}}"


def _markdown_table(fields: list[tuple[str, FieldInfo]]) -> list[str]:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in fields:
        cells = (f"`{name}`", _type(field.annotation), _default(name, field), _words(field))
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return rows


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return ""
    if isinstance(default, tuple) and len(default) > 3 and len(str(default)) > WIDTH:
        return f"{len(default)} names, the first `{default[0]}`"
    text = " ".join(_toml(name, default).partition(" = ")[2].split())
    return f"`{text.replace('[ ', '[').replace(', ]', ']')}`"


def _type(annotation: Any) -> str:
    """A field's type in words."""
    simple = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if annotation in simple:
        return simple[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"table of {_type(arguments[1])}"
    return " or ".join(_type(part) for part in arguments if part is not type(None))


def _words(field: FieldInfo) -> str:
    return " ".join((field.description or "").replace("``", "`").split())


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, WIDTH))


def _at(settings: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any] | None:
    """The table at ``path``; ``None`` where there is none."""
    table: Any = settings
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else None


if __name__ == "__main__":
    print(markdown(), end="")
