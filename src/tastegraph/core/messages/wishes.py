"""Wishes and interests in words, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import Template

TEMPLATES: Final[Mapping[str, Template]] = {
    "chip.more": Template("more {what}", "多一些：{what}"),
    "chip.less": Template("less {what}", "少一些：{what}"),
    "chip.only": Template("only {what}", "只要：{what}"),
    "chip.never": Template("no {what}", "不要：{what}"),
    "chip.days": Template("{chip}, for {days} days", "{chip}（{days} 天）"),
    "chip.session": Template("{chip}, for this session", "{chip}（本次会话）"),
    "chip.always": Template("{chip}, from now on", "{chip}（以后一直）"),
    "chip.like": Template("like {title}", "类似《{title}》"),
    "chip.exactly": Template("{what} {low}", "{what} {low}"),
    "chip.up_to": Template("{what} up to {high}", "{what}不超过 {high}"),
    "chip.at_least": Template("{what} from {low}", "{what}不低于 {low}"),
    "chip.between": Template("{what} {low}–{high}", "{what} {low}–{high}"),
    "chip.trend_up": Template("of a higher {what}", "{what}更高"),
    "chip.trend_down": Template("of a lower {what}", "{what}更低"),
    "chip.popularity_up": Template("of what many like", "热门"),
    "chip.popularity_down": Template("of what few know", "冷门"),
    "chip.novelty": Template("of what is new to you", "新鲜"),
    "chip.question": Template(
        "“{words}”: which one? {candidates}", "“{words}”指哪一个？{candidates}"
    ),
    "wish.incomplete": Template(
        "a chip needs what its kind is about: entity and similar a node; range a relation with low "
        "or high; trend a relation and toward; popularity toward; and days for days alone",
        "每种标签都要有其对象：entity 和 similar 需要 node；range 需要 relation 以及 low 或 high；"
        "trend 需要 relation 和 toward；popularity 需要 toward；days 只用于按天计的标签",
    ),
    "interest_edit": Template(
        "an interest is either pinned or muted", "兴趣只能是置顶或屏蔽二者之一"
    ),
    "wish.unknown": Template("nothing here is called so", "这里没有这个名称"),
    "wish.no_numbers": Template("nothing here has such numbers", "这里没有这类数值"),
    "wish.too_long": Template(
        "a wish is read up to {limit} characters", "一个愿望最多读取 {limit} 个字符"
    ),
    "wish.not_here": Template(
        "the graph in service has nothing of this id and relation", "当前图谱中没有这个编号和关系"
    ),
    "wish.read_only": Template(
        "counts for this list alone: the key of this request may not store wishes",
        "仅对本次列表有效：此请求的密钥无权保存愿望",
    ),
    "wish.no_model": Template(
        "the language model gave no usable answer: this is what was read without it",
        "语言模型没有给出可用的回答：以下为不使用它时的解析结果",
    ),
    "wish.not_configured": Template(
        "no language model is configured: [llm] endpoint and model in tastegraph.toml",
        "尚未配置语言模型：请设置 tastegraph.toml 中 [llm] 的 endpoint 和 model",
    ),
    "wish.nothing_proposed": Template(
        "the language model proposed nothing more that the graph has",
        "语言模型没有提出图谱中存在的其他内容",
    ),
    "wish.proposed": Template(
        "proposed by the language model, and in the graph: {chips}",
        "由语言模型提出且图谱中存在：{chips}",
    ),
    "wish.full": Template(
        "not stored: {limit} standing wishes are the most that a user may have; withdraw some",
        "未保存：每个用户最多 {limit} 个长期愿望，请先撤回一些",
    ),
    "steer.chip": Template("wish: {chip}", "愿望：{chip}"),
    "steer.ignored": Template(
        "not understood: {words} ({reason})", "未能理解：{words}（{reason}）"
    ),
    "wish.because": Template("because you asked for {chip}", "因为你的愿望“{chip}”"),
    "wish.although": Template("although you asked for {chip}", "尽管你的愿望是“{chip}”"),
    "wish.too_many": Template("a wish is read up to {limit} chips", "一个愿望最多 {limit} 项"),
}
"""Key → template."""
