"""The sentences that reasons may have, as patterns, and the words for events."""

from __future__ import annotations

import re

USERS = r"(?P<people>[\d,]+)"
FEWER = r"(?P<people>\d[\d,]*) of (?P<of>\d[\d,]*)"

EVENT_CLAUSES = {
    "en": {
        "view": "which you viewed", "click": "which you clicked on", "purchase": "which you bought",
        "like": "which you liked", "dislike": "which you disliked", "skip": "which you skipped",
        "add_to_cart": "which you added to the cart",
    },
    "zh": {
        "view": "你看过", "click": "你点开过", "purchase": "你买过", "like": "你喜欢",
        "dislike": "你不喜欢", "skip": "你跳过", "add_to_cart": "你加入过购物车",
    },
}  # fmt: skip

SENTENCES: dict[str, dict[str, list[str]]] = {
    "en": {
        "behaviour": [
            f"{USERS} people who like ITEM, like this too",
            "one person who likes ITEM, likes this too",
            rf"people who like ITEM, like this less often than others do \({FEWER}\)",
        ],
        "affinity": [
            f"{USERS} people who like ITEM, like something else .+ too",
            "one person who likes ITEM, likes something else .+ too",
            rf"people who like ITEM, like something else .+ less often than others do \({FEWER}\)",
        ],
        "learned": [r"(?:similar to|unlike) ITEM, by what was learned from people's likes"],
        "facts": [
            "(?:goes|does not go) with ITEM, by what was learned of facts",
            "something .+ (?:goes|does not go) with ITEM, by what was learned",
        ],
        "text": [
            "described (?P<near>much like|unlike) ITEM(?:: both mention (?P<both>.+))?",
            "(?:goes|does not go) with ITEM, by what was learned of texts",
        ],
        "knowledge": [r".*ITEM(?: \(and (?P<more>\d+) more\))?", "ITEM, .+ this"],
        "popularity": [
            rf"liked by many people \({USERS}\)(?P<stranger>; nothing is known of your taste yet)?",
            f"liked by {USERS} people(?P<stranger>; nothing is known of your taste yet)?",
            "liked by one person(?P<stranger>; nothing is known of your taste yet)?",
            "nobody has liked it yet(?P<stranger>; nothing is known of your taste yet)?",
            rf"liked by people lately \((?:{USERS} people|one person) in all\)",
        ],
    },
    "zh": {
        "behaviour": [
            f"喜欢NAMED的人也喜欢这个（{USERS} 人）",
            "有一个喜欢NAMED的人也喜欢这个",
            r"喜欢NAMED的人比别人更少喜欢这个（(?P<of>[\d,]+) 人中有 (?P<people>[\d,]+) 人）",
        ],
        "affinity": [
            f"喜欢NAMED的人还喜欢别的，.+（{USERS} 人）",
            "有一个喜欢NAMED的人还喜欢别的，.+",
            r"喜欢NAMED的人比别人更少喜欢这一类：.+（(?P<of>[\d,]+) 人中有 (?P<people>[\d,]+) 人）",
        ],
        "learned": ["从大家的喜好中学到：它和ITEM(?:相似|不相似)"],
        "facts": [
            "根据已知信息学到：它和ITEM(?:相配|不相配)",
            "从大家的喜好中学到：.+和ITEM(?:相配|不相配)",
        ],
        "text": [
            "文字介绍和ITEM(?P<near>很相似|很不一样)(?:：两者都提到(?P<both>.+))?",
            "根据文字介绍学到：它和ITEM(?:相配|不相配)",
        ],
        "knowledge": [r".*ITEM.*?(?:（另有 (?P<more>\d+) 个也是）)?"],
        "popularity": [
            f"很多人喜欢（{USERS} 人）(?P<stranger>；还不了解你的喜好)?",
            f"有 {USERS} 人喜欢(?P<stranger>；还不了解你的喜好)?",
            "还没有人喜欢过(?P<stranger>；还不了解你的喜好)?",
            f"最近有人喜欢（共有 {USERS} 人喜欢）",
        ],
    },
}
"""Language → kind of a reason → patterns; ITEM and NAMED stand for the title with the event."""
OPINIONS = {
    "en": {
        "which you liked": r"because you like the .+ \*{title}\*",
        "which you disliked": r"because you dislike the .+ \*{title}\*",
        "rated": r"because you rated the .+ \*{title}\* {value}",
    },
    "zh": {
        "你喜欢": "因为你喜欢.+ ?{title}", "你不喜欢": "因为你不喜欢.+ ?{title}",
        "rated": "它的.+是你打了 .+ 分的 ?{title}",
    },
}  # fmt: skip
"""Language → what the user did → the sentence for an event on an entity itself."""
MANY_USERS = ("liked by many", "很多人")
NEAR_TEXT = ("much like", "很相似")
LESS_OFTEN = ("less often", "更少")
OPAQUE_ID = re.compile(r"(?<![\w.])(?:m\.0[0-9a-z_]{2,}|item:\S+|user:\S+|[a-z]+://\S+)")
