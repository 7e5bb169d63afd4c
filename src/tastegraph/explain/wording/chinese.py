"""Reasons in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tastegraph.core.config import EventPhrases, RelationConfig
from tastegraph.core.records import COUNT, Event
from tastegraph.explain.wording.chinese_relations import ChineseName, chinese_name
from tastegraph.explain.wording.templates import SharedFeature, plain_event_type

_EVENT_CLAUSES = {
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


class ChineseTemplates:
    """Sentences such as 「和你打了 5 分的《冰血暴》一样，导演是科恩」.

    Args:
        relations: name → what the configuration says of it.
        words: event type → how a sentence puts it.
    """

    def __init__(
        self,
        relations: Mapping[str, RelationConfig] | None = None,
        words: Mapping[str, EventPhrases] = {},
    ) -> None:
        self._relations, self._words = relations or {}, words
        self._names: dict[str, ChineseName] = {}

    def event_clause(self, event: Event) -> str:
        """What the user did: 「你打了 5 分」."""
        configured = self._words.get(event.type)
        if configured is not None and configured.zh:
            return configured.zh.removesuffix("的")
        if event.type == "rating" and event.value is not None:
            return f"你打了 {event.value:g} 分"
        if event.type == COUNT and event.value is not None and event.value > 1:
            return f"你选过 {event.value:,.6g} 次"
        return _EVENT_CLAUSES.get(plain_event_type(event.type), f"你有“{event.type}”记录")

    def event_action(self, event: Event) -> str:
        """The same without the user: 「打了 5 分」."""
        return self.event_clause(event).removeprefix("你")

    def relation_phrase(self, relation: str) -> str:
        """「导演」."""
        return self._named(relation).text

    def popular(self, users: int, *, many: bool, stranger: bool) -> str:
        """For the kind ``popularity``."""
        if not users:
            sentence = "还没有人喜欢过"
        else:
            sentence = f"很多人喜欢（{users:,} 人）" if many else f"有 {users:,} 人喜欢"
        return f"{sentence}；还不了解你的喜好" if stranger else sentence

    def popular_lately(self, users: int) -> str:
        """For the kind ``popularity``, of late."""
        return f"最近有人喜欢（共有 {users:,} 人喜欢）"

    def users_like_both(self, title: str, event: Event, users: int) -> str:
        """For the kind ``behaviour``."""
        if users == 1:
            return f"有一个喜欢{self._aside(title, event)}的人也喜欢这个"
        return f"喜欢{self._aside(title, event)}的人也喜欢这个（{users:,} 人）"

    def users_like_less(self, title: str, event: Event, users: int, likers: int) -> str:
        """For the kind ``behaviour``, where the two items differ."""
        who = f"喜欢{self._aside(title, event)}的人"
        return f"{who}比别人更少喜欢这个（{likers:,} 人中有 {users:,} 人）"

    def learned_from_likes(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``learned``."""
        how = "相似" if alike else "不相似"
        return f"从大家的喜好中学到：它和{self._item(title, event)}{how}"

    def users_like_feature(
        self, title: str, event: Event, shared: SharedFeature, users: int
    ) -> str:
        """For the kind ``affinity``."""
        what = f"别的，{self._feature_clause(shared, '也')}"
        if users == 1:
            return f"有一个喜欢{self._aside(title, event)}的人还喜欢{what}"
        return f"喜欢{self._aside(title, event)}的人还喜欢{what}（{users:,} 人）"

    def users_like_feature_less(
        self, title: str, event: Event, shared: SharedFeature, users: int, likers: int
    ) -> str:
        """For the kind ``affinity``, where the two items differ."""
        who, what = f"喜欢{self._aside(title, event)}的人", self._feature_clause(shared, "")
        return f"{who}比别人更少喜欢这一类：{what}（{likers:,} 人中有 {users:,} 人）"

    def learned_from_feature(
        self, title: str, event: Event, shared: SharedFeature, *, alike: bool
    ) -> str:
        """For the kind ``facts``, where one feature says it."""
        goes = "相配" if alike else "不相配"
        name, item = self._named(shared.relation), self._item(title, event)
        if name.verb or name.opaque or shared.reverse:
            it = "" if name.verb and shared.reverse else "它"
            return f"从大家的喜好中学到：{it}{self._feature_clause(shared, '')}，这和{item}{goes}"
        return f"从大家的喜好中学到：它的{name.text}{_spaced(shared.label)}和{item}{goes}"

    def learned_from_facts(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``facts``."""
        goes = "相配" if alike else "不相配"
        return f"根据已知信息学到：它和{self._item(title, event)}{goes}"

    def learned_from_texts(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``."""
        goes = "相配" if alike else "不相配"
        return f"根据文字介绍学到：它和{self._item(title, event)}{goes}"

    def texts_compared(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``, where the texts are near or far."""
        how = "很相似" if alike else "很不一样"
        return f"文字介绍和{self._item(title, event)}{how}"

    def both_mention(self, labels: Sequence[str]) -> str:
        """「：两者都提到京都和武士」."""
        return f"：两者都提到{'和'.join(map(_spaced, labels)).rstrip()}"

    def facts_shared(self, title: str, event: Event, shared: SharedFeature, events: int) -> str:
        """For the kind ``knowledge``."""
        item, name = self._item(title, event), self._named(shared.relation)
        more = f"（另有 {events - 1} 个也是）" if events > 1 else ""
        opinion = {"like": "喜欢", "dislike": "不喜欢"}.get(event.type)
        if event.entity_id and shared.direct == "forward" and not (name.opaque or name.verb):
            if opinion:
                return f"因为你{opinion}{name.text}{_spaced(title).rstrip()}"
            return f"它的{name.text}是{self.event_clause(event)}的{_spaced(title).rstrip()}"
        if shared.direct is not None:
            return _one_step(name, item, forward=shared.direct == "forward")
        label = _spaced(shared.label) or "同一事物"
        if name.opaque:
            return f"和{item}都与{label}有关{more}"
        if shared.reverse and name.verb:
            return f"和{item}一样，{label.lstrip()}也{name.text}它{more}"
        if shared.reverse:
            return f"和{item}同为{label}的{name.text}{more}"
        if name.verb:
            return f"和{item}一样{name.text}{label.rstrip()}{more}"
        if shared.label:
            return f"和{item}{name.text}同为{label.rstrip()}{more}"
        return f"和{item}{name.text}相同{more}"

    def _item(self, title: str, event: Event) -> str:
        return f"{self.event_clause(event)}的《{title}》"

    def _aside(self, title: str, event: Event) -> str:
        return f"《{title}》（{self.event_clause(event)}）"

    def _named(self, relation: str) -> ChineseName:
        if relation not in self._names:
            self._names[relation] = chinese_name(relation, self._relations)
        return self._names[relation]

    def _feature_clause(self, shared: SharedFeature, also: str) -> str:
        """A clause on a thing that has the feature: 「导演（也）是李安」."""
        name, label = self._named(shared.relation), _spaced(shared.label) or "同一事物"
        if name.opaque:
            return f"{also}与{label}有关"
        if shared.reverse and name.verb:
            return f"{label.lstrip()}{also}{name.text}它"
        if shared.reverse:
            return f"{also}是{label}的{name.text}"
        if name.verb:
            return f"{also}{name.text}{label.rstrip()}"
        if shared.label:
            return f"{name.text}{also}是{label.rstrip()}"
        return f"{name.text}{also or '与此'}相同"


def _spaced(label: str) -> str:
    """With a space between Chinese and other letters."""
    before = " " if label[:1].isascii() and label[:1].isalnum() else ""
    after = " " if label[-1:].isascii() and label[-1:].isalnum() else ""
    return f"{before}{label}{after}"


def _one_step(name: ChineseName, item: str, *, forward: bool) -> str:
    """A fact of the target that names the item, or of the item that names the target."""
    if name.opaque:
        return f"与{item}有关"
    if name.verb:
        return f"它{name.text}{item}" if forward else f"{item}{name.text}它"
    return f"它的{name.text}是{item}" if forward else f"它是{item}的{name.text}"
