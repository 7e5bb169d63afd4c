"""The description of wishes and interests in the API in Chinese: English text → translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "Read a wish as chips, and list what was not understood; nothing is stored.": (
        "把一个愿望解析为标签，并列出未能理解的部分；不保存任何内容。"
    ),
    "Return a user's interests: those that were edited first, then the strongest.": (
        "返回用户的兴趣：修改过的在前，其余按强度排列。"
    ),
    "Store a wish for the user's lists; one without a duration counts for always.": (
        "保存用户的一个愿望，用于之后的推荐；未说明期限的一直有效。"
    ),
    "Withdraw all standing wishes: only events say what interests the user.": (
        "撤回所有长期愿望：兴趣只由行为决定。"
    ),
    "Undo the newest change of the user's interests that is not undone yet.": (
        "撤销用户兴趣最近一次尚未撤销的修改。"
    ),
    "Return one interest, with all changes of it.": "返回一个兴趣及其全部修改记录。",
    "Pin or mute an interest, weigh it, let it expire; the next list knows.": (
        "置顶或屏蔽一个兴趣，设置权重或期限；下一次推荐即生效。"
    ),
    "Withdraw the edit of an interest: only events say how strong it is.": (
        "撤回对一个兴趣的修改：其强度只由行为决定。"
    ),
    "id of an entity, `item:ID`, or a value": "实体编号、`item:ID` 或属性值",
    "what it most often is of an item": "它与物品最常见的关系",
    "number of items that are tied to it": "与它相连的物品数",
    "One thing that an ambiguous name may mean.": "有歧义的名称可能指代的一个对象。",
    "name of what it is about": "对象的名称",
    "null for any": "空值表示任意关系",
    "how long it counts": "有效多久",
    "of the wish, that it was read from": "愿望中对应的文字",
    "place of the words in the wish": "这些文字在愿望中的位置",
    "the chip in words; not read when it is sent back": "标签的文字说明；回传时不读取",
    "One wish: a direction and what it is about.\n\n"
    "An `entity` chip is about `node`, by `relation` alone where it is named; a `range` chip"
    " about\n"
    "the items whose `relation` has a value from `low` to `high`; a `trend` chip about higher"
    " (`up`)\n"
    "or lower values of `relation`; `popularity` and `novelty` are about how many users like an"
    " item\n"
    "and how much it differs from the user's history; `similar` about items like `node`. A"
    " `question`\n"
    "changes nothing until one of its `alternatives` is sent back as an `entity` or `similar`"
    " chip. A\n"
    "chip that lacks what its kind is about is ignored, and listed as such.": (
        "一个愿望：方向及其对象。\n\n"
        "`entity` 针对 `node`，若给出 `relation` 则只看该关系；`range` 针对 `relation` 的值在 "
        "`low` 到 `high` 之间的物品；`trend` 针对 `relation` 的值更高（`up`）或更低；"
        "`popularity` 和 `novelty` 分别针对喜欢的人数以及与用户历史的差异；`similar` 针对与 "
        "`node` 相似的物品。`question` 在把某个 `alternatives` 作为 `entity` 或 `similar` "
        "标签回传之前不起作用。缺少对象的标签会被忽略并列出。"
    ),
    "why, in the language of the answer": "原因，使用响应的语言",
    "Words of a wish that were not understood.": "愿望中未能理解的文字。",
    "its id, the same in every snapshot": "兴趣的编号，在所有快照中相同",
    "inferred from events; pinned or muted by an edit; wished in other words": (
        "inferred 由行为推断；pinned、muted 为置顶、屏蔽；wished 为其他愿望"
    ),
    "by events; null where they say none": "由行为得出的强度；行为未体现时为空值",
    "events of the history that carry it": "历史行为中体现该兴趣的事件数",
    "of the edit": "修改时设置的权重",
    "the standing wish": "当前有效的愿望",
    "the newest change first": "最近的修改在前",
    "One interest of a user, from events, from a wish, or from both.": (
        "用户的一个兴趣，来自行为、愿望或二者。"
    ),
    "One change of an interest; `chip` is null where it was given back to the events.": (
        "对兴趣的一次修改；`chip` 为空值表示交还给行为决定。"
    ),
    "more of it from now on": "以后多一些",
    "less of it from now on": "以后少一些",
    "null for always": "空值表示一直有效",
    "An edit of one interest: pin or mute it, weigh it, let it expire.": (
        "对一个兴趣的修改：置顶或屏蔽、权重、期限。"
    ),
    'a wish in words, as "less crime, more seventies", or the chips that one was read as, as they '
    "were or edited; wishes that outlast the list are stored for the user": (
        "用文字表达的愿望，如“少一点犯罪片”，或解析得到的标签（可修改后回传）；期限超过本次列表的愿望会为用户保存"
    ),
    "what the wish of the request was read as; null without one": (
        "请求中的愿望的解析结果；没有愿望时为空值"
    ),
    "what else there is to say, as that a wish was not stored": "其他说明，例如愿望未能保存",
    "What a wish was read as.": "愿望的解析结果。",
    "The interests of a user: those that were edited first, then the strongest.": (
        "用户的兴趣：修改过的在前，其余按强度排列。"
    ),
    "A wish to read.": "待解析的愿望。",
    "whether the configured language model proposes what was not understood; the answer waits for "
    "it, and what it proposes counts only where the graph has it": (
        "未能理解的部分是否由已配置的语言模型提出建议；响应会等待它，且只采纳图谱中存在的建议"
    ),
    "A wish in words, or chips.": "用文字表达的愿望，或标签。",
}
"""Descriptions of routes, bodies and fields."""
