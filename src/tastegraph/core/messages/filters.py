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
    "filter.of": Template("{place}: {fault}", "{place}：{fault}"),
    "filter.boosted": Template("promoted: {reason}", "推广：{reason}"),
    "filter.demoted": Template("moved down: {reason}", "降低排名：{reason}"),
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

FIELDS: Final[Mapping[str, Template]] = {
    "filter.no_field": Template(
        "there is no attribute or relation {name}", "没有名为 {name} 的属性或关系"
    ),
    "filter.no_inverse": Template(
        "nothing has the relation {name} to an item", "没有以物品为宾语的关系 {name}"
    ),
    "filter.fields": Template("there are {names}", "现有：{names}"),
    "filter.no_fields": Template(
        "the items have no attributes, and nothing is known of them", "物品没有任何属性或事实"
    ),
    "filter.type": Template(
        "{name} is {kind}, {value} is {other}", "{name} 是{kind}，{value} 是{other}"
    ),
    "filter.kind.number": Template("a number", "数字"),
    "filter.kind.date": Template("a date", "日期"),
    "filter.kind.truth": Template("true or false", "真假值"),
    "filter.kind.name": Template("text", "文本"),
    "filter.kind.text": Template("text", "文本"),
    "filter.kind.id": Template("an id", "编号"),
    "filter.either": Template("{one} or {other}", "{one}或{other}"),
    "filter.not_ordered": Template(
        "{name} is {kind}, which has no order", "{name} 是{kind}，不能比较大小"
    ),
    "filter.not_text": Template(
        "{name} is {kind}, and contains looks at text", "{name} 是{kind}，contains 只能用于文本"
    ),
    "filter.not_flag": Template(
        "{name} is {kind}, and not true or false", "{name} 是{kind}，不是真假值"
    ),
    "filter.use_equal": Template("compare it by =, in or contains", "请用 =、in 或 contains"),
    "filter.use_has": Template(
        "compare it, or write has {name} for items that have it",
        "请写出比较条件，或用 has {name} 表示有该值的物品",
    ),
    "filter.no_quotes": Template("write {value} without quotes", "请去掉 {value} 的引号"),
    "filter.use_date": Template("write a date such as 2020-01-31", "请写日期，例如 2020-01-31"),
    "filter.not_all_numbers": Template(
        "not all its values are numbers, such as {example}", "它的值不全是数字，例如 {example}"
    ),
    "filter.inverted": Template(
        "the lower bound comes first: {low} is above {high}", "下限应在前：{low} 大于 {high}"
    ),
    "filter.no_value": Template("no item has {name} = {value}", "没有物品满足 {name} = {value}"),
    "filter.several": Template(
        "{count} entities are called {value}: all of them count for {name}",
        "名为 {value} 的实体有 {count} 个，{name} 全部计入",
    ),
    "filter.unread": Template(
        "{name}: values that are read as missing, since they are not {kind}: {count:,}, such as "
        "{example}",
        "{name}：{count:,} 个值不是{kind}（例如 {example}），视为缺失",
    ),
}
"""Faults of a filter that does not fit the catalogue, and notes on one that does."""

TEMPLATES: Final[Mapping[str, Template]] = {**SYNTAX, **FIELDS}
