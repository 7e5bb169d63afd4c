"""Checks every claim of a reason against the store, and shares no code with what made it.

A claim is what a reader would take from a sentence: that so many people like both of two items,
that a fact is stored, that the person rated a film 5, that two texts are much alike. Likes are
counted from the event log with plain Python, facts are looked up in the table of facts, texts are
compared once more from the arrays of the snapshot.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
NEAREST = 0.1
"""So near a text must be to be "much like" another: its rank as a share of all."""
SAMPLING = 0.04
"""The product ranks it in a sample of 1,000, so that its share is off by three standard errors."""
N, FEW = r"(?P<people>[\d,]+)", r"(?P<people>\d[\d,]*) of (?P<of>\d[\d,]*)"

DEEDS = {
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
            f"{N} people who like PAST, like this too",
            "one person who likes PAST, likes this too",
            rf"people who like PAST, like this less often than others do \({FEW}\)",
        ],
        "affinity": [
            f"{N} people who like PAST, like something else .+ too",
            "one person who likes PAST, likes something else .+ too",
            rf"people who like PAST, like something else .+ less often than others do \({FEW}\)",
        ],
        "learned": [r"(?:similar to|unlike) PAST, by what was learned from people's likes"],
        "facts": [
            "(?:goes|does not go) with PAST, by what was learned of facts",
            "something .+ (?:goes|does not go) with PAST, by what was learned",
        ],
        "text": [
            "described (?P<near>much like|unlike) PAST",
            "(?:goes|does not go) with PAST, by what was learned of texts",
        ],
        "knowledge": [r".*PAST(?: \(and (?P<more>\d+) more\))?", "PAST, .+ this"],
        "popularity": [
            rf"liked by many people \({N}\)(?P<stranger>; nothing is known of your taste yet)?",
            f"liked by {N} people(?P<stranger>; nothing is known of your taste yet)?",
            "liked by one person(?P<stranger>; nothing is known of your taste yet)?",
            "nobody has liked it yet(?P<stranger>; nothing is known of your taste yet)?",
            rf"liked by people lately \((?:{N} people|one person) in all\)",
        ],
    },
    "zh": {
        "behaviour": [
            f"喜欢ASIDE的人也喜欢这个（{N} 人）",
            "有一个喜欢ASIDE的人也喜欢这个",
            r"喜欢ASIDE的人比别人更少喜欢这个（(?P<of>[\d,]+) 人中有 (?P<people>[\d,]+) 人）",
        ],
        "affinity": [
            f"喜欢ASIDE的人还喜欢别的，.+（{N} 人）",
            "有一个喜欢ASIDE的人还喜欢别的，.+",
            r"喜欢ASIDE的人比别人更少喜欢这一类：.+（(?P<of>[\d,]+) 人中有 (?P<people>[\d,]+) 人）",
        ],
        "learned": ["从大家的喜好中学到：它和PAST(?:相似|不相似)"],
        "facts": [
            "根据已知信息学到：它和PAST(?:相配|不相配)",
            "从大家的喜好中学到：.+和PAST(?:相配|不相配)",
        ],
        "text": [
            "文字介绍和PAST(?P<near>很相似|很不一样)",
            "根据文字介绍学到：它和PAST(?:相配|不相配)",
        ],
        "knowledge": [r".*PAST.*?(?:（另有 (?P<more>\d+) 个也是）)?"],
        "popularity": [
            f"很多人喜欢（{N} 人）(?P<stranger>；还不了解你的喜好)?",
            f"有 {N} 人喜欢(?P<stranger>；还不了解你的喜好)?",
            "还没有人喜欢过(?P<stranger>；还不了解你的喜好)?",
            f"最近有人喜欢（共有 {N} 人喜欢）",
        ],
    },
}
MANY = ("liked by many", "很多人")
MUCH_ALIKE = ("much like", "很相似")
LESS = ("less often", "更少")
OPAQUE = re.compile(r"(?<![\w.])(?:m\.0[0-9a-z_]{2,}|item:\S+|user:\S+|[a-z]+://\S+)")


class Claims:
    """The claims of reasons beside what one workspace holds.

    Args:
        database: file of the workspace's store.
        snapshot: folder of the snapshot that answered.
        words: event type → language → how the configuration says it.

    Attributes:
        checked: how many reasons were checked, by kind.
        sentences: how many were of a sort: behaviour that parts two items, texts much alike.
    """

    def __init__(
        self,
        database: Path,
        snapshot: Path,
        words: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        self._database = database
        self._words = words or {}
        self.checked: Counter[str] = Counter()
        self.sentences: Counter[str] = Counter()
        manifest = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
        meaning = manifest["fitted"]["meaning"]
        self._weights, self._scale = meaning["weights"], meaning["scale"]
        self._array = {
            file.removesuffix(".npy"): np.load(snapshot / file, mmap_mode="r").view(np.ndarray)
            for file in manifest["files"]
            if file.split(".")[0] in ("graph", "text", "network", "mapped text", "text tower")
        }
        self.items = self._strings("graph.items")
        self._row = {name: row for row, name in enumerate(self.items)}
        labels = self._strings("graph.labels")
        self._nodes = [f"item:{name}" for name in self.items] + self._strings("graph.nodes")
        self._relations = self._strings("graph.relations")
        with self._open() as connection:
            erased = sum(
                connection.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()[0]
                for table in ("erasures", "erased_items")
            )
            # Of a snapshot that remembers somebody who was erased since, more may be counted.
            self._forgets = erased > manifest["erasures"]
            self.likers = self._counted(connection, manifest["learned_until"])
            titles = dict(connection.execute("select item_id, title from items"))
            (changes,) = connection.execute(
                "select coalesce(sum(number), 0) from changes"
            ).fetchone()
            self._facts = {
                row[0]: row[1:]
                for row in connection.execute(
                    "select fact_id, subject, relation, object from facts"
                )
            }
        held = dict(zip(self.items, labels, strict=False))
        # What was imported since the snapshot was made has its title from the next one on.
        titles = held | titles if changes == manifest["changes"] else held
        self._titles = {item: title or item for item, title in titles.items()}
        self._same = self._identities()
        self._linked = {end for s, p, o in self._facts.values() if p == SAME_AS for end in (s, o)}
        self._features = self._items_by_feature()
        self._everybody = set().union(*self.likers.values())
        self._active = len(self._everybody)
        right = self._array.get("text.right", np.zeros((0, 1)))
        self._written = np.flatnonzero(np.any(right, axis=1))
        self._by_feature: dict[tuple[str, bool, str], Counter[str]] = {}

    def violations(
        self,
        who: str | Sequence[Mapping[str, Any]],
        target: str,
        reasons: Iterable[Mapping[str, Any]],
        language: str = "en",
    ) -> list[str]:
        """What is not so, one line each.

        Args:
            who: a user id, or the events of a session: ``item_id``, ``type``, ``value``.
            target: id of the item that the reasons are of.
            reasons: as JSON has them.
            language: of their texts.
        """
        events = self._events_of(who) if isinstance(who, str) else list(who)
        found = []
        for reason in reasons:
            self.checked[reason["kind"]] += 1
            try:
                self._check(events, target, reason, language)
            except AssertionError as error:
                found.append(f"{target}: {reason['kind']}: {reason['text']!r}: {error}")
        return found

    def _check(
        self, events: list[Any], target: str, reason: Mapping[str, Any], language: str
    ) -> None:
        kind, text, start = reason["kind"], reason["text"], reason["item_id"]
        assert "which you know" not in text
        if start is None:
            assert kind == "popularity", "it names no event"
        else:
            assert any(self._counts(event) for event in events if event["item_id"] == start), (
                f"there is no event of this person on {start} that counts"
            )
        match = self._matched(events, start, kind, text, language)
        group = match.groupdict()
        outside = text.replace(f"{self._titles.get(start, '')}", "")
        assert not OPAQUE.search(self._without_titles(outside)), "it shows an id"
        path = reason["path"]
        for step in path:
            self._check_fact(step)
        if kind == "popularity":
            self._check_popularity(events, target, reason, group)
        elif kind == "behaviour":
            both = len(self._of(start) & self._of(target))
            self._check_support(start, both, len(self._of(target)), reason, group)
        elif kind == "affinity":
            assert len(path) == 1, "no fact says what the target has"
            elsewhere = self._liked_elsewhere(path[0], start, target)
            both = sum(map(elsewhere, self._of(start)))
            of_all = sum(map(elsewhere, self._everybody)) if group.get("of") else 0
            self._check_support(start, both, of_all, reason, group)
        else:
            assert reason["support"] is None, "it counts people and says nothing of them"
        if kind == "knowledge":
            self._check_path(events, start, target, path, group)
        if kind == "text":
            self._check_text(start, target, group.get("near"))
        if kind == "facts":
            self._check_learned_facts(target, path)

    def _matched(
        self, events: list[Any], start: str | None, kind: str, text: str, language: str
    ) -> re.Match[str]:
        """The sentence that says it, with the title and what the person did as the store has it."""
        title = self._titles.get(start or "", "")
        deed = self._deed(events, start, language)
        past = f"*{title}*, {deed}" if language == "en" else f"{deed}的《{title}》"
        plain = text if start is None else text.replace(past, "PAST", 1)
        if language == "zh":
            plain = plain.replace(f"《{title}》（{deed}）", "ASIDE", 1)
        for sentence in SENTENCES[language][kind]:
            match = re.fullmatch(sentence, plain, re.S)
            if match is not None:
                return match
        raise AssertionError("no sentence with this title and event says so")

    def _deed(self, events: list[Any], start: str | None, language: str) -> str:
        if start is None:
            return ""
        on_item = [event for event in events if event["item_id"] == start and self._counts(event)]
        most = max(abs(self._counts(event)) for event in on_item)
        (*_, strongest) = (event for event in on_item if abs(self._counts(event)) == most)
        kind, value = strongest["type"], strongest["value"]
        told = (self._words.get(kind) or {}).get(language)
        if told:
            return told.removesuffix("的")
        if kind == "rating" and value is not None:
            if self._scale["kind"] != "counts":
                return f"which you rated {value:g}" if language == "en" else f"你打了 {value:g} 分"
            if value <= 1:
                return "which you chose" if language == "en" else "你选过"
            times = f"{value:,.6g}"
            return f"which you chose {times} times" if language == "en" else f"你选过 {times} 次"
        if kind in DEEDS[language]:
            return DEEDS[language][kind]
        said = {"en": f'for which there is an event "{kind}" of yours', "zh": f"你有“{kind}”记录"}
        return said[language]

    def _check_popularity(
        self, events: list[Any], target: str, reason: Mapping[str, Any], group: Mapping[str, Any]
    ) -> None:
        number, sizes = len(self._of(target)), [len(one) for one in self.likers.values() if one]
        said = reason["support"]
        assert said == number or (self._forgets and said > number), f"{number} like it, not {said}"
        assert group.get("people") in (None, f"{said:,}"), f"the text says {group['people']}"
        if reason["text"].startswith(MANY) and not self._forgets:
            assert number > sum(sizes) / len(sizes), "no more than usual"
        if group.get("stranger"):
            assert not any(map(self._counts, events)), "something is known of this person"
        if "nobody" in reason["text"] or "没有人" in reason["text"]:
            assert said == 0

    def _check_support(
        self,
        start: str,
        both: int,
        of_all: int,
        reason: Mapping[str, Any],
        group: Mapping[str, Any],
    ) -> None:
        support, one = reason["support"], len(self._of(start))
        assert support is not None, "it says so of people and counts none"
        assert support >= 1, "there is nobody"
        assert support == both or (self._forgets and support > both), f"there are {both}"
        said = group.get("people")
        assert said == f"{support:,}" or (said is None and support == 1), f"the text says {said}"
        if any(word in reason["text"] for word in LESS):
            self.sentences["less than others"] += 1
            if not self._forgets:
                assert group["of"] == f"{one:,}", f"{one} people like the first"
                assert both * self._active < one * of_all, "no less than others"

    def _check_path(
        self,
        events: list[Any],
        start: str,
        target: str,
        path: Sequence[Mapping[str, Any]],
        group: Mapping[str, Any],
    ) -> None:
        assert path, "no fact joins the two"
        ends = [{step["s"], step["o"]} for step in path]
        items = {f"item:{start}", f"item:{target}"}
        if len(path) == 1:
            assert items <= ends[0], f"the fact does not join {items}"
        else:
            first, second = ends
            assert f"item:{start}" in first, "the path does not begin at the item"
            assert f"item:{target}" in second, "the path does not end at the target"
            assert (first & second) or start == target, "the path is broken"
            assert path[0]["p"] == path[1]["p"]
        more = int(group.get("more") or 0)
        if more:
            having = self._with_feature(path[-1], target)
            mine = {event["item_id"] for event in events if self._counts(event)}
            has = (mine & having) - {target, start}
            assert more <= len(has), f"{len(has)} more have it"

    def _check_fact(self, step: Mapping[str, Any]) -> None:
        if not self._facts:
            return
        stored = self._facts.get(int(step["fact_id"]))
        assert stored is not None, f"fact {step['fact_id']} is not stored"
        subject, relation, obj = stored
        assert relation == step["p"], f"the stored fact says {relation}"
        for said, held in ((step["s"], subject), (step["o"], obj)):
            assert self._one(said) == self._one(held), f"the stored fact names {held}, not {said}"

    def _check_text(self, start: str, target: str, near: str | None) -> None:
        written = [
            self._array[name][self._row[target]].any()
            for name in ("text.right", "network.items.text", "text tower.right")
            if name in self._array
        ]
        assert any(written), "no text says anything of it"
        if near is None:
            return
        self.sentences[f"text {near}"] += 1
        left, right = self._array["text.left"], self._array["text.right"]
        one, other = self._row[start], self._row[target]
        others = self._written[(self._written != one) & (self._written != other)]
        similarities = right[others] @ left[one]
        mine = right[other] @ left[one]
        closer = similarities > mine if near in MUCH_ALIKE else similarities < mine
        assert closer.mean() <= NEAREST + SAMPLING * (len(others) > 1000) + 1e-6, (
            f"{closer.mean():.1%} of the others are more so"
        )

    def _check_learned_facts(self, target: str, path: Sequence[Mapping[str, Any]]) -> None:
        if path:
            assert f"item:{target}" in {path[0]["s"], path[0]["o"]}, "it is no fact of the target"
        else:
            portion = self._array["network.items.facts"][self._row[target]]
            named = self._row[target] in self._array["graph.tails"]
            assert portion.any() or named, "no fact says anything of it"

    def _events_of(self, user_id: str) -> list[dict[str, Any]]:
        with self._open() as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                "select item_id, type, value from events where user_id = ? "
                "order by coalesce(timestamp, 0.0), seq",
                (user_id,),
            )
            return [dict(row) for row in rows]

    def _counted(self, connection: sqlite3.Connection, until: int) -> dict[str, set[str]]:
        """Item → who likes it: whose strongest event on it, the newest among equals, is for it."""
        strongest: dict[tuple[str, str, str], tuple[float, float, float]] = {}
        rows = connection.execute(
            "select user_id, item_id, split, type, value, timestamp from events where seq <= ?",
            (until,),
        )
        for user, item, split, kind, value, time in rows:
            if weight := self._counts({"type": kind, "value": value}):
                # At one moment, what speaks for the item.
                rank = abs(weight), -math.inf if time is None else time, weight
                place = (user, item, split)
                strongest[place] = max(strongest.get(place, rank), rank)
        likers = defaultdict(set)
        for (user, item, _), (_, _, weight) in strongest.items():
            if weight > 0 and item in self._row:
                likers[item].add(user)
        return dict(likers)

    def _counts(self, event: Mapping[str, Any]) -> float:
        kind, value, scale = event["type"], event["value"], self._scale
        if kind == "count":  # how an answer tells a rating that is none
            kind = "rating"
        weight = self._weights.get(kind, 0.0)
        if kind != "rating" or value is None:
            return weight
        if scale["kind"] == "counts":
            full = math.log(1 + scale["high"])
            return weight * min(1.0, math.log(1 + value) / full) if value > 0 else 0.0
        if value == scale["unrated"] or (scale["kind"] == "signs" and value == 0):
            return 0.0
        lowest = scale["positive"] if scale["kind"] != "signs" else 0.0
        return weight if value >= lowest else -weight

    def _of(self, item: str) -> set[str]:
        return self.likers.get(item, set())

    def _items_by_feature(self) -> dict[tuple[str, bool, str], set[str]]:
        """(relation, whether the item is the object, the other end) → items."""
        found = defaultdict(set)
        edges = (self._array[f"graph.{name}"].tolist() for name in ("heads", "relation", "tails"))
        for head, relation, tail in zip(*edges, strict=True):
            name = self._relations[relation]
            for item, node, reverse in ((head, tail, False), (tail, head, True)):
                if item < len(self.items):
                    found[name, reverse, self._name(node)].add(self.items[item])
        return found

    def _liked_elsewhere(
        self, step: Mapping[str, Any], start: str, target: str
    ) -> Callable[[str], bool]:
        """Whether a person likes something with the feature that is neither of the two."""
        feature = self._feature(step, target)
        having = self._features[feature]
        if feature not in self._by_feature:
            self._by_feature[feature] = Counter(
                person for item in having for person in self._of(item)
            )
        counts = self._by_feature[feature]
        besides = [self._of(item) for item in {start, target} & having]

        def likes(person: str) -> bool:
            return counts[person] > sum(person in likers for likers in besides)

        return likes

    def _feature(self, step: Mapping[str, Any], target: str) -> tuple[str, bool, str]:
        reverse = step["s"] != f"item:{target}"
        return step["p"], reverse, step["s"] if reverse else step["o"]

    def _with_feature(self, step: Mapping[str, Any], target: str) -> set[str]:
        """The items that have what a step says of ``target``."""
        return self._features[self._feature(step, target)]

    def _name(self, node: int) -> str:
        return self._nodes[node].split("\x1f", 1)[-1]

    def _identities(self) -> dict[str, str]:
        """Name → one name for all that facts say are the same thing."""
        one: dict[str, str] = {}

        def root(name: str) -> str:
            while name in one:
                name = one[name]
            return name

        for subject, relation, obj in self._facts.values():
            if relation == SAME_AS and root(subject) != root(obj):
                one[root(subject)] = root(obj)
        return one

    def _one(self, name: str) -> str:
        """One name of a thing; a bare id is an item's where that is linked to nothing."""
        item = f"item:{name}"
        if name in self._row and name not in self._linked and item not in self._linked:
            name = item
        while name in self._same:
            name = self._same[name]
        return name

    def _without_titles(self, text: str) -> str:
        return re.sub(r"\*.*?\*|《.*?》", "", text)

    def _strings(self, name: str) -> list[str]:
        raw, ends = self._array[name].tobytes(), [0, *self._array[f"{name}.ends"].tolist()]
        return [raw[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(ends)]

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
