"""Errors in the format of a request, found by pydantic or its JSON parser, in every language.

Keys are the error types of pydantic and parameters its contexts' (``ValidationError.errors()``);
pydantic's own texts are English and are not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

VALUES: Final[Mapping[str, Template]] = {
    "missing": Template("a value is required", "缺少必填字段"),
    "extra_forbidden": Template("there is no field of this name", "没有这个字段"),
    "model_type": Template("a JSON object is expected", "应为 JSON 对象"),
    "model_attributes_type": Template("a JSON object is expected", "应为 JSON 对象"),
    "dict_type": Template("a JSON object is expected", "应为 JSON 对象"),
    "list_type": Template("a list is expected", "应为列表"),
    "tuple_type": Template("a list is expected", "应为列表"),
    "too_long": Template(
        "at most {max_length} are expected, {actual_length} found",
        "最多 {max_length} 个，实际为 {actual_length} 个",
    ),
    "too_short": Template(
        "at least {min_length} are expected, {actual_length} found",
        "至少 {min_length} 个，实际为 {actual_length} 个",
    ),
    "string_type": Template("text is expected", "应为文本"),
    "string_unicode": Template("valid Unicode text is expected", "应为有效的 Unicode 文本"),
    "string_too_short": Template(
        "text of at least {min_length} characters is expected", "文本至少要有 {min_length} 个字符"
    ),
    "string_too_long": Template(
        "text of at most {max_length} characters is expected", "文本不得超过 {max_length} 个字符"
    ),
    "string_pattern_mismatch": Template(
        "text of the form {pattern} is expected", "文本应符合格式 {pattern}"
    ),
    "int_type": Template("a whole number is expected", "应为整数"),
    "int_parsing": Template("a whole number is expected", "应为整数"),
    "int_parsing_size": Template("the number has too many digits", "数字位数过多"),
    "int_from_float": Template(
        "a whole number is expected, one with a fraction found", "应为整数，不能带小数"
    ),
    "float_type": Template("a number is expected", "应为数字"),
    "float_parsing": Template("a number is expected", "应为数字"),
    "finite_number": Template("a finite number is expected", "应为有限的数字"),
    "bool_type": Template("true or false is expected", "应为 true 或 false"),
    "bool_parsing": Template("true or false is expected", "应为 true 或 false"),
    "greater_than": Template("a number above {gt} is expected", "应大于 {gt}"),
    "greater_than_equal": Template("a number of at least {ge} is expected", "应不小于 {ge}"),
    "less_than": Template("a number below {lt} is expected", "应小于 {lt}"),
    "less_than_equal": Template("a number of at most {le} is expected", "应不大于 {le}"),
    "literal_error": Template("one of these is expected: {choices}", "应为以下之一：{choices}"),
    "union_tag_invalid": Template(
        "{discriminator} is {tag!r}, one of these is expected: {choices}",
        "{discriminator} 为“{tag}”，应为以下之一：{choices}",
    ),
    "union_tag_not_found": Template(
        "{discriminator} is required, it says what the body is",
        "缺少 {discriminator}，它说明请求体的种类",
    ),
}
"""Error types of pydantic that the service's requests can raise."""

RULES: Final[Mapping[str, Template]] = {
    "one_of_user_and_session": Template(
        "give either user_id or session", "user_id 与 session 必须且只能提供一个"
    ),
    "one_of_item_and_entity": Template(
        "an item_id or an entity is expected, and not both",
        "应有 item_id 或 entity 之一，且只能有一个",
    ),
    "one_of_value_and_rating": Template(
        "value and rating are two names of one field: give one of them",
        "value 与 rating 是同一字段的两个名称，只能提供一个",
    ),
    "one_of_ts_and_timestamp": Template(
        "ts and timestamp are two names of one field: give one of them",
        "ts 与 timestamp 是同一字段的两个名称，只能提供一个",
    ),
    "one_of_value_and_fact": Template(
        "give either value or fact", "value 与 fact 必须且只能提供一个"
    ),
    "attribute_cell": Template(
        "text, a number, true or false is expected, or a list of at most 100 of these",
        "应为文本、数字、true 或 false，或最多 100 个此类值的列表",
    ),
    "fact_id": Template(
        "a fact's id is a whole number, as text or as it is", "事实编号应为整数，可写成文本或数字"
    ),
    "unacceptable": Template("the value cannot be accepted", "该值无法接受"),
}
"""Rules of the requests themselves, and the text for all other error types."""

JSON: Final[Mapping[str, Template]] = {
    "json.EOF while parsing a list": Template("it ends within a list", "列表没有结束"),
    "json.EOF while parsing an object": Template("it ends within an object", "对象没有结束"),
    "json.EOF while parsing a string": Template("it ends within a text", "字符串没有结束"),
    "json.EOF while parsing a value": Template("it ends before a value", "缺少值"),
    "json.expected `:`": Template("a colon is expected", "应为冒号"),
    "json.expected `,` or `]`": Template("a comma or ] is expected", "应为逗号或 ]"),
    "json.expected `,` or `}`": Template("a comma or }} is expected", "应为逗号或 }}"),
    "json.expected ident": Template("true, false or null is expected", "应为 true、false 或 null"),
    "json.expected value": Template("a value is expected", "应为值"),
    "json.invalid escape": Template("this escape does not exist", "转义序列无效"),
    "json.invalid number": Template("this is no number", "数字格式无效"),
    "json.number out of range": Template("the number is too large", "数字超出范围"),
    "json.invalid unicode code point": Template("this is no Unicode", "不是有效的 Unicode"),
    "json.control character (\\u0000-\\u001F) found while parsing a string": Template(
        "a control character stands in a text", "字符串中含有控制字符"
    ),
    "json.key must be a string": Template("a key must be text", "键必须是字符串"),
    "json.lone leading surrogate in hex escape": Template(
        "half of a surrogate pair stands alone", "代理对不完整"
    ),
    "json.trailing comma": Template("a comma too many", "多余的逗号"),
    "json.trailing characters": Template("something follows the value", "值之后还有多余内容"),
    "json.unexpected end of hex escape": Template("an escape is cut short", "转义序列不完整"),
    "json.recursion limit exceeded": Template("it is nested too deep", "嵌套过深"),
    "json.other": Template("this cannot be read", "无法解析"),
}
"""Errors of JSON syntax, by the text of pydantic's parser."""

TEMPLATES: Final[Mapping[str, Template]] = {**VALUES, **RULES, **JSON}
