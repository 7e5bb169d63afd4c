"""Lists of many users, the next page of a list, and bulk changes, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "batch.unknown": Template(
        "nothing is stored of this id: neither events nor attributes",
        "没有存储该编号的任何事件或属性",
    ),
    "batch.erased": Template("this user was erased", "该用户的数据已被删除"),
    "batch.empty": Template(
        "no item is left to list: all were seen, or the policy admits none",
        "没有可以列出的物品：均已看过，或不符合策略",
    ),
    "batch.repeated": Template("this user came before in the same batch", "该用户在本批中已出现过"),
    "batch.session": Template("this is a session, and no user", "这是会话，不是用户"),
    "busy.batch_file": Template("another process is writing {file}", "另一个进程正在写入 {file}"),
    "next.end": Template(
        "there are no further items: {count:,} stood in the lists before",
        "没有更多物品了：此前的列表已列出 {count:,} 个",
    ),
    "missing.event": Template("there is no event {event!r}", "没有编号为“{event}”的事件"),
    "request.too_many_lines": Template(
        "at most {limit:,} lines, {count:,} found", "最多 {limit:,} 行，实际为 {count:,} 行"
    ),
    "request.no_row": Template(
        "none of {count:,} lines can be accepted; the first: {fault}",
        "{count:,} 行均无法接受；第一处：{fault}",
    ),
    "batch.other_run": Template(
        "{folder} holds an unfinished run with other options ({names}): run it with those, or give "
        "--restart to begin anew",
        "{folder} 中有一次选项不同（{names}）的未完成运行：请沿用原选项，或用 --restart 重新开始",
    ),
}
