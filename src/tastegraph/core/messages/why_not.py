"""Why a list lacks an item, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

SUMMARIES: Final[Mapping[str, Template]] = {
    "why_not.listed": Template(
        "It stands at place {place} of the {n} places of the list.",
        "它在该列表的 {n} 个位置中排第 {place}。",
    ),
    "why_not.behind": Template(
        "By score it is number {rank:,} of the {count:,} items that may be listed, and number "
        "{overall:,} of all {total:,}; the list of {n} ends with {title} at {last:.4f}, and it has "
        "{score:.4f}.",
        "按得分它在可列出的 {count:,} 个物品中排第 {rank:,}，在全部 {total:,} 个物品中排第 "
        "{overall:,}；{n} 个位置的列表以《{title}》结尾，其得分为 {last:.4f}，而它的得分为 "
        "{score:.4f}。",
    ),
    "why_not.ruled_out": Template(
        "By score it is number {rank:,} of {total:,} items, and rules keep it out of the list of "
        "{n}: {rules}.",
        "按得分它在 {total:,} 个物品中排第 {rank:,}，但规则使它不能进入 {n} 个位置的列表："
        "{rules}。",
    ),
    "why_not.arranged": Template(
        "By score it is number {rank:,} of the {count:,} items that may be listed, and the "
        "arrangement of the list of {n} gives its place to others: {causes}.",
        "按得分它在可列出的 {count:,} 个物品中排第 {rank:,}，但 {n} 个位置的列表在排布时"
        "把位置给了其他物品：{causes}。",
    ),
    "why_not.semicolon": Template("; ", "；"),
    "why_not.both": Template("{first} {second}", "{first}{second}"),
    "why_not.admitted": Template(
        "If they admitted it alone, it would stand at place {place}.",
        "如果规则单独放行它，它会排在第 {place}。",
    ),
    "why_not.not_admitted": Template(
        "Even if they admitted it, it would not be in the list.",
        "即使规则放行它，它也不会进入列表。",
    ),
    "why_not.cause.pins": Template("pins", "固定位置"),
    "why_not.cause.new_items": Template("places of new items", "留给新物品的位置"),
    "why_not.cause.diversity": Template("diversity", "多样性"),
    "why_not.cause.index": Template(
        "the index did not find it as a candidate", "索引没有把它选为候选"
    ),
    "why_not.cause.ties": Template("equal scores", "得分相同"),
}
"""What is said first."""

RULES: Final[Mapping[str, Template]] = {
    "why_not.delisted": Template(
        "it is delisted: the last complete import of the catalogue lacks it",
        "它已下架：最近一次完整导入的目录中没有它",
    ),
    "why_not.hidden": Template("it is hidden", "它已被隐藏"),
    "why_not.not_yet": Template(
        "it may be listed only from {moment} on", "它从 {moment} 起才可列出"
    ),
    "why_not.no_more": Template(
        "it may be listed no more since {moment}", "它从 {moment} 起不再列出"
    ),
    "why_not.seen": Template(
        "it is left out as something that you know: {action}",
        "你已接触过它（{action}），列表不再列出",
    ),
    "why_not.seen_before": Template(
        "it is left out as something that you know", "你已接触过它，列表不再列出"
    ),
    "why_not.clause": Template(
        "{source} asks for {clause}, and it has {values}",
        "{source}要求 {clause}（它的情况：{values}）",
    ),
    "why_not.source.filter": Template("the filter", "筛选条件"),
    "why_not.source.surface_filter": Template(
        "the filter of the surface {surface}", "展示位 {surface} 的筛选条件"
    ),
    "why_not.source.max_age": Template("the maximum age", "最大时限"),
    "why_not.value": Template("{name} {values}", "{name} 为 {values}"),
    "why_not.no_value": Template("no {name}", "没有 {name}"),
    "why_not.max_per": Template(
        "the list has at most {limit} with one {name}, and {titles} have the places for {value}",
        "列表中同一 {name} 最多 {limit} 个，{value} 的位置已由{titles}占用",
    ),
    "why_not.wish": Template("your wish: {chip}", "你的愿望：{chip}"),
}
"""Rules, each as a part of a sentence."""

MISSING: Final[Mapping[str, Template]] = {
    "why_not.no_text": Template("The model has no text of it.", "模型中没有它的文字介绍。"),
    "why_not.no_facts": Template("The model has no facts about it.", "模型中没有关于它的事实。"),
    "why_not.no_events": Template(
        "Nobody liked it when the model was fitted.", "训练模型时没有人喜欢它。"
    ),
    "why_not.no_history": Template(
        "No event of yours counts, so the list is by popularity alone.",
        "你没有可用的行为记录，列表只按热度排列。",
    ),
    "why_not.no_link": Template(
        "Nothing in your history is joined to it by what the model knows.",
        "就模型所知，你的历史与它没有任何联系。",
    ),
}
"""What the model does not know."""

CHANGES: Final[Mapping[str, Template]] = {
    "why_not.if_liked": Template(
        "It would stand at place {place} if you liked {titles}.",
        "如果你喜欢{titles}，它会排在第 {place}。",
    ),
    "why_not.if_event": Template(
        'It would stand at place {place} with an event "{type}" of yours on {titles}.',
        "如果你对{titles}有一条“{type}”行为，它会排在第 {place}。",
    ),
    "why_not.without_event": Template(
        "It would stand at place {place} without what you did with {titles}.",
        "如果没有你对{titles}的行为，它会排在第 {place}。",
    ),
    "why_not.without_wish": Template(
        "It would stand at place {place} without your wish: {chip}.",
        "如果没有你的愿望“{chip}”，它会排在第 {place}。",
    ),
    "why_not.quoted": Template("{title}", "《{title}》"),
    "why_not.and": Template("{titles} and {last}", "{titles}和{last}"),
    "why_not.no_change": Template(
        "No single change of {count} that were computed would bring it in.",
        "计算了 {count} 种改变，没有一种能使它进入列表。",
    ),
}
"""Changes that would bring it in."""

WORDINGS: Final[Mapping[str, Template]] = {
    "wording.not_configured": Template(
        "no language model is configured: [llm] endpoint and model in tastegraph.toml",
        "尚未配置语言模型：请设置 tastegraph.toml 中 [llm] 的 endpoint 和 model",
    ),
    "wording.by_template": Template("worded by the template: {note}", "使用模板的句子：{note}"),
    "wording.no_path": Template(
        "only a path of named facts between two items is worded",
        "只有两个物品之间由有名称的事实组成的路径会改写",
    ),
    "wording.too_many": Template(
        "only the paths with the largest shares are worded", "只改写份额最大的几条路径"
    ),
    "wording.busy": Template("the language model has too many requests", "语言模型的请求过多"),
    "wording.late": Template(
        "the language model did not answer within {seconds} s", "语言模型没有在 {seconds} 秒内回答"
    ),
    "wording.no_answer": Template(
        "the language model gave no usable answer", "语言模型没有给出可用的回答"
    ),
    "wording.none": Template("the answer has no sentence for it", "回答中没有它的句子"),
    "wording.length": Template("the sentence is too long", "句子过长"),
    "wording.name_missing": Template(
        "the sentence lacks a name of the path", "句子缺少路径中的名称"
    ),
    "wording.markup": Template(
        "the sentence has signs that no plain sentence has", "句子含有普通句子没有的符号"
    ),
    "wording.number": Template(
        "the sentence has a number that the path has not", "句子含有路径中没有的数字"
    ),
    "wording.language": Template("the sentence is in another language", "句子使用了另一种语言"),
    "wording.other_word": Template(
        "the sentence says something that the path does not", "句子说了路径之外的内容"
    ),
    "wording.relation_missing": Template(
        "the sentence does not state the relation", "句子没有说明关系"
    ),
}
"""Why the words of a language model are not taken."""

TEMPLATES: Final[Mapping[str, Template]] = {**SUMMARIES, **RULES, **MISSING, **CHANGES, **WORDINGS}
"""Key → template."""
