"""The description of facts, entities, paths, imports and jobs in Chinese: English → translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHINESE: Final[Mapping[str, str]] = {
    "State label and kind of an entity; the answer comes when they are on disk.": (
        "陈述一个实体的名称和类别；写入磁盘后才返回。"
    ),
    "Return the shortest paths between two nodes of the graph in service.\n\nEdges are the facts "
    "of items; those between two entities are in the store alone.": (
        "返回线上图谱中两个节点之间的最短路径。\n\n"
        "边是与物品有关的事实；两个实体之间的事实只在存储中。"
    ),
    "an entity's id in the facts, or item:ID of an item": "事实中的实体编号，或物品的 item:ID",
    "facts of a path, at most": "一条路径最多包含的事实数",
    "Return a page of the stored facts, or of those about one thing.": (
        "返回一页已存储的事实，或关于某一事物的事实。"
    ),
    "only facts about it, by its id": "只返回关于它的事实（按其编号）",
    "Add facts to what a source states; the answer comes when they are on disk.\n\nThey are in the "
    "graph of the next snapshot, which a running service makes at once.": (
        "为一个来源添加事实；写入磁盘后才返回。\n\n"
        "这些事实进入下一个快照的图谱，运行中的服务会立即生成该快照。"
    ),
    "Return a stored fact and who states it.": "返回一条已存储的事实及其来源。",
    "Withdraw a fact, whatever sources state it, now or later.\n\nIt stays stored, denied by a "
    "decision: to undo that, delete the decision.": (
        "撤回一条事实，无论现在或以后哪个来源陈述它。\n\n"
        "事实仍然存储，只是被一项审核决定否定：删除该决定即可恢复。"
    ),
    "Return what is stored of an entity.": "返回已存储的实体信息。",
    "Withdraw all facts that name an entity, by one decision.\n\nThey stay stored: to undo it, "
    "delete the decision. Facts that are stated later count.": (
        "用一项审核决定撤回提到某个实体的所有事实。\n\n"
        "这些事实仍然存储：删除该决定即可恢复。以后陈述的事实照常生效。"
    ),
    "The facts that an entity was stored as: its label, and its kind where there is one.": (
        "实体存储成的事实：名称，以及类别（如有）"
    ),
    "empty where no fact names it": "没有事实为它命名时为空",
    "what it is, by facts of the relation type": "它是什么，取自关系为 type 的事实",
    "number of facts about it": "关于它的事实数",
    "how many of these a decision of a reviewer is against": "其中被审核决定否定的条数",
    "What is stored of an entity.": "已存储的实体信息",
    "number of facts that it denies": "它否定的事实数",
    "The decision by which an entity was withdrawn.": "撤回实体的审核决定",
    "A page of the stored facts, in the order of their ids.": "一页已存储的事实，按编号排列",
    "whether no source stated it before": "此前是否没有来源陈述过它",
    "a decision of a reviewer is against it: it does not count until that is undone": (
        "有审核决定否定它：撤销该决定之前不生效"
    ),
    "What became of one fact.": "一条事实的处理结果",
    "What became of each fact, in the order of the request.": (
        "各条事实的处理结果，顺序与请求相同"
    ),
    "the highest that a source gives it": "各来源给出的最高置信度",
    "A stored fact and who states it.": "一条已存储的事实及其来源",
    "an entity's id, or item:ID of an item": "实体编号，或物品的 item:ID",
    "an entity's id, item:ID of an item, or a value": "实体编号、物品的 item:ID，或取值",
    "how sure the source is of the fact": "来源对该事实的置信度",
    "words that the fact was read from; they are an excerpt of its evidence": (
        "得出该事实的原文，作为其依据的摘录"
    ),
    "A fact that a source states; ids and values are checked as those of a file.": (
        "来源陈述的一条事实；编号和取值按文件导入的规则检查"
    ),
    "Facts that lead from one node to another, each of which names the node that it goes on to.": (
        "从一个节点通向另一个节点的事实，每条都提到下一个节点"
    ),
    "as facts have it; of an item, PUT /v1/items is the way": (
        "与事实中的写法相同；物品请使用 PUT /v1/items"
    ),
    "its name, as reasons say it": "名称，推荐理由中使用",
    "what it is, such as person": "它是什么，例如 person",
    "who states it: the name of a source": "由谁陈述：来源的名称",
    "An entity that a source describes, in place of what it said of its label and kind before.": (
        "来源描述的一个实体，取代该来源此前陈述的名称和类别"
    ),
    "Facts of one source: all of them are stored, or none.": (
        "同一来源的事实：要么全部存储，要么都不存储"
    ),
    "number of facts of each path; null where there is none that short": (
        "每条路径的事实数；没有这么短的路径时为 null"
    ),
    "whether there are more paths of this length than are listed": (
        "同样长度的路径是否比列出的更多"
    ),
    "The shortest paths between two nodes of the graph in service.": (
        "线上图谱中两个节点之间的最短路径"
    ),
    "Import facts or links of a source: all of them, or on any error none.\n\nThe body is of a "
    "format that files may have: CSV, TSV, N-Triples, N-Quads or Turtle by its\nmedia type, else a "
    "line of JSON for each.": (
        "导入一个来源的事实或链接：要么全部导入，要么出错时都不导入。\n\n"
        "请求体为文件支持的格式之一（CSV、TSV、N-Triples、N-Quads、Turtle），由媒体类型指明，"
        "默认每行一个 JSON。"
    ),
    "what the body holds": "请求体的内容",
    "whether what the source stated before, and the body does not, is withdrawn": (
        "是否撤回该来源此前陈述、而请求体中没有的内容"
    ),
    "skip: import the rest, and list the rows that are wrong": "skip：导入其余的行，并列出有误的行",
    "rows or statements that were read": "读取的行数或陈述数",
    "those of them that were not imported, because they are wrong or say nothing": (
        "其中因有误或无内容而未导入的条数"
    ),
    "that the store had not": "此前未存储的条数",
    "that the store had already": "此前已存储的条数",
    "that stand in the body more than once": "在请求体中重复出现的条数",
    "facts and links that no source states any more": "不再有任何来源陈述的事实和链接数",
    "the first rows that could not be read": "无法读取的前几行",
    "what was noticed, and what to do about it": "发现的问题及处理办法",
    "One row that could not be read.": "无法读取的一行",
    "What an import of facts or links did.": "导入事实或链接的结果",
    "Return what the service did, does and will do in the background.": (
        "返回服务在后台已执行、正在执行和等待执行的任务。"
    ),
    "Return one job: its state, its progress, and why it failed.": (
        "返回一个后台任务：状态、进度及失败原因。"
    ),
    "Let a job be run; one of its kind that waits already is the answer.": (
        "安排一个后台任务；已有同类任务在等待时返回该任务。"
    ),
    "the number of a job": "后台任务的编号",
    "A job to be run as soon as no other one of the service runs.": (
        "服务没有其他任务运行时即执行的后台任务"
    ),
    "retrain: learn from newer events; refresh: make graph and texts anew": (
        "retrain：从新事件中学习；refresh：重新生成图谱和文本向量"
    ),
    "One job of the service.": "服务的一个后台任务",
    "what it was started for: a request, new knowledge or events, or drift": (
        "启动原因：请求（request）、新知识（knowledge）、新事件（events）或效果下滑（drift）"
    ),
    "stopped: the service ended before it": "stopped：任务完成之前服务已结束",
    "the newest line that it wrote; null without a key of scope admin, since it may name files": (
        "任务输出的最新一行；其中可能出现文件名，因此没有 admin 权限的密钥时为 null"
    ),
    "why it failed; empty where it did not; null without a key of scope admin, since it may name "
    "files": "失败原因；未失败时为空；其中可能出现文件名，因此没有 admin 权限的密钥时为 null",
    "in service when it ended": "任务结束时的线上快照",
    "The newest jobs, the newest first.": "最近的后台任务，最新的在前",
}
