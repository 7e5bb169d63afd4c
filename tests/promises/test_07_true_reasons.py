"""Promise 7: the claims of thousands of reasons are true by the store, and false ones detected."""

from __future__ import annotations

import copy
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.published.sets import amazon_beauty, lastfm

from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.public_datasets import PublicDataset
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.serving.engine import Engine
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.claims import Claims
from tests.support.promises import SCALE

N_PAIRS = 5_000 * SCALE
"""Random pairs of a user and an item, all of whose reasons are checked."""
N_USERS, N_UNTOUCHED = 400, 100
"""Sampled from a data set: users with all their events, and items without an event of theirs."""
SETTINGS: dict[str, Any] = {
    "model": {"epochs": 3, "dimensions": 16, "heads": 1, "layers": 2, "history": 12},
    "evaluation": {"split": "random"},
}


@dataclass
class World:
    """The records and settings of one workspace."""

    items: Iterable[Item]
    events: Iterable[Event]
    facts: Iterable[Fact] = ()
    links: Iterable[Link] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def sampled(self) -> World:
        """Some users with all their events, the items of these events, and some other items."""
        rng = np.random.default_rng(1)
        items, events = list(self.items), list(self.events)
        all_users = sorted({event.user_id for event in events})
        users = set(rng.choice(all_users, min(N_USERS, len(all_users)), replace=False).tolist())
        events = [event for event in events if event.user_id in users]
        touched = {event.item_id for event in events}
        others = [item.item_id for item in items if item.item_id not in touched]
        item_ids = touched | set(rng.permutation(others)[:N_UNTOUCHED].tolist())
        return World(
            [item for item in items if item.item_id in item_ids],
            events,
            self.facts,
            [link for link in self.links if link.item_id in item_ids],
            self.settings,
        )

    def built(self, directory: Path) -> Workspace:
        """A workspace with all of it, built."""
        workspace = Workspace.init(directory, {**SETTINGS, **self.settings})
        workspace.ingest(
            items=self.items,
            events=self.events,
            facts={"facts": self.facts},
            links={"facts": self.links},
        )
        workspace.build()
        return workspace


def check_pairs(workspace: Workspace, n_pairs: int) -> tuple[Claims, list[str]]:
    """The checker after all reasons of random pairs, in both languages, and the violations."""
    engine, version = workspace.engine, workspace.snapshots.current()
    assert version is not None
    claims = Claims(workspace.database.path, workspace.snapshots.directory / version)
    rng = np.random.default_rng(2)
    with sqlite3.connect(workspace.database.path) as connection:
        users = [row[0] for row in connection.execute("select distinct user_id from events")]
    explain, wrong = Engine.explain.__wrapped__, []  # without the check that every test has
    for pair in range(n_pairs):
        user, item = users[rng.integers(len(users))], claims.items[rng.integers(len(claims.items))]
        language = ("en", "zh")[pair % 2]
        answer = explain(engine, user, item, language=language)
        shares = sum(reason.share for reason in answer.reasons)
        if abs(shares - answer.score) > 1e-3 * max(1.0, abs(answer.score)):
            wrong.append(f"{user}, {item}: reasons sum to {shares}, the score is {answer.score}")
        reasons = [reason.model_dump(mode="json") for reason in answer.reasons]
        wrong += claims.violations(user, item, reasons, language)
        if item not in claims.likers:
            wrong += [
                f"{user}, {item}: nobody touched it, and it is said {reason.text!r}"
                for reason in answer.reasons
                if reason.kind == "behaviour"
            ]
    print(f"{workspace.directory.name}: {dict(claims.checked)} {dict(claims.sentences)}")
    return claims, wrong


def sparse_world() -> World:
    """Users of one to four events on sixty items: most pairs of items have no user in common."""
    rng = np.random.default_rng(3)
    words = ("iron", "river", "ghost", "garden", "summer", "night", "letter", "bridge", "winter")
    kinds = ("drama", "comedy", "western", "thriller")
    items = [
        Item(f"i{k}", f"Item {k}", " ".join(rng.choice(words, 6)), {"genre": (kinds[k % 4],)})
        for k in range(60)
    ]
    facts = [
        *(Fact(f"item:i{k}", "directed_by", f"person:{k % 9}") for k in range(60)),
        *(Fact(f"item:i{k}", "mentions", f"m.0{k % 7}x") for k in range(0, 60, 2)),
        *(Fact(f"person:{k}", "label", f"Director {k}", literal=True) for k in range(5)),
        *(Fact(f"item:i{k}", "based_on", f"item:i{k + 1}") for k in range(0, 40, 8)),
        *(Fact(f"item:i{k}", "based_on", "item:i1") for k in range(2, 60, 3)),
    ]
    events = [
        Event(f"{user}-{n}", f"u{user}", f"i{item}", kind, value, 1e6 + n)
        for user in range(90)
        for n, item in enumerate(rng.choice(48, rng.integers(1, 5), replace=False))
        for kind, value in [
            [("rating", 5.0), ("rating", 2.0), ("like", None), ("dislike", None), ("view", None),
             ("purchase", None), ("skip", None), ("add_to_cart", None)][rng.integers(8)]
        ]
    ]  # fmt: skip
    return World(
        items, events, facts, (),
        {"events": {"weights": {"add_to_cart": 0.8}},
         "items": {"facts": {"genre": {"relation": "genre"}}}},
    )  # fmt: skip


