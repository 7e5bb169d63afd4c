"""Whatever was forgotten, imported again or changed: deriving gives what a fresh store has."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.config import CONFIG_FILE
from tastegraph.core.records import LABEL, SAME_AS, Fact, Item
from tastegraph.kg.review import steps as derivation_steps
from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL
from tastegraph.workspace import Workspace
from tests.kg.review.test_derivation import FACTS, ITEMS, MORE, NAMES, all_rows, person

STEPS = [step for step in DERIVED if step != LANGUAGE_MODEL]
N_ITEMS = 24
SMALL = [replace(item, attributes={"genre": ("drama",)}) for item in ITEMS[:N_ITEMS]]
SMALL_FACTS = [
    fact for fact in FACTS
    if fact.subject.startswith("p:") or int(fact.subject.removeprefix("f:")) < N_ITEMS
]  # fmt: skip
OTHER_FACTS = [fact for fact in SMALL_FACTS if fact.object != person(NAMES[0])][5:]
LINKS = [Fact(f"item:{k:02}", SAME_AS, f"f:{k:02}") for k in range(9)]
SETTINGS = (
    {},
    {"items": {"facts": {"genre": {"relation": "genre"}}}},
    {"relations": {"director": {"single": True}}, "graph": {"min_confidence": 0.7}},
)


@dataclass
class State:
    """What a workspace holds: items, facts by source, and its configuration."""

    items: dict[str, Item] = field(default_factory=lambda: {item.item_id: item for item in SMALL})
    facts: dict[str, list[Fact]] = field(
        default_factory=lambda: {"films": SMALL_FACTS, "links": LINKS, "more": MORE}
    )
    settings: dict[str, object] = field(default_factory=dict)


class Shop:
    """A workspace that is changed step by step, and closed and opened again with each change."""

    def __init__(self, folder: Path, state: State) -> None:
        self.directory, self.state = folder / "shop", state
        self.workspace = Workspace.init(self.directory, dict(state.settings))
        self.workspace.ingest(items=list(state.items.values()), facts=state.facts)

    def derive(self) -> None:
        for step in STEPS:
            self.workspace.knowledge.derive(step)

    def change(self, action: str, number: int) -> None:
        getattr(self, action)(number)

    def forget(self, number: int) -> None:
        source = sorted(self.state.facts)[number % len(self.state.facts)]
        if len(self.state.facts) > 1:
            self.workspace.knowledge.forget(source)
            del self.state.facts[source]

    def reimport(self, number: int) -> None:
        self.state.facts["films"] = (OTHER_FACTS, SMALL_FACTS)[number % 2]
        self.workspace.ingest(facts={"films": self.state.facts["films"]})

    def rewrite(self, number: int) -> None:
        item = sorted(self.state.items.values(), key=lambda item: item.item_id)[number % 5]
        text = f"A remake by {NAMES[number % len(NAMES)]}, with {NAMES[(number + 1) % len(NAMES)]}."
        item = replace(item, text=text, attributes={"genre": (f"genre {number % 3}",)})
        self.state.items[item.item_id] = item
        self.workspace.ingest(items=[item])

    def erase(self, number: int) -> None:
        item_id = sorted(self.state.items)[number % 5]
        del self.state.items[item_id]
        self.state.facts = {
            source: [f for f in facts if f"item:{item_id}" not in (f.subject, f.object)]
            for source, facts in self.state.facts.items()
        }
        self.workspace.erase.item(item_id)

    def configure(self, number: int) -> None:
        self.state.settings = dict(SETTINGS[number % len(SETTINGS)])
        self.workspace.close()
        with tempfile.TemporaryDirectory() as folder:
            other = Workspace.init(Path(folder) / "shop", self.state.settings)
            shutil.copy(other.directory / CONFIG_FILE, self.directory / CONFIG_FILE)
        self.workspace = Workspace(self.directory)
        # What columns state follows the configuration with the next import of any item.
        self.workspace.ingest(items=[next(iter(self.state.items.values()))])


@contextmanager
def shop_of(state: State):
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder), state)
        try:
            yield shop
        finally:
            shop.workspace.close()


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["forget", "reimport", "rewrite", "erase", "configure", "derive"]),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, derandomize=True)
@given(changes=CHANGES)
def test_deriving_after_changes_gives_what_a_fresh_workspace_has(changes):
    with shop_of(State()) as shop:
        shop.derive()
        for action, number in changes:
            if action == "derive":
                shop.workspace.knowledge.renew()
            else:
                shop.change(action, number)
        shop.derive()
        assert shop.workspace.knowledge.outdated() == []
        with shop_of(shop.state) as fresh:
            fresh.derive()
            assert "mentions" in {source.name for source in fresh.workspace.knowledge.sources()}
            assert all_rows(shop.workspace) == all_rows(fresh.workspace)
            assert shop.workspace.knowledge.sources() == fresh.workspace.knowledge.sources()


@pytest.mark.slow
def test_forgetting_by_the_command_line_derives_anew(tastegraph, tmp_path):
    def write(name, lines):
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / name

    items = write("items.csv", ["item_id,title,text", *(
        f'{item.item_id},{item.title},"{item.text}"' for item in SMALL
    )])  # fmt: skip
    rows = ["head,relation,tail,literal"]
    first = write("first.csv", rows + [
        f"{f.subject},{f.relation},{f.object},{str(f.literal).lower()}" for f in SMALL_FACTS
    ])  # fmt: skip
    second = write("second.csv", rows + [
        f"{f.subject},{f.relation},{f.object},{str(f.literal).lower()}" for f in MORE
    ])  # fmt: skip
    stores = []
    for name, files in (("shop", [first, second]), ("fresh", [first])):
        assert tastegraph("init", tmp_path / name).code == 0
        options = [f"--facts={file}" for file in files]
        assert tastegraph("import", tmp_path / name, f"--items={items}", *options).code == 0
        assert tastegraph("kg", "derive", tmp_path / name).code == 0
    source = "second.csv"
    assert tastegraph("kg", "forget", tmp_path / "shop", source).code == 0
    for name in ("shop", "fresh"):
        workspace = Workspace(tmp_path / name)
        stores.append((all_rows(workspace), workspace.knowledge.sources()))
        workspace.close()
    assert stores[0] == stores[1]


def test_derived_facts_of_an_earlier_state_are_reported(tastegraph):
    with shop_of(State()) as shop:
        knowledge = shop.workspace.knowledge
        assert knowledge.outdated() == []
        knowledge.derive("linking")
        knowledge.derive("mentions")
        assert knowledge.outdated() == []
        shop.rewrite(1)
        assert knowledge.outdated() == ["linking", "mentions"]
        err = tastegraph("kg", "sources", shop.directory).err
        assert "derived facts are of an earlier state (linking, mentions)" in err
        assert "'tastegraph kg derive' renews them" in err
        knowledge.derive("mentions")
        assert knowledge.outdated() == ["linking"]
        knowledge.derive("linking")
        assert knowledge.outdated() == ["mentions"], "it started from other links"
        knowledge.derive("mentions")
        assert "earlier state" not in tastegraph("kg", "sources", shop.directory).err
        knowledge.merge("x:1", "x:2", "ann")
        assert knowledge.outdated() == ["linking", "mentions"]
        knowledge.renew()
        shop.configure(2)
        assert shop.workspace.knowledge.outdated() == ["linking", "mentions"]


def test_an_interrupted_derivation_changes_nothing(monkeypatch):
    with shop_of(State()) as shop:
        knowledge = shop.workspace.knowledge
        knowledge.derive("mentions")
        shop.rewrite(1)
        before = all_rows(shop.workspace)

        def interrupted(_inputs):
            yield Fact("item:01", LABEL, "half", literal=True)
            raise KeyboardInterrupt

        monkeypatch.setattr(
            derivation_steps, "derivations", lambda _answers: {"mentions": interrupted}
        )
        with pytest.raises(KeyboardInterrupt):
            knowledge.derive("mentions")
        assert all_rows(shop.workspace) == before
        assert knowledge.outdated() == ["mentions"]
