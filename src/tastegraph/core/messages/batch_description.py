"""The description of batches, next pages, bulk routes and exports in Chinese: English → Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "Recommend items to many users or to all, a line of JSON for each; nothing is stored.": (
        "为多位或全部用户生成推荐列表，每位用户一行 JSON；不做存储。"
    ),
    "A request of lists for many users.": "为多位用户请求列表",
    "A line of the answer: the list of a user, why there is none, or the end.": (
        "回答中的一行：一位用户的列表、没有列表的原因，或结束行"
    ),
    "The last line: without it, the answer is not whole.": "最后一行：缺少它说明回答不完整",
    "The list of one user of a batch.": "批量中一位用户的列表",
    "A user of a batch who has no list, and why.": "批量中没有列表的用户及其原因",
    "ids; null for all users, in the order of their ids": (
        "用户编号；为 null 时按编号顺序包括全部用户"
    ),
    "how many users have one": "有列表的用户数",
    "reason → users without a list": "原因 → 没有列表的用户数",
    "version that all lists are from": "全部列表所依据的快照版本",
    "what gave way, since the list would have had fewer items than n": (
        "列表不足 n 个物品时放宽的条件"
    ),
    "unknown: nothing is stored of this id; erased: it was deleted; empty: no item is left to "
    "list; repeated: it came before; session: it is a session, and no user": (
        "unknown：没有存储该编号；erased：已被删除；empty：没有可列出的物品；repeated：此前已出现；"
        "session：这是会话而非用户"
    ),
    "Continue a list: the best items that stand neither in it nor in those before it.\n\n"
    "By its request, policy and wishes; an empty list with a note where no item is left.": (
        "续接一个列表：此列表及此前各列表之外的最佳物品。\n\n"
        "沿用其请求、策略和愿望；没有剩余物品时返回空列表和说明。"
    ),
    "A list that continues another.": "续接另一列表的列表",
    "id of the list that it continues": "所续接的列表的编号",
    "that there are no further items, where the list has none": "列表为空时，说明没有更多物品",
    "by default as many as before": "默认与此前相同",
    "Add or replace items, a line of JSON for each: the valid ones together.": (
        "新增或替换物品，每个物品一行 JSON：有效的一起写入。"
    ),
    "Add or replace users, a line of JSON for each: the valid ones together; events stay.": (
        "新增或替换用户，每位用户一行 JSON：有效的一起写入；事件保留不变。"
    ),
    "a line of JSON for each; the schema is that of one line": "每条一行 JSON；模式为单行的模式",
    "An item on a line of its own.": "独占一行的物品",
    "A user on a line of its own.": "独占一行的用户",
    "The outcome of many records: the valid ones are stored together, the others are listed.": (
        "批量写入的结果：有效的一起写入，其余逐条列出"
    ),
    "The outcome of many items.": "批量写入物品的结果",
    "Return all that is stored of a user: events, lists, wishes, votes, attributes.": (
        "返回存储的关于一位用户的全部信息：事件、列表、愿望、投票、属性。"
    ),
    "All that is stored of a user, and what follows from it.": (
        "存储的关于一位用户的全部信息及其推论"
    ),
    "One event of a user, as it is stored.": "存储的一个用户事件",
    "null where it is on an entity": "事件针对实体时为 null",
    "null where it is on an item": "事件针对物品时为 null",
    "the list that showed the item": "展示该物品的列表",
    "One change of a user's wishes; `chip` is null where the wish was withdrawn.": (
        "用户愿望的一次修改；愿望被撤回时 `chip` 为 null"
    ),
    "id of what it is about": "所涉及内容的编号",
    "number of facts that their columns state": "各列所陈述的事实数",
    "all of them, the oldest first": "全部事件，最早的在前",
    "that were stored for the user, the oldest first": "为该用户存储的列表，最早的在前",
    "every change of the user's wishes, those undone too, the newest first": (
        "用户愿望的每次修改，包括已撤销的，最新的在前"
    ),
    "facts that the user said are wrong": "用户认为错误的事实",
    "facts about the user": "关于该用户的事实",
    "what follows from events and wishes": "由事件和愿望得出的兴趣",
    "A fact that names the user.": "提到该用户的事实",
    "That the user said a fact is wrong.": "用户认为某个事实错误",
    "Delete one event, such as a click by mistake; the next list does not know it.": (
        "删除一个事件，例如误点击；下一个列表不再考虑它。"
    ),
    "An event that was deleted; its id may come again.": "已删除的事件；其编号可以再次使用",
}
