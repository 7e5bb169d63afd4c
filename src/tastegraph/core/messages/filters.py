"""Errors of filters, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

SYNTAX: Final[Mapping[str, Template]] = {
    "filter.at": Template(
        "filter, character {character}: {fault}\n  {line}\n  {caret}",
        "筛选条件，第 {character} 个字符：{fault}\n  {line}\n  {caret}",
    ),
    "filter.expected": Template(
        "{expected} expected, {found} found", "应为{expected}，实际为{found}"
    ),
    "filter.nearest": Template("{fault}: did you mean {names}?", "{fault}：是否想写 {names}？"),
    "filter.hint": Template("{fault}: {hint}", "{fault}：{hint}"),
    "filter.end": Template("the end", "结尾"),
    "filter.character": Template(
        "{character} has no meaning in a filter", "筛选条件中不能使用 {character}"
    ),
    "filter.operator": Template("write {word}", "请写 {word}"),
    "filter.open_text": Template(
        "the text that begins here has no closing {quote}", "从这里开始的文本缺少结束的 {quote}"
    ),
    "filter.open_name": Template(
        "the name that begins here has no closing `", "从这里开始的名称缺少结束的 `"
    ),
    "filter.escape": Template(
        "after \\ in a text stands {choices}", "文本中的 \\ 之后只能是 {choices}"
    ),
    "filter.no_number": Template("{text} is no number", "{text} 不是数字"),
    "filter.no_date": Template(
        "{text} is no date: there is no such day or time", "{text} 不是日期：没有这样的日期或时间"
    ),
    "filter.spaces": Template(
        "a name with spaces stands in backticks, such as `{name}`",
        "含空格的名称请用反引号括起来，例如 `{name}`",
    ),
    "filter.condition": Template(
        "a name, a value, 'has', 'not' or '('", "名称、值、'has'、'not' 或 '('"
    ),
    "filter.comparison": Template(
        "a comparison such as =, <, in or contains, 'and', 'or', or the end",
        "比较符（如 =、<、in、contains）、'and'、'or' 或结尾",
    ),
    "filter.connective": Template("'and', 'or' or the end", "'and'、'or' 或结尾"),
    "filter.closing": Template("'and', 'or' or ')'", "'and'、'or' 或 ')'"),
    "filter.name": Template("the name of an attribute or relation", "属性或关系的名称"),
    "filter.value": Template(
        'a value: a number, a date, "text", true or false', '值：数字、日期、"文本"、true 或 false'
    ),
    "filter.text": Template('text in quotes, such as "blue"', '带引号的文本，例如 "blue"'),
    "filter.list": Template("a list such as [1, 2]", "列表，例如 [1, 2]"),
    "filter.list_end": Template("',' or ']'", "',' 或 ']'"),
    "filter.missing": Template("'missing' or 'not missing'", "'missing' 或 'not missing'"),
    "filter.range_and": Template("'and' and the upper bound", "'and' 和上限"),
    "filter.membership": Template("'in' and a name", "'in' 和名称"),
    "filter.empty": Template("the filter is empty", "筛选条件为空"),
    "filter.too_long": Template(
        "a filter has at most {limit:,} characters, this one {length:,}",
        "筛选条件最多 {limit:,} 个字符，实际为 {length:,} 个",
    ),
    "filter.too_deep": Template(
        "parentheses and 'not' are nested more than {limit} deep",
        "括号和 'not' 的嵌套超过了 {limit} 层",
    ),
    "filter.too_many": Template(
        "a filter has at most {limit} comparisons", "筛选条件最多 {limit} 个比较"
    ),
    "filter.list_too_long": Template(
        "a list has at most {limit:,} values", "列表最多 {limit:,} 个值"
    ),
}
"""Faults in the text of a filter."""

TEMPLATES: Final[Mapping[str, Template]] = {**SYNTAX}
