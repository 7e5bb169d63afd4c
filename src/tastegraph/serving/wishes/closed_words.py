"""The closed words of wishes: directions, strengths, durations, trends, fillers.

English phrases are in lower case without apostrophes, as :func:`~.tokens.tokenize` has them; the
Chinese ones are simplified. Names of things are never here: those are the graph's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

WordKind = Literal[
    "direction", "strength", "duration", "novelty", "popularity", "trend", "similar", "in",
    "and", "comma", "but", "stop", "filler", "modifier",
]  # fmt: skip


class ClosedWord(NamedTuple):
    """What a phrase of closed words means.

    Attributes:
        kind: its part in a wish.
        value: a direction, a factor, days or a duration, a measure with its trend.
    """

    kind: WordKind
    value: object = None


_MORE = """
more; prefer; prefer more; more of; some more; id prefer; give me more; show me more; want more;
多; 多一点; 多一些; 多点; 多些; 多来点; 多来些; 多来一点; 多来一些; 来点; 来些; 来一点; 来一些;
更多; 多推荐; 多看; 多看点; 想多看; 多给我; 增加; 多推荐点; 多推荐些; 喜欢; 更喜欢; 多要; 要多
"""
_LESS = """
less; fewer; less of; not so much; not so many; not too many; not too much; not too; not so;
not as; not very; not that; reduce; tired of; bored of; bored with; bored by; enough of; sick of;
fed up with; dont like; do not like; too much; too many; im tired of; fewer of; not overly;
dial down; cut down on; 少; 少一点; 少一些; 少点; 少些; 少来点; 少来些; 少来一点; 少来一些; 更少;
少推荐; 少看; 少看点; 减少; 不要太; 不太; 别太; 不那么; 没那么; 不要那么; 不要太多; 别太多;
看腻了; 看够了; 少给我; 少推荐点; 不用太; 不太想看
"""
_ONLY = """
only; just; nothing but; exclusively; strictly; solely; purely; nothing except;
nothing other than; limit to; restrict to; only want; i only want; show only; show me only;
just show me; just give me; 只; 只看; 只要; 只想看; 只想要; 仅; 仅看; 只推荐; 全部要; 只给我;
只限; 仅限; 全要; 只想; 只有; 全都要
"""
_NEVER = """
no; not; never; none; nothing; without; avoid; exclude; excluding; except; except for;
anything but; everything but; everything except; anything except; dont want; do not want;
dont want any; no more; dont show; dont show me; do not show me; stop showing me; stop; but not;
other than; hate; i hate; skip; ban; remove; hide; never show me; never show; nothing with;
nothing by; nothing from; never any; not any; nothing about; dont recommend; do not recommend;
nothing in; anything other than; leave out; do not want any; dont need; block; never again;
no longer; without any; apart from; not interested in; 不要; 不看; 不想看; 别; 别再; 别再推荐;
别推荐; 不推荐; 不要再推荐; 不要推荐; 除了; 没有; 无; 排除; 去掉; 讨厌; 拒绝; 不要看; 都不要;
都不要看; 不想要; 别给我; 不要有; 不再; 不再看; 不再推荐; 屏蔽; 不喜欢; 不要再; 非; 不需要; 别来;
别再来
"""
_STRENGTHS = {
    0.5: """
        a bit; a little; a little bit; slightly; somewhat; a touch; bit; little; a tad; 稍微;
        略微; 一点点; 稍; 略
    """,
    2.0: """
        a lot; much; far; many; lots; lots of; way; very much; a great deal; really; considerably;
        大量; 大大; 多得多; 非常; 很多; 特别; 尽量
    """,
}
_DURATIONS: Mapping[str | float, str] = {
    "always": """
        always; from now on; forever; for ever; ever again; ever; in future; in the future;
        every time; permanently; for good; 以后; 永远; 一直; 从现在起; 从今以后; 今后; 总是; 永久
    """,
    "session": """
        this session; for this session; in this session; during this session; 这次会话; 本次会话
    """,
    "list": """
        for now; right now; this time; for this list; just now; this once; now; 这次; 现在;
        这一次; 暂时
    """,
    1.0: """
        tonight; today; for tonight; for today; this evening; 今晚; 今天; 今夜; 今日
    """,
    3.0: """
        this weekend; for the weekend; at the weekend; 周末; 这个周末; 这周末
    """,
    7.0: """
        this week; for this week; for a week; the next week; next week; for the next week; 这周;
        本周; 这个星期; 一周内; 这星期; 这一周
    """,
    30.0: """
        this month; for this month; for a month; the next month; for the next month; 这个月; 本月;
        一个月内
    """,
}
_NOVELTY = """
something new; something different; something else; surprise me; surprises; something unexpected;
something fresh; anything new; something completely different; new to me; unfamiliar;
out of my comfort zone; something unusual; a surprise; something surprising; broaden my horizons;
a change; something entirely different; novelty; variety; something i dont know;
something i havent seen; a change of pace; unlike what i know; 新鲜的; 不一样的; 惊喜; 新鲜;
不一样; 换换口味; 换个口味; 没看过的; 意想不到的; 给我惊喜; 不同的; 与众不同的; 没见过的; 新花样;
换点别的
"""
_POPULARITY = {
    "up": """
        popular; hits; big hits; hit; bestsellers; best sellers; bestseller; best selling;
        bestselling; mainstream; well known; famous; blockbuster; blockbusters; trending;
        most popular; crowd pleasers; crowd pleaser; 热门; 流行; 畅销; 大片; 主流; 大众; 知名;
        有名; 卖得好; 爆款; 火; 人气; 人气高; 最火; 畅销款
    """,
    "down": """
        lesser known; less known; little known; obscure; hidden gems; hidden gem; niche;
        underrated; unknown; overlooked; unpopular; indie; off the beaten track; under the radar;
        rare; not popular; not well known; less popular; less famous; 冷门; 小众; 不知名; 不出名;
        冷僻; 被低估; 不热门; 鲜为人知
    """,
}
TRENDS: Mapping[tuple[str, Literal["up", "down"]], str] = {
    ("year", "down"): """
        old; older; oldest; classic; classics; vintage; earlier; oldies; golden oldies;
        old fashioned; old school; 老; 旧; 经典; 古老; 老片; 早期; 更老; 老旧; 怀旧; 年代久
    """,
    ("year", "up"): """
        new; newer; newest; recent; latest; modern; contemporary; more recent; most recent;
        recently released; 新; 最新; 新近; 近期; 更新; 近年; 现代; 新片; 当代; 近几年
    """,
    ("price", "up"): """
        expensive; pricey; pricier; costly; luxury; high end; premium; 贵; 昂贵; 高价;
        高档; 更贵; 奢侈
    """,
    ("price", "down"): """
        cheap; cheaper; cheapest; inexpensive; affordable; less expensive; budget; low priced;
        more affordable; 便宜; 更便宜; 实惠; 低价; 廉价; 平价
    """,
    ("duration", "down"): """
        short; shorter; shortest; 短; 更短; 短片
    """,
    ("duration", "up"): """
        long; longer; longest; lengthy; 长; 更长; 长片
    """,
    ("weight", "down"): """
        light; lighter; lightest; lightweight; ultralight; 轻; 更轻; 轻便; 轻量
    """,
    ("weight", "up"): """
        heavy; heavier; heaviest; 重; 更重; 沉
    """,
}
"""Measure and trend → the words for it."""
MEASURES: Mapping[str, tuple[str, ...]] = {
    "year": ("year", "date", "released", "年", "日期"),
    "price": ("price", "cost", "价格", "价", "售价"),
    "duration": (
        "duration",
        "runtime",
        "length",
        "running time",
        "minutes",
        "时长",
        "片长",
        "长度",
    ),
    "weight": ("weight", "mass", "重量"),
}
"""Measure → words that the name of a relation has whose values are of it."""
_SIMILAR = """
like; similar to; something like; anything like; along the lines of; in the style of;
in the vein of; reminiscent of; resembling; such as; much like; more like; comparable to;
something similar to; akin to; in the spirit of; close to; the likes of; kind of like; a la; 像;
类似; 类似于; 跟; 好像; 如同; 相似; 和
"""
_AND = """
and; or; and also; as well as; nor; plus; 和; 与; 或; 或者; 以及; 还有; 及; 跟; 还是; 并且; 而且; 也
"""
_BUT = "but; yet; though; however; but also; and then; 但; 但是; 不过; 可是; 而; 然而"
_FILLERS = """
a; an; the; any; some; me; i; my; id; im; we; us; you; your; please; show; give; want; would;
like to; would like; i would like; id like; i like; we like; i love; love; need; see; watch;
recommend; get; have; film; films; movie; movies; picture; pictures; title; titles; item; items;
product; products; thing; things; stuff; something; anything; everything; ones; one; kind; kinds;
sort; type; types; of; by; from; with; for; to; at; on; that; this; these; those; is; are; be;
was; were; it; its; which; who; lets; let; maybe; perhaps; also; too; so; in the mood for;
im in the mood for; mood; feel; feeling; feel like; i feel like; thanks; thank; hello; hi; well;
as; am; will; can; could; should; than; them; list; lists; suggestions; recommendations; do;
by the; gear; made; made in; set in; shot in; produced in; featuring; starring in; where; there;
here; if; possible; again; then; anymore; any more; do it; its ok; work; works; by name; all;
kids and; look; looking; looking for; find; search; buy; shopping; wear; use; used; sold; goods;
article; articles; era; time; style; preferably; ideally; mostly; mainly; especially; bit of;
more or less; time period; released; published; in color; things like; that are; which are;
the ones; set; play; played; acted; directed; with a; a few; 的; 电影; 影片; 片子; 片; 一点; 一些;
些; 点; 我; 我们; 想; 想看; 看; 要; 想要; 请; 给; 给我; 推荐; 吧; 了; 呢; 啊; 都; 也可以; 可以;
来; 里; 里面; 那样; 那种; 这种; 这样; 一样; 但更; 更; 更加; 制造; 生产; 出品; 拍; 主演的; 用;
用的; 商品; 产品; 东西; 类; 类的; 类型的; 款; 款式; 几部; 一部; 一个; 部; 个; 有; 是; 在; 之间;
帮我; 能; 能不能; 希望; 再; 又; 会; 以外; 之外; 最好; 比较; 的话; 看看; 想买; 买; 找; 找点; 作品;
系列的; 式; 风格; 左右; 之类; 等; 什么; 有没有; 吗; 嘛; 哦; 需要; 到; 从; 它; 其; 他; 她; 的电影;
新出的; 相关; 有关; 关于; 方面; 内容; 东西的; 感觉; 心情; 谢谢; 同; 产; 造; 那; 这; 就; 还; 还要;
些的
"""
_IN = "in; spoken in; speaking; 说; 讲"
_COMMAS = ", 、 ， / + &"
_STOPS = ". ; ! ? 。 ； ！ ？ \n :"


def _phrases(text: str) -> Iterable[str]:
    return (p.strip() for line in text.split("\n") for p in line.split(";") if p.strip())


def _dictionary() -> dict[str, ClosedWord]:
    words = {p: ClosedWord("filler") for p in _phrases(_FILLERS)}
    words |= {p: ClosedWord("and") for p in _phrases(_AND)}
    words |= {p: ClosedWord("but") for p in _phrases(_BUT)}
    words |= {p: ClosedWord("in") for p in _phrases(_IN)}
    words |= {p: ClosedWord("comma") for p in _COMMAS.split(" ")}
    words |= {p: ClosedWord("stop") for p in _STOPS.split(" ")}
    for factor, text in _STRENGTHS.items():
        words |= {p: ClosedWord("strength", factor) for p in _phrases(text)}
    for duration, text in _DURATIONS.items():
        words |= {p: ClosedWord("duration", duration) for p in _phrases(text)}
    words |= {p: ClosedWord("novelty") for p in _phrases(_NOVELTY)}
    for toward, text in _POPULARITY.items():
        words |= {p: ClosedWord("popularity", toward) for p in _phrases(text)}
    for trend, text in TRENDS.items():
        words |= {p: ClosedWord("trend", trend) for p in _phrases(text)}
    words |= {p: ClosedWord("similar") for p in _phrases(_SIMILAR)}
    words["和"] = words["跟"] = ClosedWord("and")
    for direction, text in (
        ("more", _MORE), ("less", _LESS), ("only", _ONLY), ("never", _NEVER),
    ):  # fmt: skip
        words |= {p: ClosedWord("direction", direction) for p in _phrases(text)}
    return words


CLOSED_WORDS: Mapping[str, ClosedWord] = _dictionary()
"""Phrase → what it means."""
MAX_CLOSED_WORDS = 8
"""Tokens of such a phrase, at most."""
