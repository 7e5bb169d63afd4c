"""What items and users have in common, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "related.shared": Template("in common: {phrase} {name}", "共同点：{phrase} {name}"),
    "related.shared_subject": Template(
        "in common: {name} ({phrase})", "共同点：{name}（{phrase}）"
    ),
    "related.direct": Template(
        "{subject} · {phrase} · {object}", "{subject} · {phrase} · {object}"
    ),
    "related.liked_by_one": Template("one person likes both", "有 1 人两者都喜欢"),
    "related.liked": Template("{count:,} people like both", "有 {count:,} 人两者都喜欢"),
    "related.texts": Template("their texts are alike", "两者的文字介绍相近"),
    "related.bought_by_one": Template("one person bought both", "有 1 人两者都买了"),
    "related.bought": Template("{count:,} people bought both", "有 {count:,} 人两者都买了"),
    "related.likes": Template("likes {names}", "喜欢：{names}"),
    "related.items": Template("both like {names}", "都喜欢：{names}"),
    "related.no_trend": Template(
        "no list of trending items: the model in service does not use what was liked lately",
        "没有热门趋势列表：线上模型未使用近期的喜好",
    ),
}
