"""Steering: wishes of a request and standing wishes of a user, from words to their effects."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.config.experiments import named_snapshots
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.explain.worded import WordedReason
from tastegraph.models.ranked import Ranked
from tastegraph.profiles.interactions import History
from tastegraph.serving.answers import Recommendations
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.chips import Chip, IgnoredWords, Steering
from tastegraph.serving.wishes.effects import WishEffects, wish_effects
from tastegraph.serving.wishes.graph import WishGraph
from tastegraph.serving.wishes.parser import WishParser
from tastegraph.serving.wishes.proposals import with_proposals
from tastegraph.serving.wishes.wording import chip_text
from tastegraph.store import statements, wishes
from tastegraph.store.database import Database
from tastegraph.store.wishes import StoredWish

Steer = str | Sequence[Chip]
"""A wish in words, or chips, as they were or edited."""
Submit = Callable[[Callable[[Connection], int]], Future[int]]
SESSION_SECONDS = 30 * 60.0
"""How long a wish for *this session* counts for a known user."""
DAY = 86_400.0


class Steerer:
    """Reads wishes over the graph in service and says what they do; thread-safe.

    Args:
        database: has the aliases of entities, and the standing wishes.
        config: names the relations that are names.
    """

    def __init__(self, database: Database, config: Config) -> None:
        self._database, self._config = database, config
        self._lock = threading.Lock()
        self._n_snapshots = 1 + len(named_snapshots(config.experiments))
        self._graphs: OrderedDict[tuple[str, int], tuple[WishGraph, WishParser]] = OrderedDict()

    def read(self, snapshot: ServingSnapshot, steer: Steer | None, language: Language) -> Steering:
        """What a wish asks for; of chips, those that the graph in service knows."""
        if steer is None:
            return Steering()
        graph, parser = self._of(snapshot)
        if isinstance(steer, str):
            return parser.parse(steer, language)
        known, ignored = [], []
        for chip in steer:
            if not chip.is_complete:
                words, reason = chip.label, Message("wish.incomplete").text(language)
                ignored.append(IgnoredWords(words=words, start=0, end=0, reason=reason))
                continue
            worded = chip.model_copy(update={"text": chip_text(chip, language)})
            if graph.knows(chip):
                known.append(worded)
            else:
                words, reason = worded.text, Message("wish.not_here").text(language)
                ignored.append(IgnoredWords(words=words, start=0, end=0, reason=reason))
        return Steering(parsed=tuple(known), ignored=tuple(ignored))

    def propose(
        self, snapshot: ServingSnapshot, wish: Steer | None, language: Language
    ) -> Steering:
        """:meth:`read`, and what a language model proposes for what was not understood.

        It waits for the model: never while a list is computed.
        """
        steering, llm = self.read(snapshot, wish, language), self._config.llm
        if not isinstance(wish, str) or not steering.ignored:
            return steering
        if llm.endpoint is None or llm.model is None:
            note = Message("wish.not_configured").text(language)
            return steering.model_copy(update={"notes": (*steering.notes, note)})
        from tastegraph.text.llm import LLMClient

        client = LLMClient(llm)
        return with_proposals(steering, wish, self._of(snapshot)[1], client, language)

    def graph(self, snapshot: ServingSnapshot) -> WishGraph:
        """The graph of a snapshot as wishes see it."""
        return self._of(snapshot)[0]

    def effects(
        self, snapshot: ServingSnapshot, chips: Sequence[Chip], history: History
    ) -> WishEffects | None:
        """What chips do for a user with this history; ``None`` where they do nothing."""
        if not any(chip.is_applied for chip in chips):
            return None
        return wish_effects(self._of(snapshot)[0], chips, history)

    def replayed(
        self, snapshot: ServingSnapshot, rows: Iterable[Mapping[str, Any]], history: History
    ) -> WishEffects | None:
        """:meth:`effects` of the chips that a stored list has."""
        return self.effects(snapshot, [Chip.model_validate(row) for row in rows], history)

    def store_of(
        self, answer: Recommendations, submit: Submit | None, user_id: str, language: Language
    ) -> Recommendations:
        """:meth:`store` of the chips of a list, or not where nothing may be written.

        What there is to say of that is in the answer.
        """
        steering = answer.steer
        if steering is None or not _lasting(steering.parsed):
            return answer
        if submit is None:
            note: str | None = Message("wish.read_only").text(language)
        else:
            note = self.store(submit, user_id, steering.parsed, language)
        if note is None:
            return answer
        steering = steering.model_copy(update={"notes": (*steering.notes, note)})
        return answer.model_copy(update={"steer": steering})

    def store(
        self,
        submit: Submit,
        user_id: str,
        chips: Iterable[Chip],
        language: Language,
    ) -> str | None:
        """Store the chips that outlast their list. Returns what to tell the user, if anything."""
        lasting = _lasting(chips)
        if not lasting:
            return None

        def write(connection: Connection) -> int:
            now = time.time()
            room = wishes.MAX_WISHES - len(wishes.standing(connection, user_id, now))
            for chip in lasting[: max(room, 0)]:
                row = chip.as_json()
                expires = expiry(chip, now)
                wishes.put(connection, user_id, interest_id(chip), row, now, expires)
            return len(lasting) - max(room, 0)

        if submit(write).result() > 0:
            return Message("wish.full", limit=wishes.MAX_WISHES).text(language)
        return None

    def _of(self, snapshot: ServingSnapshot) -> tuple[WishGraph, WishParser]:
        """The graph of a snapshot as wishes see it; held for each snapshot in service."""
        key = (snapshot.version, snapshot.erased_items)
        with self._lock:
            if key not in self._graphs:
                graph = WishGraph(
                    snapshot.names, snapshot.associations, snapshot.relation_weights,
                    snapshot.model.popularity, snapshot.model.n_listed, self._config.relations,
                    self._other_names,
                )  # fmt: skip
                self._graphs[key] = graph, WishParser(graph.names, graph.numbers)
                while len(self._graphs) > self._n_snapshots:
                    self._graphs.popitem(last=False)
            self._graphs.move_to_end(key)
            return self._graphs[key]

    def _other_names(self) -> Mapping[str, Sequence[str]]:
        """Every name of every entity, by the store."""
        names: dict[str, list[str]] = defaultdict(list)
        with self._database.reading() as connection:
            relations = self._config.graph.naming_relations
            for subject, name in statements.literals_of(connection, relations):
                names[subject].append(name)
        return names


def _lasting(chips: Iterable[Chip]) -> list[Chip]:
    return [chip for chip in chips if chip.duration != "list" and chip.is_applied]


def merged(standing: Sequence[Chip], steering: Steering) -> list[Chip]:
    """Standing wishes and those of a request; of two on one thing, that of the request."""
    chips = {chip.target: chip for chip in standing}
    chips |= {chip.target: chip for chip in steering.parsed}
    return [chip for chip in chips.values() if chip.is_applied]


def standing_chips(connection: Connection, user_id: str) -> list[Chip]:
    """The wishes of a user that count now."""
    return [chip_of(row) for row in wishes.standing(connection, user_id, time.time())]


def chip_of(row: StoredWish) -> Chip:
    """A stored wish as a chip."""
    return Chip.model_validate(row.chip)


def interest_id(chip: Chip) -> str:
    """Names what a chip is about, the same in every snapshot: 20 hexadecimal digits."""
    parts = [chip.kind, chip.node, chip.relation, chip.low, chip.high]
    # A trend up and one down are about one thing; so are the two ends of popularity.
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def expiry(chip: Chip, now: float) -> float | None:
    """When a wish that is stored at ``now`` stops to count; ``None`` for never."""
    if chip.duration == "days" and chip.days is not None:
        return now + chip.days * DAY
    return now + SESSION_SECONDS if chip.duration == "session" else None


def wish_reasons(
    effects: WishEffects, ranked: Ranked, item: int, language: Language
) -> tuple[WordedReason, ...]:
    """What each wish adds to the score of an item, in words; the largest share first."""
    shares = sorted(effects.shares(ranked, item), key=lambda pair: -abs(pair[1]))
    return tuple(
        WordedReason(
            kind="wish",
            share=share,
            text=Message(
                "wish.because" if share > 0 else "wish.although", chip=chip_text(chip, language)
            ).text(language),
        )
        for chip, share in shares
    )
