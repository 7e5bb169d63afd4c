"""The description of explanations in the API in Chinese: English text → translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "A request to explain one item, and why a list has it or lacks it.\n\n"
    "The list is made without exploration, and nothing is stored.": (
        "请求解释一个物品，以及列表为什么有它或没有它。\n\n该列表不含探索，也不保存任何内容。"
    ),
    "Explain one item: every reason for and against it, and why a list lacks it.\n\n"
    "The shares of the reasons sum to its score.": (
        "解释一个物品：全部正反理由，以及列表为什么没有它。\n\n各理由的份额之和等于其得分。"
    ),
    "whether events and wishes are searched with which the list would have the item; each is "
    "computed, so the answer takes as long as up to thirty lists": (
        "是否查找能使列表包含该物品的行为和愿望；每种改变都会实际计算，因此耗时相当于最多三十个列表"
    ),
    "llm: the configured language model words the paths, for which the answer waits up to [llm] "
    "wording_seconds; what it says is checked, else the template stands": (
        "llm：由已配置的语言模型改写路径，响应最多等待 [llm] wording_seconds；"
        "其句子会经过检查，不合格则使用模板"
    ),
    "A reason, and who worded it.": "一条理由，以及由谁写成句子。",
    "llm where a language model worded the path, checked": ("llm 表示由语言模型改写路径并已检查"),
    "where a language model worded it, what the template says": "由语言模型改写时，模板的句子",
    "why the template stands although the language model was asked": (
        "已请求语言模型、但仍使用模板的原因"
    ),
    "its place in a list of the user, or why it has none there": (
        "它在用户列表中的位置，或没有位置的原因"
    ),
    "Where an item stands with regard to a list: its place, or why it has none.": (
        "物品相对于列表的情况：位置，或没有位置的原因。"
    ),
    "places of the list": "列表的位置数",
    "of the item in the list; null where it has none": "物品在列表中的位置；没有时为空值",
    "number of items that have a rank": "参与排名的物品数",
    "number of items that all rules let into the list": "全部规则都允许进入列表的物品数",
    "the item's rank in those by the scores alone, as if it were one of them": (
        "仅按得分，把该物品视为其中之一时的名次"
    ),
    "null where the list is empty": "列表为空时为空值",
    "the place that the list gives it where the rules admit this one item; null without rules, "
    "and where it has no place even so": (
        "规则单独放行该物品时它在列表中的位置；没有规则，或放行后仍没有位置时为空值"
    ),
    "single changes that bring it in, the list computed with each; there may be others": (
        "能使它进入列表的单项改变，每项都已实际计算列表；可能还有其他改变"
    ),
    "number of changes with which the list was computed": "实际计算过列表的改变数",
    "The last item of the list.": "列表的最后一个物品。",
    "A rule that keeps the item out of the list.": "使该物品不能进入列表的规则。",
    "delisted: the last complete import lacks it; not_yet, no_more: outside of its dates; seen: "
    "the user has an event on it; filter: of the request, surface_filter: of the surface; "
    "max_per: other items have the places for a value of it; wish: an only or never": (
        "delisted：最近一次完整导入中没有它；not_yet、no_more：不在可列出的日期内；"
        "seen：用户已接触过；filter：请求的筛选条件，surface_filter：展示位的筛选条件；"
        "max_per：同一取值的位置已被其他物品占用；wish：only 或 never 类愿望"
    ),
    "the condition that does not hold, as a filter is written; those that no rule names hold": (
        "不成立的条件，写法同筛选条件；没有列出的条件都成立"
    ),
    "what the condition names → what the item has of it now, which may be nothing": (
        "条件所涉及的名称 → 物品当前的取值，可能没有"
    ),
    "when its dates begin or end, or the time of the event; seconds since 1970-01-01 UTC": (
        "日期的开始或结束，或行为的时间；自 1970-01-01 UTC 起的秒数"
    ),
    "the wish": "相应的愿望",
    "of max_per, ids of the items that have the places": "max_per 时占用位置的物品编号",
    "whether the policy lets the rule give way where the list would be too short": (
        "列表过短时策略是否允许放宽此规则"
    ),
    "Something that the model does not know, and that could speak for the item.": (
        "模型不知道、但可能支持该物品的内容。"
    ),
    "text, facts, events: the item had none when the model was fitted; history: no event of the "
    "user counts; link: nothing joins the user's events to the item": (
        "text、facts、events：训练模型时物品没有文字、事实或行为；history：用户没有可用的行为；"
        "link：用户的行为与该物品没有任何联系"
    ),
    "A change of the user's events or wishes with which the list was computed and has the item.": (
        "对用户行为或愿望的一种改变：已据此实际计算列表，且列表包含该物品。"
    ),
    "of the item in that list": "物品在该列表中的位置",
    "the items that the events would be on, or would not be on": "增加或去掉的行为所针对的物品",
    "the entity that they would be on, or would not be on": "增加或去掉的行为所针对的实体",
    "of the events that would be there": "增加的行为的类型",
    "the wish that would not be there": "去掉的愿望",
}
"""English text → translation."""
