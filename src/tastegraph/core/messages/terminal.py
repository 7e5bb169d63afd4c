"""Texts that commands print around lists and explanations, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "list.popular": Template(
        "Nothing is known about this user: here is what most users like.",
        "还不了解这位用户的喜好，以下为热门内容。",
    ),
    "list.unrelated": Template(
        "What this user did says nothing about these items: here is what most users like.",
        "这位用户的行为与以下内容无关，因此按热门程度排列。",
    ),
    "list.empty": Template("There is nothing left to recommend.", "没有可以推荐的内容了。"),
    "list.filtered": Template(
        "items that meet the filter: {count:,}", "满足筛选条件的物品：{count:,} 个"
    ),
    "list.relaxed": Template(
        "too few items meet everything; what gave way: {names}",
        "满足全部条件的物品过少，已放宽：{names}",
    ),
    "list.item": Template(
        "{rank:>3}. {title}  [{item}]  score {score:.4f}",
        "{rank:>3}. {title}  [{item}]  得分 {score:.4f}",
    ),
    "explain.header": Template(
        "{title}  [{item}]: score {score:.4f}, rank {rank}",
        "{title}  [{item}]：得分 {score:.4f}，排名第 {rank}",
    ),
    "info.items": Template("items", "物品"),
    "info.facts": Template("facts", "事实"),
    "info.links": Template("links", "链接"),
    "info.events": Template("events", "事件"),
    "info.users": Template("users", "用户"),
    "info.snapshot": Template("snapshot", "快照"),
    "info.no_snapshot": Template("none yet", "尚未构建"),
    "info.history": Template(
        "{user}: {count} events, newest first", "{user}：{count} 条事件，最新的在前"
    ),
    "info.interests": Template("interest graph", "兴趣图谱"),
    "info.content": Template("content graph of {title}", "《{title}》的内容图谱"),
    "info.heading": Template("{what}:", "{what}："),
    "info.tie": Template(
        "  {strength:>+8.3f}  {phrase}: {label}", "  {strength:>+8.3f}  {phrase}：{label}"
    ),
    "info.near": Template(
        "  {strength:>+8.3f}  {phrase}: {label} (not stated)",
        "  {strength:>+8.3f}  {phrase}：{label}（据文本推断）",
    ),
    "info.nameless": Template(
        "  and {count:,} more to what has no name, which count in ranking",
        "  另有 {count:,} 条指向没有名称的实体，同样计入排序",
    ),
}
