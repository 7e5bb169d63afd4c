"""What a person did with an item: in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.messages.template import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "event.view": Template("viewed", "看过"),
    "event.click": Template("clicked", "点击过"),
    "event.purchase": Template("bought", "买过"),
    "event.like": Template("liked", "喜欢"),
    "event.rating": Template("rated", "评过分"),
    "event.rating_of": Template("rated {value:g}", "评分 {value:g}"),
    "event.dislike": Template("not for me", "不感兴趣"),
    "event.skip": Template("skipped", "跳过"),
    "event.impression": Template("was shown", "曝光"),
}
