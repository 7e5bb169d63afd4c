"""Errors of requests and of the service, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TITLES: Final[Mapping[str, Template]] = {
    "title.400": Template("Bad Request", "请求有误"),
    "title.401": Template("Unauthorized", "未授权"),
    "title.403": Template("Forbidden", "禁止访问"),
    "title.404": Template("Not Found", "未找到"),
    "title.405": Template("Method Not Allowed", "不支持该方法"),
    "title.408": Template("Request Timeout", "请求超时"),
    "title.409": Template("Conflict", "操作冲突"),
    "title.413": Template("Content Too Large", "请求体过大"),
    "title.421": Template("Misdirected Request", "请求发错了地址"),
    "title.422": Template("Unprocessable Content", "请求内容无效"),
    "title.429": Template("Too Many Requests", "请求过多"),
    "title.500": Template("Internal Server Error", "服务内部错误"),
    "title.503": Template("Service Unavailable", "服务暂不可用"),
    "title.other": Template("Error {status}", "错误 {status}"),
}
"""The title of a problem, by HTTP status."""

REQUESTS: Final[Mapping[str, Template]] = {
    "request.not_found": Template("there is nothing at {path}", "路径 {path} 不存在"),
    "request.method": Template(
        "{method} is not possible at {path}", "路径 {path} 不支持 {method} 方法"
    ),
    "request.status": Template("the request was refused: {status}", "请求被拒绝：{status}"),
    "request.foreign_host": Template(
        "this service is not {host}: a web page elsewhere could otherwise read what it holds by "
        "letting its own name point here. Use localhost or 127.0.0.1, or add the name to [serving] "
        "hosts in tastegraph.toml, or to serve --host-name",
        "本服务的主机名不是 {host}：否则其他网页可以让自己的域名指向本机，从而读取这里的数据。"
        "请使用 localhost 或 127.0.0.1，或者把该名称加入 tastegraph.toml 的 [serving] hosts，"
        "或 serve --host-name",
    ),
    "request.no_key": Template(
        "this service needs an API key: send it as 'Authorization: Bearer KEY' or 'X-API-Key: "
        "KEY'. 'tastegraph keys add' makes one",
        "本服务需要 API 密钥：请使用 Authorization: Bearer KEY 或 X-API-Key: KEY 请求头发送。"
        "用 tastegraph keys add 可以创建密钥",
    ),
    "request.unknown_key": Template(
        "this API key is not known here: it was removed, or is of another workspace",
        "API 密钥无效：它已被删除，或属于其他工作区",
    ),
    "request.scope": Template(
        "the key {key!r} has no scope {scope!r}, which this route needs",
        "密钥“{key}”没有此接口所需的权限 {scope}",
    ),
    "request.queue": Template(
        "more than {limit:,} requests wait: try again later",
        "等待处理的请求超过 {limit:,} 个，请稍后重试",
    ),
    "request.rate": Template(
        "one client may send {rate:g} requests a second, and {burst:,} at once",
        "每个客户端每秒最多 {rate:g} 个请求，一次最多 {burst:,} 个",
    ),
    "request.late": Template(
        "there was no answer within {seconds:g} seconds: try again later",
        "{seconds:g} 秒内未能给出响应，请稍后重试",
    ),
    "request.slow_body": Template(
        "the body did not arrive within {seconds:g} seconds", "请求体未在 {seconds:g} 秒内送达"
    ),
    "request.not_ready": Template("not ready: {reasons}", "尚未就绪：{reasons}"),
    "ready.read_only": Template("{path} cannot be written", "{path} 不可写"),
    "ready.disk": Template(
        "{path} has less than {megabytes:,} MB left", "{path} 的剩余空间不足 {megabytes:,} MB"
    ),
    "ready.error": Template("{error}", "{error}"),
    "request.too_large": Template(
        "a body may have {limit:,} bytes", "请求体不得超过 {limit:,} 字节"
    ),
    "request.not_json": Template(
        "the body is not JSON: {fault} at line {line} column {column}",
        "请求体不是合法的 JSON：第 {line} 行第 {column} 列，{fault}",
    ),
    "request.invalid": Template("the request is not valid", "请求内容无效"),
    "request.no_event": Template(
        "none of the {count} events can be accepted; of the first one, {fault}",
        "{count} 个事件均无法接受；第一个的原因：{fault}",
    ),
    "import.empty": Template(
        "the body has no row: nothing was imported", "请求体没有任何行，未导入"
    ),
    "import.line": Template(
        "line {line}: {fault}: nothing was imported", "第 {line} 行：{fault}，未导入任何内容"
    ),
    "import.unreadable": Template(
        "the body cannot be read: {error}", "无法读取请求体（“{error}”）"
    ),
    "import.media_type": Template(
        "the media type of the body is one of {choices}", "请求体的类型应为以下之一：{choices}"
    ),
    "request.at": Template("{place}: {fault}", "{place}：{fault}"),
    "request.internal": Template(
        "something went wrong here; the log of the service says what",
        "服务内部出错，原因见服务日志",
    ),
}
"""Errors of requests that never reach the engine."""

EXPECTED: Final[Mapping[str, Template]] = {
    "cell.wrong": Template(
        "{column}: {expected}, {value} found", "{column}：应为{expected}，实际为 {value}"
    ),
    "row.wrong": Template("{expected}, {value} found", "应为{expected}，实际为 {value}"),
    "row.absent": Template("{expected}", "应为{expected}"),
    "cell.absent": Template("{column}: {expected}", "{column}：应为{expected}"),
    "cell.expected": Template("{column}: {expected} expected", "{column}：应为{expected}"),
    "expected.id": Template("an id: text or a whole number", "编号（文本或整数）"),
    "expected.id_length": Template(
        "an id of at most {longest} characters", "不超过 {longest} 个字符的编号"
    ),
    "expected.id_printable": Template(
        "an id without control characters or broken Unicode", "不含控制字符和无效 Unicode 的编号"
    ),
    "expected.id_present": Template("an id that is not empty", "非空编号"),
    "expected.item_or_entity": Template(
        "either an item_id or an entity", "item_id 或 entity 之一，且只能有一个"
    ),
    "expected.text_present": Template("text that is not empty", "非空文本"),
    "expected.text": Template(
        "text, a number, true or false, or a list of these",
        "文本、数字、布尔值，或由它们组成的列表",
    ),
    "expected.text_printable": Template(
        "text without NUL characters or broken Unicode", "不含 NUL 字符和无效 Unicode 的文本"
    ),
    "expected.number": Template("a finite number", "有限的数字"),
    "expected.whole": Template("a whole number, 1 or more", "不小于 1 的整数"),
    "expected.choice": Template("one of {choices}", "以下之一：{choices}"),
    "expected.time": Template(
        "seconds since 1970-01-01 UTC, at least 0 and below 100,000,000,000 "
        "(divide milliseconds by 1,000), or an ISO 8601 date and time",
        "自 1970-01-01 UTC 起的秒数（不小于 0 且小于 100,000,000,000，毫秒请除以 1,000），"
        "或 ISO 8601 日期时间",
    ),
    "expected.timely": Template(
        "a time that is not in the future, in UTC where it names no zone",
        "不晚于当前的时间（未注明时区时按 UTC 计）",
    ),
    "expected.truth": Template(
        "true or false, yes or no, 1 or 0", "true 或 false、yes 或 no、1 或 0"
    ),
    "expected.after_start": Template("a time after available_from", "晚于 available_from 的时间"),
    "expected.confidence": Template("a number above 0 and at most 1", "大于 0 且不超过 1 的数字"),
    "expected.literal_only": Template(
        "nothing where literal is not true", "空值（literal 不为 true 时）"
    ),
    "expected.language": Template(
        "a language tag such as en or zh-Hans", "语言标签，例如 en 或 zh-Hans"
    ),
    "expected.no_datatype": Template("nothing where there is a language", "空值（已注明语言时）"),
}
"""Descriptions of the values that a column accepts."""

MISSING: Final[Mapping[str, Template]] = {
    "missing.item": Template(
        "there is no item {item!r} in the snapshot in service", "当前线上快照中没有物品“{item}”"
    ),
    "missing.item_erased": Template("the item {item!r} was erased", "物品“{item}”已被删除"),
    "missing.item_newer": Template(
        "the item {item!r} is stored, and not in the snapshot in service yet: 'tastegraph build', "
        "or a running service, takes it up",
        "物品“{item}”已存储，但当前线上快照尚未包含：运行 'tastegraph build' 或由运行中的服务纳入",
    ),
    "missing.stored_item": Template("there is no item {item!r}", "没有物品“{item}”"),
    "missing.stored_user": Template("there is no user {user!r}", "没有用户“{user}”"),
    "missing.wish_change": Template(
        "user {user!r} has changed no interest, or all changes are undone",
        "用户“{user}”没有修改过兴趣，或所有修改均已撤销",
    ),
    "missing.interest": Template(
        "user {user!r} has no interest {interest!r}", "用户“{user}”没有兴趣“{interest}”"
    ),
    "missing.user": Template("there is no event of user {user!r}", "没有用户“{user}”的任何事件"),
    "missing.node": Template(
        "the graph in service has no {node!r} that items are tied to",
        "线上图谱中没有与物品相连的“{node}”",
    ),
    "missing.list": Template(
        "there is no list {recommendation!r}", "没有编号为“{recommendation}”的推荐列表"
    ),
    "missing.model": Template("there is no model {version!r}", "没有版本为“{version}”的模型"),
    "missing.decision": Template("there is no decision {seq}", "没有编号为 {seq} 的审核决定"),
    "missing.fact": Template(
        "no fact {fact} is stated: see 'tastegraph kg review'",
        "没有编号为 {fact} 的事实：参见 tastegraph kg review",
    ),
    "missing.entity": Template(
        "no fact that is not denied names {entity!r}", "没有未被否定的事实提到“{entity}”"
    ),
    "missing.job": Template("there is no job {job}", "没有编号为 {job} 的后台任务"),
    "missing.snapshot": Template(
        "there is no snapshot {version!r}: {versions}",
        "没有版本为“{version}”的快照，现有版本：{versions}",
    ),
    "missing.snapshot_in": Template(
        "there is no snapshot {version!r} in {directory}",
        "{directory} 中没有版本为“{version}”的快照",
    ),
    "missing.any_snapshot": Template(
        "{directory} has no snapshot: run 'tastegraph build'",
        "{directory} 中还没有快照：请先运行 tastegraph build",
    ),
    "missing.earlier_snapshot": Template(
        "{directory}: no earlier snapshot is left to go back to",
        "{directory} 中没有可供回滚的旧快照",
    ),
    "missing.surface": Template(
        "there is no surface {name!r} in [surfaces]; there are {names}",
        "[surfaces] 中没有“{name}”，现有：{names}",
    ),
    "missing.experiment_snapshot": Template(
        "{place}.snapshot in tastegraph.toml: there is no snapshot {version!r}; there are "
        "{versions}, see 'tastegraph models list'",
        "tastegraph.toml 的 {place}.snapshot：没有版本为“{version}”的快照，现有版本：{versions}，"
        "参见 tastegraph models list",
    ),
    "missing.success_type": Template(
        "no event of type {name!r} counts for its item; those of {names} do",
        "类型为“{name}”的事件不算对物品的认可，算作认可的类型有：{names}",
    ),
    "missing.export": Template(
        "{file} does not exist: export it with {command}", "{file} 不存在：请用 {command} 导出"
    ),
}
"""Errors for things that do not exist."""

SNAPSHOTS: Final[Mapping[str, Template]] = {
    "snapshot.not_finite": Template(
        "array {name!r} is not finite: the snapshot is not published",
        "数组“{name}”含有非有限值，快照未发布",
    ),
    "snapshot.no_filters": Template(
        "snapshot {version} was made without what filters compare: run 'tastegraph build'",
        "快照 {version} 中没有筛选所需的数据：请运行 tastegraph build",
    ),
    "snapshot.altered": Template(
        "{file} was altered since it was published", "{file} 在发布之后被改动过"
    ),
    "snapshot.unfit": Template(
        "{folder} cannot be served, though its files are as they were published ({cause}): build "
        "again",
        "{folder} 的文件与发布时一致，但无法用于服务（“{cause}”）：请重新构建",
    ),
    "snapshot.unreadable": Template(
        "{file} cannot be read: {cause}", "无法读取 {file}（“{cause}”）"
    ),
    "snapshot.not_json": Template(
        "{file} is not JSON: {cause}", "{file} 不是合法的 JSON（“{cause}”）"
    ),
    "snapshot.format": Template(
        "{file} has format {found!r}, this version reads {known}: run 'tastegraph build' again",
        "{file} 的格式版本为“{found}”，当前程序只支持 {known}：请重新运行 tastegraph build",
    ),
}
"""Errors of snapshots that cannot be served."""

BUSY: Final[Mapping[str, Template]] = {
    "busy.database": Template(
        "{file} is being written by another process: wait until it is done",
        "另一个进程正在写入 {file}，请稍后重试",
    ),
    "busy.log": Template(
        "{file} is being read: its log could not be emptied yet",
        "{file} 正被读取，日志暂时无法清空",
    ),
    "busy.keys": Template(
        "another process is changing {file}: try again", "另一个进程正在修改 {file}：请稍后重试"
    ),
    "busy.pointer": Template(
        "another process changes what {directory} has in service: try again",
        "另一个进程正在切换 {directory} 的线上版本，请稍后重试",
    ),
    "busy.build": Template(
        "{directory} is being built by another process: wait for it",
        "另一个进程正在构建 {directory}，请等待其完成",
    ),
    "busy.describe": Template(
        "the items of {directory} are being described by another process: wait for it",
        "另一个进程正在为 {directory} 的物品撰写描述，请等待其完成",
    ),
    "busy.descriptions": Template(
        "{file} is being written by another process: try again",
        "另一个进程正在写入 {file}，请稍后重试",
    ),
}
"""Errors while another process does what only one may do at a time."""

DECISIONS: Final[Mapping[str, Template]] = {
    "decision.undone": Template(
        "decision {seq} was taken back by {author} already", "审核决定 {seq} 已由 {author} 撤销"
    ),
    "decision.same_fact": Template("fact {fact} says this already", "事实 {fact} 已经是这个内容"),
    "decision.one_id": Template(
        "{id!r} is one id: give two", "两个编号都是“{id}”：请给出两个不同的编号"
    ),
    "decision.author": Template(
        "a decision needs its author: a name of 1 to {longest} characters",
        "请注明作出决定的人：1 至 {longest} 个字符的姓名",
    ),
    "decision.many_facts": Template(
        "more than {limit:,} facts name {entity!r}: withdraw its source with 'tastegraph kg "
        "forget', or single facts",
        "提到“{entity}”的事实超过 {limit:,} 条：请用 tastegraph kg forget 撤回其来源，"
        "或逐条撤回事实",
    ),
    "decision.item": Template(
        "{entity!r} is an item: delete it with DELETE /v1/items",
        "“{entity}”是物品：请用 DELETE /v1/items 删除",
    ),
    "decision.source": Template(
        "{source!r} is a source of the store's own: name another",
        "“{source}”是系统保留的来源名称：请换一个名称",
    ),
    "decision.not_in_service": Template(
        "model {version!r} is not in service: nothing was changed",
        "模型“{version}”不是线上模型，未作任何改动",
    ),
}
"""Errors of decisions that cannot be made or undone."""

ENCODERS: Final[Mapping[str, Template]] = {
    "encoder.none": Template(
        "no text can be read: pip install 'tastegraph[onnx]' and run 'tastegraph build' ({cause})",
        "无法读取文本：请执行 pip install 'tastegraph[onnx]'，然后运行 tastegraph build（{cause}）",
    ),
    "encoder.package": Template(
        "{package} is missing: pip install 'tastegraph[onnx]'",
        "缺少 {package}：请执行 pip install 'tastegraph[onnx]'",
    ),
    "encoder.unreadable": Template(
        "{file} cannot be read ({cause}): export it with {command}",
        "无法读取 {file}（“{cause}”）：请用 {command} 导出",
    ),
    "encoder.changed": Template(
        "{folder} has changed since {file} was exported: export it with {command}",
        "{folder} 在 {file} 导出之后有改动：请用 {command} 重新导出",
    ),
    "encoder.damaged": Template(
        "{file} is damaged: {cause}; export the model again",
        "{file} 已损坏（“{cause}”），请重新导出模型",
    ),
}
"""Errors of language models that cannot encode texts while serving."""

TEMPLATES: Final[Mapping[str, Template]] = {
    **TITLES,
    **REQUESTS,
    **EXPECTED,
    **MISSING,
    **SNAPSHOTS,
    **BUSY,
    **DECISIONS,
    **ENCODERS,
}
