"""Reasons in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.config import Relation, Words
from tastegraph.core.records import COUNT, Event
from tastegraph.explain.wording.chinese_relations import Named, named
from tastegraph.explain.wording.common import Common
from tastegraph.explain.wording.english import bare

_DONE = {
    "view": "你看过",
    "click": "你点开过",
    "purchase": "你买过",
    "like": "你喜欢",
    "rating": "你打过分",
    "count": "你选过",
    "dislike": "你不喜欢",
    "skip": "你跳过",
    "impression": "给你展示过",
    "addtocart": "你加入过购物车",
    "cart": "你加入过购物车",
    "basket": "你加入过购物车",
    "removefromcart": "你从购物车移除",
    "wishlist": "你加入过心愿单",
    "addtowishlist": "你加入过心愿单",
    "favorite": "你收藏",
    "favourite": "你收藏",
    "bookmark": "你收藏",
    "save": "你保存过",
    "share": "你分享过",
    "download": "你下载过",
    "install": "你安装过",
    "play": "你播放过",
    "listen": "你听过",
    "watch": "你看过",
    "complete": "你看完",
    "finish": "你看完",
    "read": "你读过",
    "borrow": "你借过",
    "subscribe": "你订阅过",
    "unsubscribe": "你退订",
    "follow": "你关注",
    "order": "你下单",
    "buy": "你买过",
    "checkout": "你买过",
    "book": "你预订过",
    "rent": "你租过",
    "refund": "你退过款",
    "return": "你退过货",
    "comment": "你评论过",
    "review": "你写过评价",
    "apply": "你申请过",
    "visit": "你去过",
    "open": "你打开过",
    "hide": "你隐藏",
    "report": "你举报过",
    "upvote": "你赞过",
    "downvote": "你踩过",
}


class Chinese:
    """Sentences such as 「和你打了 5 分的《冰血暴》一样，导演是科恩」.

    Args:
        relations: name → what the configuration says of it.
        words: event type → how a sentence puts it.
    """

    def __init__(
        self, relations: Mapping[str, Relation] | None = None, words: Mapping[str, Words] = {}
    ) -> None:
        self._relations, self._words = relations or {}, words
        self._names: dict[str, Named] = {}

    def done(self, event: Event) -> str:
        """What the person did: 「你打了 5 分」."""
        configured = self._words.get(event.type)
        if configured is not None and configured.zh:
            return configured.zh.removesuffix("的")
        if event.type == "rating" and event.value is not None:
            return f"你打了 {event.value:g} 分"
        if event.type == COUNT and event.value is not None and event.value > 1:
            return f"你选过 {event.value:,.6g} 次"
        return _DONE.get(bare(event.type), f"你有“{event.type}”记录")

    def phrase(self, relation: str) -> str:
        """「导演」."""
        return self._named(relation).text

    def popular(self, people: int, *, many: bool, stranger: bool) -> str:
        """For the kind ``popularity``."""
        if not people:
            sentence = "还没有人喜欢过"
        else:
            sentence = f"很多人喜欢（{people:,} 人）" if many else f"有 {people:,} 人喜欢"
        return f"{sentence}；还不了解你的喜好" if stranger else sentence

    def popular_lately(self, people: int) -> str:
        """For the kind ``popularity``, of late."""
        return f"最近有人喜欢（共有 {people:,} 人喜欢）"

    def liked_with(self, title: str, event: Event, people: int) -> str:
        """For the kind ``behaviour``."""
        if people == 1:
            return f"有一个喜欢{self._aside(title, event)}的人也喜欢这个"
        return f"喜欢{self._aside(title, event)}的人也喜欢这个（{people:,} 人）"

    def liked_less_with(self, title: str, event: Event, people: int, of: int) -> str:
        """For the kind ``behaviour``, parting the two."""
        who = f"喜欢{self._aside(title, event)}的人"
        return f"{who}比别人更少喜欢这个（{of:,} 人中有 {people:,} 人）"

    def learned(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``learned``."""
        how = "相似" if alike else "不相似"
        return f"从大家的喜好中学到：它和{self._item(title, event)}{how}"

    def liked_among(self, title: str, event: Event, common: Common, people: int) -> str:
        """For the kind ``affinity``."""
        what = f"别的，{self._has(common, '也')}"
        if people == 1:
            return f"有一个喜欢{self._aside(title, event)}的人还喜欢{what}"
        return f"喜欢{self._aside(title, event)}的人还喜欢{what}（{people:,} 人）"

    def liked_less_among(
        self, title: str, event: Event, common: Common, people: int, of: int
    ) -> str:
        """For the kind ``affinity``, parting the two."""
        who, what = f"喜欢{self._aside(title, event)}的人", self._has(common, "")
        return f"{who}比别人更少喜欢这一类：{what}（{of:,} 人中有 {people:,} 人）"

    def feature(self, title: str, event: Event, common: Common, *, alike: bool) -> str:
        """For the kind ``facts``, by one feature."""
        goes = "相配" if alike else "不相配"
        name, item = self._named(common.relation), self._item(title, event)
        if name.verb or name.opaque or common.reverse:
            it = "" if name.verb and common.reverse else "它"
            return f"从大家的喜好中学到：{it}{self._has(common, '')}，这和{item}{goes}"
        return f"从大家的喜好中学到：它的{name.text}{_spaced(common.label)}和{item}{goes}"

    def facts(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``facts``."""
        goes = "相配" if alike else "不相配"
        return f"根据已知信息学到：它和{self._item(title, event)}{goes}"

    def text(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``."""
        goes = "相配" if alike else "不相配"
        return f"根据文字介绍学到：它和{self._item(title, event)}{goes}"

    def text_like(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``, of texts near one another."""
        how = "很相似" if alike else "很不一样"
        return f"文字介绍和{self._item(title, event)}{how}"

    def shares_with(self, title: str, event: Event, common: Common, events: int) -> str:
        """For the kind ``knowledge``."""
        item, name = self._item(title, event), self._named(common.relation)
        more = f"（另有 {events - 1} 个也是）" if events > 1 else ""
        if common.direct is not None:
            return _one_step(name, item, forward=common.direct == "forward")
        label = _spaced(common.label) or "同一事物"
        if name.opaque:
            return f"和{item}都与{label}有关{more}"
        if common.reverse and name.verb:
            return f"和{item}一样，{label.lstrip()}也{name.text}它{more}"
        if common.reverse:
            return f"和{item}同为{label}的{name.text}{more}"
        if name.verb:
            return f"和{item}一样{name.text}{label.rstrip()}{more}"
        if common.label:
            return f"和{item}{name.text}同为{label.rstrip()}{more}"
        return f"和{item}{name.text}相同{more}"

    def _item(self, title: str, event: Event) -> str:
        return f"{self.done(event)}的《{title}》"

    def _aside(self, title: str, event: Event) -> str:
        return f"《{title}》（{self.done(event)}）"

    def _named(self, relation: str) -> Named:
        if relation not in self._names:
            self._names[relation] = named(relation, self._relations)
        return self._names[relation]

    def _has(self, common: Common, also: str) -> str:
        """What holds of a thing that has it: 「导演（也）是李安」."""
        name, label = self._named(common.relation), _spaced(common.label) or "同一事物"
        if name.opaque:
            return f"{also}与{label}有关"
        if common.reverse and name.verb:
            return f"{label.lstrip()}{also}{name.text}它"
        if common.reverse:
            return f"{also}是{label}的{name.text}"
        if name.verb:
            return f"{also}{name.text}{label.rstrip()}"
        if common.label:
            return f"{name.text}{also}是{label.rstrip()}"
        return f"{name.text}{also or '与此'}相同"


def _spaced(label: str) -> str:
    """With a space between Chinese and other letters."""
    before = " " if label[:1].isascii() and label[:1].isalnum() else ""
    after = " " if label[-1:].isascii() and label[-1:].isalnum() else ""
    return f"{before}{label}{after}"


def _one_step(name: Named, item: str, *, forward: bool) -> str:
    """A fact of the target that names the item, or of the item that names the target."""
    if name.opaque:
        return f"与{item}有关"
    if name.verb:
        return f"它{name.text}{item}" if forward else f"{item}{name.text}它"
    return f"它的{name.text}是{item}" if forward else f"它是{item}的{name.text}"
