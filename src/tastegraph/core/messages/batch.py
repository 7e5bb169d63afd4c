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
    "batch.other_run": Template(
        "{folder} holds an unfinished run with other options ({names}): run it with those, or give "
        "--restart to begin anew",
        "{folder} 中有一次选项不同（{names}）的未完成运行：请沿用原选项，或用 --restart 重新开始",
    ),
}
