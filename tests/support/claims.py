"""Checks every claim of a reason against the store; shares no code with what it checks.

A claim is what a reader would take from a sentence: that so many people like both of two items,
that a fact is stored, that the user rated a film 5, that two texts are much alike. Likes are
counted from the event log with plain Python, facts are looked up in the table of facts, texts are
compared once more from the arrays of the snapshot.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.claim_likes import EventWeights
from tests.support.claim_sentences import (
    EVENT_CLAUSES,
    LESS_OFTEN,
    MANY_USERS,
    NEAR_TEXT,
    OPAQUE_ID,
    OPINIONS,
    SENTENCES,
)

SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
NEAR_SHARE = 0.1
"""A text is much like another if no larger share of all texts is nearer."""
SAMPLING_ERROR = 0.04
"""The product ranks a text in a sample of 1,000: three standard errors of a share."""


class Claims:
    """Compares the claims of reasons with what one workspace holds.

    Args:
        database: file of the workspace's store.
        snapshot: folder of the snapshot that answered.
        words: event type → language → configured words.

    Attributes:
        checked: number of checked reasons, by kind.
        sentences: number of sentences that say "less often", "much like" or "unlike".
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
        self._meaning = EventWeights(meaning["weights"], meaning["scale"])
        names = {
            file.removeprefix("learning/").removesuffix(".npy"): file for file in manifest["files"]
        }
        self._arrays = {
            name: _widened(np.load(snapshot / file, mmap_mode="r").view(np.ndarray))
            for name, file in names.items()
            if name.split(".")[0] in ("graph", "text", "network", "mapped text", "text tower")
        }
        self.items = self._strings("graph.items")
        self._row = {name: row for row, name in enumerate(self.items)}
        labels = self._strings("graph.labels")
        nodes = self._strings("graph.nodes")
        self._nodes = [self._public(name) for name in self.items] + nodes
        self._relations = self._strings("graph.relations")
        with self._connect() as connection:
            erased = sum(
                connection.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()[0]
                for table in ("erasures", "erased_items")
            )
            # A snapshot may still count a user who was erased since.
            self._has_erasures = erased > manifest["erasures"]
            self.likers = self._meaning.likers_by_item(
                connection, manifest["learned_until"], self._row
            )
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
        snapshot_titles = dict(zip(self.items, labels, strict=False))
        # A title that was imported since the snapshot was made counts from the next one on.
        is_current = changes == manifest["changes"]
        titles = snapshot_titles | titles if is_current else snapshot_titles
        names = {
            f"entity\x1f{n}": label
            for n, label in zip(nodes, labels[len(self.items) :], strict=False)
        }
        titles = names | titles
        self._titles = {n: title or n.removeprefix("entity\x1f") for n, title in titles.items()}
        self._same_as = self._same_as_names()
        self._linked = {end for s, p, o in self._facts.values() if p == SAME_AS for end in (s, o)}
        self._features = self._items_by_feature()
        self._users = set().union(*self.likers.values())
        self._n_users = len(self._users)
        right = self._arrays.get("text.both_sides", np.zeros((0, 1)))
        self._rows_with_text = np.flatnonzero(np.any(right, axis=1))
        self._by_feature: dict[tuple[str, bool, str], Counter[str]] = {}

    def violations(
        self,
        user: str | Sequence[Mapping[str, Any]],
        target: str,
        reasons: Iterable[Mapping[str, Any]],
        language: str = "en",
    ) -> list[str]:
        """The false claims, one line each.

        Args:
            user: a user id, or the events of a session: ``item_id``, ``type``, ``value``.
            target: id of the item that the reasons are of.
            reasons: as JSON has them.
            language: of their texts.
        """
        events = self._events_of(user) if isinstance(user, str) else list(user)
        violations = []
        for reason in reasons:
            self.checked[reason["kind"]] += 1
            try:
                self._check(events, target, reason, language)
            except AssertionError as error:
                violations.append(f"{target}: {reason['kind']}: {reason['text']!r}: {error}")
        return violations

    def _check(
        self, events: list[Any], target: str, reason: Mapping[str, Any], language: str
    ) -> None:
        kind, text, start = reason["kind"], reason["text"], reason["item_id"]
        if kind == "wish":
            says = (
                ("because you asked for ", "因为") if reason["share"] > 0 else ("although ", "尽管")
            )
            assert text.startswith(says), "it says the opposite of its share"
            assert (start, reason["support"], reason["path"]) == (None, None, [])
            return
        if kind == "rule":
            # What a shop says of a boost; that the item meets its filter, tests of filters check.
            assert start is None
            assert not reason["path"]
            return
        if reason.get("entity") is not None:
            assert start is None
            start = f"entity\x1f{reason['entity']}"
        assert "which you know" not in text
        if start is None:
            assert kind == "popularity", "it names no event"
        else:
            assert any(self._meaning.of(event) for event in events if _object(event) == start), (
                f"there is no event of this user on {start} that counts"
            )
        match = self._match_sentence(events, start, kind, text, language)
        group = match.groupdict()
        outside = text.replace(f"{self._titles.get(start, '')}", "")
        assert not OPAQUE_ID.search(self._without_titles(outside)), "it shows an id"
        path = reason["path"]
        for step in path:
            self._check_fact(step)
        if kind == "popularity":
            self._check_popularity(events, target, reason, group)
        elif kind == "behaviour":
            both = len(self._likers_of(start) & self._likers_of(target))
            self._check_support(start, both, len(self._likers_of(target)), reason, group)
        elif kind == "affinity":
            assert len(path) == 1, "no fact says what the target has"
            elsewhere = self._likes_elsewhere(path[0], start, target)
            both = sum(map(elsewhere, self._likers_of(start)))
            of_all = sum(map(elsewhere, self._users)) if group.get("of") else 0
            self._check_support(start, both, of_all, reason, group)
        else:
            assert reason["support"] is None, "it counts users and does not speak of them"
        if kind == "knowledge":
            self._check_path(events, start, target, path, group)
        if kind == "text":
            self._check_text(start, target, group.get("near"))
            if group.get("both"):
                self._check_mentions(start, target, group["both"])
        if kind == "facts":
            self._check_learned_facts(target, path)

    def _match_sentence(
        self, events: list[Any], start: str | None, kind: str, text: str, language: str
    ) -> re.Match[str]:
        """The sentence of a reason, with the title and the event that the store has."""
        title = self._titles.get(start or "", "")
        clause = self._event_clause(events, start, language)
        item = f"*{title}*, {clause}" if language == "en" else f"{clause}的《{title}》"
        plain = text if start is None else text.replace(item, "ITEM", 1)
        if start is not None and start.startswith("entity"):
            sentences = OPINIONS[language]
            opinion = sentences.get(clause, sentences["rated"] if "rated" in clause else None)
            if opinion is not None:
                value = clause.rsplit(" ", 1)[-1] if "rated" in clause else ""
                plain = re.sub(opinion.format(title=re.escape(title), value=value), "ITEM", plain)
        if language == "zh":
            plain = plain.replace(f"《{title}》（{clause}）", "NAMED", 1)
        for sentence in SENTENCES[language][kind]:
            match = re.fullmatch(sentence, plain, re.S)
            if match is not None:
                return match
        raise AssertionError("no sentence with this title and event matches")

    def _event_clause(self, events: list[Any], start: str | None, language: str) -> str:
        if start is None:
            return ""
        on_item = [event for event in events if _object(event) == start and self._meaning.of(event)]
        largest = max(abs(self._meaning.of(event)) for event in on_item)
        (*_, strongest) = (event for event in on_item if abs(self._meaning.of(event)) == largest)
        kind, value = strongest["type"], strongest["value"]
        configured = (self._words.get(kind) or {}).get(language)
        if configured:
            return configured.removesuffix("的")
        if kind == "rating" and value is not None:
            if self._meaning.scale["kind"] != "counts":
                return f"which you rated {value:g}" if language == "en" else f"你打了 {value:g} 分"
            if value <= 1:
                return "which you chose" if language == "en" else "你选过"
            times = f"{value:,.6g}"
            return f"which you chose {times} times" if language == "en" else f"你选过 {times} 次"
        if kind in EVENT_CLAUSES[language]:
            return EVENT_CLAUSES[language][kind]
        if language == "en":
            return f'for which there is an event "{kind}" of yours'
        return f"你有“{kind}”记录"

    def _public(self, name: str) -> str:
        """How paths call what an event is on."""
        return name.split("\x1f", 1)[1] if name.startswith("entity\x1f") else f"item:{name}"

    def _check_popularity(
        self, events: list[Any], target: str, reason: Mapping[str, Any], group: Mapping[str, Any]
    ) -> None:
        count, support = len(self._likers_of(target)), reason["support"]
        sizes = [len(likers) for likers in self.likers.values() if likers]
        is_true = support == count or (self._has_erasures and support > count)
        assert is_true, f"{count} like it, not {support}"
        assert group.get("people") in (None, f"{support:,}"), f"the text says {group['people']}"
        if reason["text"].startswith(MANY_USERS) and not self._has_erasures:
            assert count > sum(sizes) / len(sizes), "no more than usual"
        if group.get("stranger"):
            assert not any(map(self._meaning.of, events)), "something is known of this user"
        if "nobody" in reason["text"] or "没有人" in reason["text"]:
            assert support == 0

    def _check_support(
        self,
        start: str,
        both: int,
        of_all: int,
        reason: Mapping[str, Any],
        group: Mapping[str, Any],
    ) -> None:
        support, likers = reason["support"], len(self._likers_of(start))
        assert support is not None, "it speaks of users and counts none"
        assert support >= 1, "there is nobody"
        assert support == both or (self._has_erasures and support > both), f"there are {both}"
        count = group.get("people")
        is_true = count == f"{support:,}" or (count is None and support == 1)
        assert is_true, f"the text says {count}"
        if any(word in reason["text"] for word in LESS_OFTEN):
            self.sentences["less than others"] += 1
            if not self._has_erasures:
                assert group["of"] == f"{likers:,}", f"{likers} users like the first"
                assert both * self._n_users < likers * of_all, "no less than others"

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
        items = {self._public(start), self._public(target)}
        if len(path) == 1:
            assert items <= ends[0], f"the fact does not join {items}"
        else:
            first, second = ends
            assert self._public(start) in first, "the path does not begin at the item"
            assert f"item:{target}" in second, "the path does not end at the target"
            assert (first & second) or start == target, "the path is broken"
            assert path[0]["p"] == path[1]["p"]
        more = int(group.get("more") or 0)
        if more:
            items = {_object(event) for event in events if self._meaning.of(event)}
            others = (items & self._with_feature(path[-1], target)) - {target, start}
            assert more <= len(others), f"{len(others)} more have it"

    def _check_fact(self, step: Mapping[str, Any]) -> None:
        if not self._facts:
            return
        stored = self._facts.get(int(step["fact_id"]))
        assert stored is not None, f"fact {step['fact_id']} is not stored"
        subject, relation, obj = stored
        assert relation == step["p"], f"the stored fact says {relation}"
        for name, stored_name in ((step["s"], subject), (step["o"], obj)):
            is_same = self._canonical(name) == self._canonical(stored_name)
            assert is_same, f"the stored fact names {stored_name}, not {name}"

    def _check_text(self, start: str, target: str, near: str | None) -> None:
        has_text = [
            self._arrays[name][self._row[target]].any()
            for name in ("text.both_sides", "network.items.text", "text tower.both_sides")
            if name in self._arrays
        ]
        assert any(has_text), "no text says anything of it"
        if near is None:
            return
        self.sentences[f"text {near}"] += 1
        vectors = self._arrays["text.both_sides"]
        start_row, target_row = self._row[start], self._row[target]
        others = np.setdiff1d(self._rows_with_text, [start_row, target_row])
        similarities = vectors[others] @ vectors[start_row]
        similarity = vectors[target_row] @ vectors[start_row]
        closer = similarities > similarity if near in NEAR_TEXT else similarities < similarity
        assert closer.mean() <= NEAR_SHARE + SAMPLING_ERROR * (len(others) > 1000) + 1e-6, (
            f"{closer.mean():.1%} of the others are more so"
        )

    def _check_mentions(self, start: str, target: str, words: str) -> None:
        """What both texts mention: one name, or two, in English or Chinese."""
        shared = self._mentioned(start) & self._mentioned(target)
        claims = set(shared)
        for left in shared:
            claims |= {f"{left} and {right}" for right in shared - {left}}
            claims |= {f"{left}和{right}" for right in shared - {left}}
        plain = {claim.replace(" ", "") for claim in claims}
        assert words.replace(" ", "") in plain, f"both mention {sorted(shared)}"

    def _mentioned(self, item: str) -> set[str]:
        """Names of what the graph says that an item mentions."""
        relations, labels = self._strings("graph.relations"), self._strings("graph.labels")
        if "mentions" not in relations:
            return set()
        is_mention = self._arrays["graph.relation"] == relations.index("mentions")
        of_item = self._arrays["graph.heads"] == self._row[item]
        return {labels[node] for node in self._arrays["graph.tails"][is_mention & of_item]}

    def _check_learned_facts(self, target: str, path: Sequence[Mapping[str, Any]]) -> None:
        if path:
            assert f"item:{target}" in {path[0]["s"], path[0]["o"]}, "it is no fact of the target"
        else:
            ends = (self._arrays["graph.heads"], self._arrays["graph.tails"])
            assert any(self._row[target] in end for end in ends), "no fact says anything of it"

    def _events_of(self, user_id: str) -> list[dict[str, Any]]:
        with self._connect() as connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                "select item_id, type, value from events where user_id = ? "
                "order by coalesce(timestamp, 0.0), seq",
                (user_id,),
            )
            return [dict(row) for row in rows]

    def _likers_of(self, item: str) -> set[str]:
        return self.likers.get(item, set())

    def _items_by_feature(self) -> dict[tuple[str, bool, str], set[str]]:
        """(relation, whether the item is the object, the other end) → items."""
        items = defaultdict(set)
        edges = (self._arrays[f"graph.{name}"].tolist() for name in ("heads", "relation", "tails"))
        for head, relation, tail in zip(*edges, strict=True):
            name = self._relations[relation]
            for item, node, reverse in ((head, tail, False), (tail, head, True)):
                if item < len(self.items):
                    items[name, reverse, self._name(node)].add(self.items[item])
        return items

    def _likes_elsewhere(
        self, step: Mapping[str, Any], start: str, target: str
    ) -> Callable[[str], bool]:
        """Whether a user likes something with the feature that is neither of the two items."""
        feature = self._feature(step, target)
        items = self._features[feature]
        if feature not in self._by_feature:
            self._by_feature[feature] = Counter(
                user for item in items for user in self._likers_of(item)
            )
        counts = self._by_feature[feature]
        excluded = [self._likers_of(item) for item in {start, target} & items]

        def likes(user: str) -> bool:
            return counts[user] > sum(user in likers for likers in excluded)

        return likes

    def _feature(self, step: Mapping[str, Any], target: str) -> tuple[str, bool, str]:
        reverse = step["s"] != f"item:{target}"
        return step["p"], reverse, step["s"] if reverse else step["o"]

    def _with_feature(self, step: Mapping[str, Any], target: str) -> set[str]:
        """The items that have the same feature as ``target`` in a step."""
        return self._features[self._feature(step, target)]

    def _name(self, node: int) -> str:
        return self._nodes[node].split("\x1f", 1)[-1]

    def _same_as_names(self) -> dict[str, str]:
        """Name → one name for all that facts say are the same thing."""
        names: dict[str, str] = {}

        def root(name: str) -> str:
            while name in names:
                name = names[name]
            return name

        for subject, relation, obj in self._facts.values():
            if relation == SAME_AS and root(subject) != root(obj):
                names[root(subject)] = root(obj)
        return names

    def _canonical(self, name: str) -> str:
        """One name of a thing; a bare id is an item's where the item is linked to nothing."""
        item = f"item:{name}"
        if name in self._row and name not in self._linked and item not in self._linked:
            name = item
        while name in self._same_as:
            name = self._same_as[name]
        return name

    def _without_titles(self, text: str) -> str:
        return re.sub(r"\*.*?\*|《.*?》", "", text)

    def _strings(self, name: str) -> list[str]:
        raw, ends = self._arrays[name].tobytes(), [0, *self._arrays[f"{name}.ends"].tolist()]
        return [raw[a:b].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(ends)]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)


def _object(event: Mapping[str, Any]) -> str:
    """What an event is on: an item, or an entity behind a prefix, as the log has it."""
    if event["item_id"]:
        return str(event["item_id"])
    entity = str(event["entity_id"])
    return entity.removeprefix("item:") if entity.startswith("item:") else f"entity\x1f{entity}"


def _widened(values: np.ndarray) -> np.ndarray:
    """An array of a snapshot; rows of codes times their steps."""
    return values["codes"] * values["step"][:, None] if values.dtype.names else values
