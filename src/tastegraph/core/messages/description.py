"""The description of the API (``/openapi.json``) in Chinese: English text → translation.

The English texts are the docstrings of routes and classes and the descriptions of fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.messages import (
    batch_description,
    experiment_description,
    knowledge_description,
    policy_description,
    why_not_description,
    wish_description,
)

ROUTES: Final[Mapping[str, str]] = {
    "Personal recommendation from a knowledge graph, with its reasons": (
        "基于知识图谱、附带理由的个性化推荐"
    ),
    "Successful Response": "成功",
    "What was wrong, as application/problem+json with a stable `code`": (
        "错误说明，格式为 application/problem+json，`code` 保持不变"
    ),
    "Check that the service can do its work: 503 says why not.": (
        "检查服务能否正常工作：不能时返回 503 并说明原因。"
    ),
    "A service that is ready: a snapshot is open, and the store can be written.": (
        "服务已就绪：快照已打开，存储可写。"
    ),
    "Return what the service has counted, in the text format of Prometheus.": (
        "以 Prometheus 文本格式返回服务的各项计数。"
    ),
    "Why there is no answer now; `Retry-After` says when to try again": (
        "暂时无法响应的原因；`Retry-After` 给出重试时间"
    ),
    "The language model is not exported: `no_encoder`": "语言模型尚未导出：`no_encoder`",
    "Rank candidates of the caller's choice for a user or a session.\n\n"
    "The list is made and stored as any other, of these items alone; those without a place are\n"
    "named with the cause.": (
        "为用户或会话对调用方给出的候选物品排序。列表的生成和保存与其他列表相同，但只含这些物品；"
        "没有上榜的会列出原因。"
    ),
    "Recommend items to a user or a session, each with its reasons.": (
        "为用户或会话生成推荐列表，每个物品附带推荐理由。"
    ),
    "Return a list as it was served, with the propensity of each item.": (
        "返回当时展示的列表，以及每个物品出现在该位置的概率。"
    ),
    "Compute a list once more, from the snapshot and the events that it was computed from.": (
        "用当时的快照和事件重新生成同一个列表。"
    ),
    "Find entities, values and items of the graph by name, or by a part of it.": (
        "按名称或名称的一部分查找图谱中的实体、取值和物品。"
    ),
    "Return what is tied to an item, an entity or a value.": (
        "返回与一个物品、实体或取值相连的内容。"
    ),
    "Return what was bought by most of the newest buyers of an item.": (
        "返回一个物品的近期买家最常一起购买的物品。"
    ),
    "Return the users who would like an item and have no event on it.": (
        "返回可能喜欢一个物品、且尚未接触过它的用户。"
    ),
    "Return the items that a user has had an event on most lately.": "返回用户最近接触的物品。",
    "Return the items that a user has bought most often.": "返回用户购买次数最多的物品。",
    "Return a page of the users, those of events too.": "分页列出用户，包括只有事件的用户。",
    "Return what is stored of a user beside events.": "返回用户除事件以外的已存信息。",
    "Add a user, or replace what is known of the user of this id; events stay.": (
        "新增用户；编号已存在时替换其信息，事件保留不变。"
    ),
    "Return a page of the catalogue, or the items that have some words, the best first.": (
        "分页列出物品；给出文字时返回标题或介绍中含有它的物品，最匹配的在前。"
    ),
    "Return the items most like one, each with what the two have in common.": (
        "返回与一个物品最相似的物品，并列出两者的共同点。"
    ),
    "Return the users who like most of what a user likes.": "返回喜好最接近的用户。",
    "Return a list that is the same for everybody: popular, trending or latest items.": (
        "返回对所有人都相同的列表：popular（热门）、trending（近期热门）或 latest（最新）。"
    ),
    "Store events; the answer comes when they are on disk and count in the next list.": (
        "写入事件；落盘之后才返回响应，下一次推荐即会用到。"
    ),
    "Find what a text is about: entities and values it is near to, and the nearest items.": (
        "分析一段文本：推断它与哪些实体有关，并找出文本最相近的物品。"
    ),
    "Return a user's history, newest first, and interests, strongest first.": (
        "返回用户的行为记录（最新的在前）和兴趣（最强的在前）。"
    ),
    "Delete all data of a user; the next model is fitted without them.": (
        "删除一位用户的全部数据；下一次训练不再包含此人。"
    ),
    "Return an item's title and its content graph, strongest edges first.": (
        "返回物品的标题及其关联的实体，关联最强的在前。"
    ),
    "Check that the service answers, and with which versions.": (
        "健康检查：服务是否可用，以及线上的版本。"
    ),
    "Add an item, or replace the item of this id and the facts of its columns.": (
        "新增物品；编号已存在时，替换该物品及其各列给出的事实。"
    ),
    "Delete an item and all its data; no list has it from now on.": (
        "删除物品及其全部信息，此后的推荐列表不再出现。"
    ),
    "Return the facts on which a reviewer's answer would change most.": (
        "列出最值得人工审核的事实，影响大的在前。"
    ),
    "Return the newest decisions.": "列出最近的审核决定。",
    "Store a decision; the answer comes when it is on disk.": "提交审核决定；落盘之后才返回响应。",
    "Undo a decision: the store is as if it had not been taken.": (
        "撤销审核决定，效果等同于从未作出。"
    ),
    "Dispute a fact behind a reason: it comes first in the review.\n\n"
    "A dispute counts until a reviewer decides; disputes of one user count once.": (
        "指出某条理由依据的事实有误，使其优先进入审核。\n\n"
        "在审核人作出决定之前一直有效；同一用户重复提交只计一次。"
    ),
    "Return a fact with its evidence.": "返回一条事实的全部依据。",
    "Return every stored version, newest first.": "列出保留的全部版本，最新的在前。",
    "Put a version into service; the answer comes when it is in service.": (
        "将某个版本上线；切换完成之后才返回响应。"
    ),
    "Take a version out of service: the version before it is in service again.": (
        "将某个版本下线，恢复上一个线上版本。"
    ),
}
"""Descriptions of routes."""

BODIES: Final[Mapping[str, str]] = {
    "What is known of a user beside events. Nothing is ranked by it.": (
        "用户除事件以外的信息，不参与排序。"
    ),
    "A user, as stored; without attributes where only events are.": (
        "已存的用户；只有事件时没有属性。"
    ),
    "A page of the users, in the order of their ids.": "一页用户，按编号排序。",
    "An item of the catalogue, as stored.": "目录中的一个物品，与存储一致。",
    "A page of the catalogue, in the order of the ids; or what was found, the best first.": (
        "一页物品，按编号排序；或搜索结果，最匹配的在前。"
    ),
    "A user who would like an item.": "可能喜欢一个物品的用户。",
    "Users who would like an item and have no event on it, the most likely first.": (
        "可能喜欢一个物品、且尚未接触过它的用户，可能性大的在前。"
    ),
    "What is called so: whole names first, then by the number of items.": (
        "名称相符的条目：全名在前，其余按物品数排序。"
    ),
    "An entity, a value or an item of the graph.": "图谱中的实体、取值或物品。",
    "One edge between an item and an entity or value.": "物品与实体或取值之间的一条边。",
    "What is tied to one node of the graph, the items of an entity by how many users like them.": (
        "与图谱中一个节点相连的内容；实体的物品按喜欢的人数排序。"
    ),
    "One thing that two items have in common.": "两个物品的一个共同点。",
    "One item of a list that knows no user.": "与用户无关的列表中的一个物品。",
    "A ranked list that knows no user.": "与用户无关的排序列表。",
    "A user who likes the same items.": "喜好相同的用户。",
    "Users who like the same items as one user, the most similar first.": (
        "与一位用户喜好相同的用户，最相似的在前。"
    ),
    (
        "A batch: its valid rows are stored in one transaction, the others come back as rejected."
        "\n\nWhere no row is valid, the answer is 422, with what is wrong with each."
    ): (
        "一批事件：合格的行在一个事务中写入，其余的作为 rejected 返回。"
        "若没有合格的行，则返回 422，并逐行说明原因。"
    ),
    "A fact and its evidence.": "一条事实及其全部依据。",
    "A fact that a reviewer states.": "人工陈述的一条事实。",
    "A new fact is right.": "补充一条此前没有的正确事实。",
    "A fact to be reviewed.": "待审核的事实。",
    "A fact, with its id as text: it has up to 63 bits.": (
        "一条事实；编号最多 63 位，因此用文本表示。"
    ),
    "A request of a list for a user or a session.": "为用户或会话请求推荐列表。",
    "A user's history, newest first, and interest graph, strongest edges first.": (
        "用户的行为记录（最新的在前）和兴趣图谱（最强的在前）。"
    ),
    "A ranked list, and the time that it took.": "推荐列表及其耗时。",
    "A ranked list.": "推荐列表。",
    "A stated fact is right.": "确认一条已有事实正确。",
    "A stated fact is wrong.": "确认一条已有事实有误。",
    "An error (RFC 9457).": "错误（RFC 9457）。",
    "An item and its content graph, strongest ties first.": "物品及其内容图谱，关联最强的在前。",
    "The new content of an item; its cells mean what those of a file mean.": (
        "物品的新内容；其单元格的含义与文件中相同。"
    ),
    "A stored item.": "物品已落盘。",
    "Another value, or another fact, is right instead of a stated fact.": (
        "用另一个值或另一条事实更正已有事实。"
    ),
    "A text, and how many results of each kind to return.": ("任意文本，以及各类结果需要的数量。"),
    "Every stored version, newest first.": "保留的全部版本，最新的在前。",
    "Facts to be reviewed, first those on which an answer would change most.": (
        "待审核的事实，影响大的在前。"
    ),
    "How many users dispute a fact.": "提出异议的人数。",
    "One edge of an interest or content graph.": "兴趣图谱或内容图谱中的一条边。",
    "One event of a user, as the page shows it.": "用户的一条行为记录，供页面展示。",
    "One event to store; without ``event_id`` or ``ts`` the server adds one.": (
        "一条待写入的事件；没有 ``event_id`` 或 ``ts`` 时由服务端补上。"
    ),
    "One item with a similar text.": "文本相近的一个物品。",
    "One item of a list.": "列表中的一个物品。",
    "One place of a list.\n\nAttributes:\n"
    "    propensity: probability in (0, 1] that this item was put here, given the items above it.\n"
    "    best: whether the model without exploration would have put this item here, given the "
    "items\n        above it.": (
        "列表中的一个位置。\n\n字段：\n"
        "    propensity：给定排在前面的物品时，它出现在此处的概率，取值 (0, 1]。\n"
        "    best：给定排在前面的物品时，仅凭模型是否也会把它排在此处。"
    ),
    "One recommendation list that was served.\n\n"
    "In an answer of the service, ``created`` is named ``made``, ``event_revision`` is ``known`` "
    "and\n``request`` is ``asked``.\n\nAttributes:\n"
    "    user_id: ``None`` for a session without a user; its events are in ``request``.\n"
    "    created: seconds since 1970-01-01 UTC.\n"
    "    snapshot, model, graph: versions that the list was computed from.\n"
    "    event_revision: revision of the event log when it was computed.\n"
    "    request: all further parameters that it depends on.\n"
    "    places: from the first place down.\n"
    "    experiment, variant: that it is part of; ``None`` outside of experiments.": (
        "一个已展示的推荐列表。\n\n"
        "在服务的响应中，``created`` 名为 ``made``，``event_revision`` 名为 ``known``，"
        "``request`` 名为 ``asked``。\n\n字段：\n"
        "    user_id：没有用户编号时为 ``None``，其事件见 ``request``。\n"
        "    created：自 1970-01-01 UTC 起的秒数。\n"
        "    snapshot、model、graph：各自的版本。\n"
        "    event_revision：生成列表时事件日志的修订号。\n"
        "    request：列表依赖的其他条件。\n"
        "    places：最好的在前。\n"
        "    experiment、variant：所属的实验和实验组；不属于实验时为 ``None``。"
    ),
    "One reason: a liked item, or a path over stored facts from a liked item.": (
        "一条理由：一个喜欢过的物品，或从它出发、由已存事实构成的路径。"
    ),
    "One row of a batch that was not stored.": "一批事件中未写入的一行。",
    "One snapshot that can be put into service.": "一个可以上线的快照。",
    "One stored fact on a path: subject, predicate, object, with names where there are any.": (
        "路径上的一条已存事实：主语、谓语、宾语，有名称时附名称。"
    ),
    "One piece of evidence of a fact; without a span where it was not extracted from a text.": (
        "事实的一项依据；不是从文本中抽取的则没有原文。"
    ),
    "One decision of a reviewer.": "一项审核决定。",
    "One fault of a request.": "请求中的一处错误。",
    "One event of a session without a user: on an item, or on an entity of the graph.": (
        "没有用户编号的访客的一次行为：针对某个物品，或针对图谱中的某个实体。"
    ),
    "A user disputes a fact behind a reason.": "用户指出某条推荐理由有误。",
    "The number of a decision that was stored or undone.": "已提交或已撤销的审核决定的编号。",
    "The service, and the versions in service.": "服务状态与线上版本。",
    "The words that a fact was extracted from, and the text around them.": (
        "抽取出事实的原文及其上下文。"
    ),
    "Two ids are the same entity.": "两个编号指同一事物。",
    "Two ids are different entities.": "两个编号指不同事物。",
    "What a text is about: entities and values, and the nearest items, each strongest first.": (
        "文本的内容：与已知实体的关联，以及最相近的物品，均为最强的在前。"
    ),
    "The version in service from now on.": "切换后的线上版本。",
    "The outcome of a batch.": "一批事件的处理结果。",
    "Decisions of reviewers, the newest first.": "审核决定，最新的在前。",
    "Events of a session without a user, oldest first.": "没有用户编号的访客的行为，最早的在前。",
    "How much was erased.\n\nAttributes:\n"
    "    digest: SHA-256 of the id in hexadecimal: whoever knows the id can find its receipt.\n"
    "    at: seconds since 1970-01-01 UTC.\n"
    "    events, lists, facts: how many rows were deleted.": (
        "删除回执。\n\n字段：\n"
        "    digest：编号的 SHA-256（十六进制），知道编号的人即可核对。\n"
        "    at：自 1970-01-01 UTC 起的秒数。\n"
        "    events、lists、facts：删除的数量。"
    ),
    "The score and rank of an item for a user; the shares of the reasons sum to the score.": (
        "物品对某位用户的得分由来，各项份额之和等于得分。"
    ),
}
"""Descriptions of request and response bodies."""

FIELDS: Final[Mapping[str, str]] = {
    "1-based rank in all items, seen items included": ("在全部物品（含已看过的）中的名次，从 1 起"),
    "BCP 47 tag of the value": "值的语言，BCP 47 标签",
    "IRI of the value's type": "值的类型，IRI",
    "NDCG@10 that its settings reached on validation data": "所选配置在验证集上的 NDCG@10",
    "the last decision of a reviewer is against it": "人工审核的最新结论是否定",
    "a rating, a count, an amount": "评分、次数或金额",
    "false where it is hidden, delisted, or outside of its dates, so that no list has it": (
        "物品被隐藏、下架或不在可推荐时段内时为 false，此时它不会出现在任何列表中"
    ),
    "whether no list has it": "是否不出现在任何列表中",
    "the time from which lists may have it: seconds since 1970-01-01 UTC, or ISO 8601": (
        "从何时起可以出现在列表中：自 1970-01-01 UTC 起的秒数，或 ISO 8601 时间"
    ),
    "the time from which no list has it any more": "从何时起不再出现在任何列表中",
    "attributes that are stored, but that no [items.facts] names": (
        "已存储、但 [items.facts] 中没有配置的属性"
    ),
    "in place of item_id: an entity, such as a director or a genre, by its id in the facts": (
        "代替 item_id：图谱中的实体（例如导演、类型），用事实中的编号表示"
    ),
    "another name of entity, as in files": "entity 的另一个名称，与文件中相同",
    "empty where the event is on an entity": "行为针对实体时为空",
    "id of the entity that the event is on": "行为所针对的实体的编号",
    "the entity that it starts from, where the event is on one": (
        "理由的起点：行为记录中的实体（行为针对实体时）"
    ),
    "events of the user on the entity itself": "用户直接针对该实体的行为数",
    "whether an event may be on it, as entity; false for a value": (
        "行为能否针对它（作为 entity）；为 false 表示它是取值"
    ),
    "another name of ts, as in files": "ts 的另一个名称，与文件中相同",
    "another name of value, as in files": "value 的另一个名称，与文件中相同",
    "the number to undo it by": "撤销时使用的编号",
    "probability of the item at this place, given the items above it": (
        "给定排在前面的物品时，该物品出现在此处的概率"
    ),
    "column → values, or one cell, as a file has it: with the separators of [items.facts]": (
        "列名 → 取值，或与文件中相同的一个单元格：按 [items.facts] 的分隔符拆分"
    ),
    "an item without one is called by the first words of its text, else by its id": (
        "没有标题的物品以其文本开头的几个词命名，没有文本则以其编号命名"
    ),
    "what was noticed in its cells, and what to do about it": "单元格中值得注意之处及其处理办法",
    "cosine of the two texts' vectors": "两段文本向量的余弦相似度",
    "unknown: the snapshot in service has no such item, or it was erased; unlisted: delisted, "
    "hidden or outside of its dates; seen: the user has seen it; no_place: a filter, a "
    "limit or a wish keeps it out, or others fill the places; explain says which": (
        "unknown：当前快照中没有这个物品，或已被删除；unlisted：已下架、隐藏或不在有效期内；seen：用户已看过；"
        "no_place：被过滤条件、数量限制或愿望排除，或名额已被其他物品占满，具体原因见 explain"
    ),
    "Items of the caller's choice, to be ranked for a user or a session.": (
        "调用方给出的、要为用户或会话排序的物品。"
    ),
    "A candidate that a list of candidates lacks.": "候选物品中没有上榜的一个。",
    "of candidates that the request names, those without a place": "请求给出的候选物品中没有上榜的",
    "the candidates; repeated ones count once": "候选物品；重复的只算一次",
    "number of items; by default all candidates": "物品数量；默认为全部候选物品",
    "false where the list is by popularity alone": "为 false 表示列表仅按热度排序",
    "true where no event of this user counts for or against an item": (
        "为 true 表示该用户没有任何计入喜好的行为"
    ),
    "users for whom it holds, counted from stored events when the snapshot was built; null where "
    "the reason does not speak of users": (
        "符合这条理由的人数，构建快照时由已存事件统计；理由不涉及其他用户时为 null"
    ),
    "false where only the nearness of texts says it": "为 false 表示仅由文本相似度推断",
    "events of the history that carry an interest; 1 in a content graph": (
        "支撑该兴趣的行为数；内容图谱中为 1"
    ),
    "edges to what has a name": "指向有名称的实体或取值的关联",
    "empty where it has no name": "没有名称时为空",
    "number of edges to entities without a name that are as strong as those listed: they count in "
    "ranking, and are not listed": (
        "指向无名称实体、强度不低于所列各项的关联数；它们同样计入排序，但不列出"
    ),
    "false where the place was given to exploration, or is a pin's": (
        "为 false 表示该位置用于探索，或由置顶规则指定"
    ),
    "for (> 0), against (< 0) or not at all (0)": "正向（> 0）、负向（< 0）或不计（0）",
    "number of users who dispute it": "指出其有误的人数",
    "how much a decision would change": "审核结果的影响大小",
    "how much of the score; negative speaks against the item": "占得分的份额；负值表示减分",
    "of the answer; by default as Accept-Language says": "响应的语言；默认由 Accept-Language 决定",
    "of the answer; by default as the query or Accept-Language says": (
        "响应的语言；默认由查询参数或 Accept-Language 决定"
    ),
    "of the exploration": "探索所用的随机种子",
    "other values of a relation with one value per entity": "同一个单值关系的其他取值",
    "paths adds the stored facts behind each reason": "paths 还返回每条理由依据的事实",
    "seconds since 1970-01-01 UTC": "自 1970-01-01 UTC 起的秒数",
    "seconds since 1970-01-01 UTC, or ISO 8601": "自 1970-01-01 UTC 起的秒数，或 ISO 8601 时间",
    "share of the places given to items that the model is unsure of; by default the configured "
    "one": ("用于探索模型没有把握的物品的位置占比；默认取配置值"),
    "number of facts that its columns state": "由各列得到的事实数",
    "the item of the history that it starts from": "理由的起点：行为记录中的物品",
    "the item's rank in that list": "物品在该列表中的名次",
    "the list that showed the item": "展示该物品的推荐列表",
    "the object is a value, not an entity": "宾语是值而不是实体",
    "the same id twice counts once, so that a client can send again": (
        "相同编号只计一次，客户端可以放心重发"
    ),
    "the relation read aloud": "关系的读法",
    "the same in words, in the language of the answer": "行为的文字说明，使用响应的语言",
    "the version that its graph was built for": "构建其图谱的版本",
    "the version that its model was fitted for": "训练出其模型的版本",
    "up to 63 bits, so as text in JSON": "最多 63 位，因此在 JSON 中用文本表示",
    "whether the user has an event on it of a type that excludes it from lists": (
        "用户对它是否有过会使其不再推荐的行为"
    ),
    "how the values of ratings are read": "如何解读评分的数值",
    "view, click, purchase, like, rating, dislike, skip, impression, or another that "
    "[events.weights] names; by default click, or rating where there is a value": (
        "行为类型：view、click、purchase、like、rating、dislike、skip、impression，"
        "或 [events.weights] 中定义的其他类型；默认为 click，带有数值时为 rating"
    ),
    "the comparisons made before it was promoted": "上线检查时比较的内容",
    "where there is no user; its user id is session:ID": "没有用户时使用，其用户编号为 session:ID",
    "an API key of the workspace": "工作区的 API 密钥",
    "the same key, as Gorse's clients send it": "同一密钥，按 Gorse 客户端的方式发送",
    "an entity's id in the facts, item:ID of an item, or a value": (
        "事实中的实体编号、物品的 item:ID，或一个取值"
    ),
    "of an entity as facts have it, item:ID of an item, or the value": (
        "实体在事实中的编号、物品的 item:ID，或取值本身"
    ),
    "number of items that are tied to it; 0 of an item": "与之相连的物品数；物品本身为 0",
    "by which items have it, in words": "物品通过哪些关系与之相连（文字）",
    "of the other end: item:ID of an item": "另一端的编号；物品为 item:ID",
    "whether the fact is about the other end": "事实的主语是否为另一端",
    "number of edges, of which the first are listed": "边的总数，仅列出前若干条",
    "as they were put": "与写入时相同",
    "give it for the next page; null on the last one": "取下一页时传回；最后一页为 null",
    "only items with it in title or text": "只返回标题或介绍中含有该文字的物品",
    "of each item, at most": "每个物品最多几条",
    "users for whom it holds": "符合的用户数",
    "the stored facts that join the two": "把两者联系起来的事实",
    "cosine of what the two like, rare items weighing more": (
        "两人喜好的余弦相似度，冷门物品权重更高"
    ),
    "number of items that both like": "两人都喜欢的物品数",
    "who decides": "作出决定的人",
    "the sources that state it, and their confidence": "各来源及其置信度",
    "why it cannot be served": "无法上线的原因",
}
"""Descriptions of fields and parameters."""

CHINESE: Final[Mapping[str, str]] = {
    **ROUTES,
    **BODIES,
    **FIELDS,
    **wish_description.CHINESE,
    **policy_description.CHINESE,
    **why_not_description.CHINESE,
    **experiment_description.CHINESE,
    **batch_description.CHINESE,
    **knowledge_description.CHINESE,
}
