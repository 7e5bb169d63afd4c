"""The description of filters and policies of lists in Chinese: English text → translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "Return the attributes and relations that a filter may name.": (
        "返回筛选条件可以使用的属性和关系。"
    ),
    "A name that filters may use.": "筛选条件可以使用的名称",
    "The names that filters may use.": "筛选条件可以使用的全部名称",
    "what its values are: name is text": "值的类型：name 为文本",
    "whether it is written after inverse": "是否写在 inverse 之后",
    "items where it is an attribute of items, facts where facts state it": (
        "items 表示物品属性，facts 表示来自事实"
    ),
    "number of items that have a value": "有取值的物品数",
    "number of values that could not be read, and are missing": "无法解读、视为缺失的取值数",
    "one of these; empty where there is none": "其中一例；没有时为空",
    "What the filter of a request met.": "请求的筛选条件的结果",
    "number of items that meet it, whether or not they may be listed": (
        "满足条件的物品数，不论能否列出"
    ),
    "what a reader may not expect: values that no item has, names that several entities have, "
    "values that are missing since they could not be read": (
        "需要留意的情况：没有物品具有的取值、多个实体同名、因无法解读而视为缺失的取值"
    ),
    "whether a policy put it at this place": "是否由策略置于该位置",
    "on the filter of the request; null without one": "关于请求的筛选条件；没有时为 null",
    "what gave way, since the list would have had fewer items than n: max_age, filter (of the "
    "surface, never that of the request), max_per": (
        "为凑足 n 个物品而放宽的限制：max_age、filter（版位的筛选条件，"
        "绝不放宽请求自身的条件）、max_per"
    ),
    "where the list stands: the name of one of [surfaces], whose policy holds": (
        "列表所在的版位：[surfaces] 中的名称，采用其策略"
    ),
    "which items may be listed, by their attributes and the facts about them": (
        "可以列出哪些物品，按属性和事实筛选"
    ),
    "attribute with a date → days: items with an older date, or none, are left out": (
        "日期属性 → 天数：日期更早或没有日期的物品不列出"
    ),
    "attribute or relation → how many items may have one value of it": (
        "属性或关系 → 同一取值最多列出的物品数"
    ),
    "items that stand higher, or lower, than their scores say": "排名高于或低于其得分的物品",
    "items at places of their own, if they may be listed and meet the filter": (
        "固定在指定位置的物品（须可列出且满足筛选条件）"
    ),
    "how much the list avoids items that are like those above them": "避免与前面物品相似的程度",
    "what gives way, in this order, where the list would be too short: max_age, filter (of the "
    "surface, never that of the request), max_per": (
        "列表过短时依次放宽：max_age、filter（版位的筛选条件，绝不放宽请求自身的条件）、max_per"
    ),
    "number of items; by default what the surface says, or 10": (
        "物品数；默认取版位的设置，否则为 10"
    ),
    "Items that stand higher, or lower, than their scores say.": "排名高于或低于其得分的物品",
    'Which items, as ``in_stock and brand = "Acme"`` says.': "哪些物品，写法同筛选条件",
    "What their scores are multiplied by; scores below 0 are divided. Below 1, they go down.": (
        "得分乘以该值（负分则除以该值）；小于 1 时排名下降"
    ),
    "What is added to their scores after that.": "之后再加到得分上的值",
    'What a reason says of it: "new in our shop". By default the filter.': (
        "推荐理由中的说法，例如“本店新品”；默认为筛选条件本身"
    ),
    "An item at a place of its own.": "固定在指定位置的物品",
    "Which item.": "哪个物品",
    "Its rank in the list, from 1.": "在列表中的名次，从 1 开始",
}
"""Descriptions of routes, bodies and fields."""
