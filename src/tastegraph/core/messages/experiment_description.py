"""The description of experiments in Chinese: English text → translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "Return how often lists of each variant got a response, and which variant is better.": (
        "返回各实验组的列表得到响应的比例，以及哪一组更好。"
    ),
    "lists of the last days alone": "只统计最近若干天的列表",
    "type of the events that alone are a response, such as purchase; by default all that count "
    "for their item": "只把该类型的事件算作响应，如 purchase；默认为所有认可物品的事件",
    "whether it is configured now": "目前是否在配置中",
    "probability with which the intervals hold, at all looks together": (
        "区间同时在所有查看时刻成立的概率"
    ),
    "number of users left out, since they were shown lists of more than one variant: the shares "
    "were changed meanwhile": (
        "未计入的用户数：期间比例有过更改，这些用户看到过不止一个实验组的列表"
    ),
    "What came of one experiment.": "一个实验的结果",
    "What came of each experiment: those configured first, then earlier ones.": (
        "各个实验的结果：先列配置中的，再列以前的"
    ),
    "the experiment that the list is part of; null outside of any": (
        "列表所属的实验；不属于任何实验时为 null"
    ),
    "the variant of that experiment that the user gets": "用户在该实验中所属的实验组",
    "as in events; lists of one session_id are of one variant of an experiment, and a session "
    "without it takes no part in experiments": (
        "与事件中的相同；同一 session_id 的列表属于同一实验组，没有它的会话不参加实验"
    ),
    "the control, or the first variant where there is none": "对照组；没有对照组时为第一个实验组",
    "rate of the variant less that of the reference": "该组的比例减去参照组的比例",
    "lower end of the interval of the difference, in [-1, 1]": "差值区间的下端，在 [-1, 1] 之内",
    "upper end of the interval of the difference, in [-1, 1]": "差值区间的上端，在 [-1, 1] 之内",
    "better or worse than the reference, or undecided; it holds however often one looks": (
        "优于参照组（better）、不如参照组（worse）或尚未分出（undecided）；无论查看多少次都成立"
    ),
    "about how many more lists of both would tell, if the difference stays as it is; null where "
    "none would in sight, and with too few users to tell": (
        "若差距保持不变，两组合计大约还需多少列表才能判断；短期内无法判断，或用户太少时为 null"
    ),
    "the verdict in words": "用文字表述的结论",
    "A variant beside the one that it is compared with.": "一个实验组与其参照组的比较",
    "of the users, as configured; null where it is not configured now": (
        "配置中占用户的比例；目前不在配置中时为 null"
    ),
    "number of users who were shown lists of it": "看到过该组列表的用户数",
    "number of items that these lists showed": "这些列表展示的物品数",
    "number of lists with a response": "得到响应的列表数",
    "type → number of items in these lists with such an event": (
        "事件类型 → 这些列表中发生该类事件的物品数"
    ),
    "share of the lists with a response; null without lists": (
        "得到响应的列表所占比例；没有列表时为 null"
    ),
    "lower end of the interval of the rate, in [0, 1]": "比例区间的下端，在 [0, 1] 之内",
    "upper end of the interval of the rate, in [0, 1]": "比例区间的上端，在 [0, 1] 之内",
    "version of the snapshot → number of lists made from it": "快照版本 → 由它生成的列表数",
    "Responses to the lists of one variant.": "一个实验组的列表得到的响应",
}