@pytest.mark.slow
def test_every_claim_about_a_sparse_world_is_true(tmp_path: Path, count_cases) -> None:
    workspace = sparse_world().built(tmp_path / "sparse")
    claims, wrong = check_pairs(workspace, 600 * SCALE)
    workspace.close()
    assert not wrong, "\n".join(wrong[:20])
    count_cases("reasons checked against the store", sum(claims.checked.values()))
    assert {"behaviour", "learned", "text", "facts", "knowledge"} <= set(claims.checked)


def data() -> Path:
    root = os.environ.get("TASTEGRAPH_DATA")
    if root is None:
        pytest.skip("TASTEGRAPH_DATA names no folder with public data sets")
    return Path(root)


def ml100k() -> World:
    dataset = PublicDataset("ml-100k", data() / "ml100k")
    columns = {
        name: column.model_dump(exclude_defaults=True) for name, column in dataset.columns.items()
    }
    return World(
        list(dataset.items()),
        list(dataset.events()),
        list(dataset.facts()),
        list(dataset.links()),
        {
            "items": {"facts": columns},
            "relations": {name: {"phrase": text} for name, text in dataset.relations.items()},
        },
    )


def beauty() -> World:
    folder = data() / "amazon_beauty"
    facts = {"brand": {"relation": "brand"}, "category": {"relation": "category"}}
    return World(
        list(amazon_beauty._items(folder)),
        list(amazon_beauty._purchases(folder)),
        list(amazon_beauty._counted(folder)),
        settings={"items": {"facts": facts}},
    )


def music() -> World:
    folder, rejects = data() / "lastfm_lightkg", RejectedRows("raise")
    links = list(read_links(folder / "lastfm.link", rejects))
    names = lastfm.artists(data())
    items = [Item(link.item_id, names.get(link.item_id, "")) for link in links]
    facts = list(read_facts(folder / "lastfm.kg", rejects))
    return World(items, list(lastfm._plays(folder)), facts, links)


@pytest.mark.slow
@pytest.mark.parametrize("world", [ml100k, beauty, music, sparse_world])
def test_every_claim_of_five_thousand_pairs_is_true(
    world: Any, tmp_path: Path, count_cases
) -> None:
    sample = world() if world is sparse_world else world().sampled()
    workspace = sample.built(tmp_path / world.__name__)
    claims, wrong = check_pairs(workspace, N_PAIRS)
    workspace.close()
    assert not wrong, f"{len(wrong)} violations\n" + "\n".join(wrong[:20])
    assert sum(claims.checked.values()) > N_PAIRS
    count_cases("reasons checked against the store", sum(claims.checked.values()))


# False claims.


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


def true_reason(engine: Engine, target: str, kind: str) -> tuple[Claims, dict[str, Any]]:
    version = engine.snapshots.current()
    assert version is not None
    claims = Claims(engine.database.path, engine.snapshots.directory / version)
    reasons = engine.explain("western-1", target).reasons
    chosen = next(r for r in reasons if r.kind == kind and (r.support is None or r.support > 1))
    reason = chosen.model_dump(mode="json")
    assert not claims.violations("western-1", target, [reason])
    return claims, reason


@pytest.mark.parametrize(
    ("kind", "falsify"),
    [
        ("behaviour", lambda r: r.update(support=r["support"] + 1)),
        ("behaviour", lambda r: r.update(support=None)),
        ("behaviour", lambda r: r.update(text=r["text"].replace("people who", "1 people who"))),
        ("behaviour", lambda r: r.update(text=r["text"].replace("rated 5", "rated 4"))),
        ("behaviour", lambda r: r.update(text=r["text"].replace("rated 5", "bought"))),
        ("behaviour", lambda r: r.update(text=r["text"].replace("No. ", "Nr. "))),
        ("behaviour", lambda r: r.update(item_id="space-0")),
        ("learned", lambda r: r.update(kind="behaviour", support=1)),
        ("affinity", lambda r: r.update(support=r["support"] + 1)),
        ("affinity", lambda r: r.update(path=[])),
        ("knowledge", lambda r: r["path"][0].update(s="item:space-1")),
        ("knowledge", lambda r: r.update(path=[])),
        ("knowledge", lambda r: r.update(text=r["text"] + " (and 99 more)")),
    ],
)
def test_false_claim_is_detected(engine: Engine, kind: str, falsify: Any) -> None:
    target = "space-2" if kind == "learned" else "western-0"
    claims, reason = true_reason(engine, target, kind)
    false = copy.deepcopy(reason)
    falsify(false)
    assert claims.violations("western-1", target, [false])
