"""Errors of the routes of Gorse, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "gorse.type": Template(
        "FeedbackType {type!r} is no event type: name one for it in tastegraph.toml, "
        '[gorse] types = {{ {type} = "like" }}, or give it a weight of its own, '
        "[events.weights] {type} = 1.0. There are {choices}",
        "FeedbackType“{type}”不是事件类型：请在 tastegraph.toml 中为它指定一个，"
        '[gorse] types = {{ {type} = "like" }}，或者为它设置权重，[events.weights] {type} = 1.0。'
        "现有类型：{choices}",
    ),
    "gorse.row": Template("entry {number}: {fault}", "第 {number} 条：{fault}"),
    "gorse.cursor": Template(
        "cursor is not one that an earlier answer had: begin without one",
        "cursor 不是之前响应中返回的值：请不带 cursor 重新开始",
    ),
    "gorse.delay": Template(
        "write-back-delay: a duration such as 10m or 1h30m is expected, {value!r} found",
        "write-back-delay：应为 10m 或 1h30m 这样的时长，实际为 {value!r}",
    ),
    "gorse.no_delay": Template(
        "write-back-delay is not supported, since no event may lie in the future: ask without it, "
        "or send the feedback when the items have been read",
        "不支持 write-back-delay，因为事件时间不能晚于当前："
        "请去掉该参数，或在用户看过物品之后再发送反馈",
    ),
    "gorse.list": Template(
        "there is no list {name!r}: there are {choices}", "没有列表“{name}”，现有：{choices}"
    ),
    "gorse.no_feedback": Template(
        "user {user!r} has no feedback {type!r} on item {item!r}",
        "用户“{user}”对物品“{item}”没有“{type}”反馈",
    ),
}
