"""Linking of one catalogue to several sources: of each an item is one entity at most."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tastegraph.core.records import LABEL, Fact, Item, Link
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.identity import resolve_identity
from tastegraph.kg.linking.linker import EntityCandidate, LinkingResult
from tastegraph.kg.review.item_links import LinkTargets, joined_sources
from tastegraph.store.schema import CATALOGUE, LINKING
from tastegraph.workspace import Workspace

TITLES = (
    "Red Harbour", "Blue Winter", "Silent Station", "Last Garden", "Golden Letters", "Lost Bridges",
)  # fmt: skip
ITEMS = [Item(str(n), f"{title} ({1980 + n})") for n, title in enumerate(TITLES)]
A, B = frozenset({"a"}), frozenset({"b"})


def films(prefix: str, titles: Sequence[str] = TITLES, first_year: int = 1980) -> list[Fact]:
    facts = []
    for number, title in enumerate(titles):
        facts += [
            Fact(f"{prefix}{number}", LABEL, title, literal=True),
            Fact(f"{prefix}{number}", "year", str(first_year + number), literal=True),
            Fact(f"{prefix}{number}", "director", f"{prefix}person{number % 3}"),
        ]
    return facts


NAMELESS = [Fact(f"m.0{n}", "film.directed_by", f"m.0p{n % 3}") for n in range(len(TITLES))]
TO_NAMELESS = [Link(item.item_id, f"m.0{n}") for n, item in enumerate(ITEMS)]


@contextmanager
def linked_workspace(
    facts: Mapping[str, Sequence[Fact]],
    links: Mapping[str, Sequence[Link]] | None = None,
    items: Sequence[Item] = ITEMS,
    settings: Mapping[str, object] | None = None,
) -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.init(Path(folder) / "cinema", settings)
        workspace.ingest(items=items, facts=facts, links=links)
        workspace.knowledge.derive(LINKING)
        yield workspace
        workspace.close()


def links_of(workspace: Workspace) -> set[tuple[str, str]]:
    with workspace.database.reading() as connection:
        identity = resolve_identity(connection, workspace.config)
    return {(link.item_id, link.entity_id) for link in identity.links}


def test_item_that_is_linked_to_one_source_is_linked_to_another() -> None:
    facts = {"freebase": NAMELESS, "wikidata": films("Q")}
    with linked_workspace(facts, {"freebase": TO_NAMELESS}) as workspace:
        links = links_of(workspace)
        assert links == {(link.item_id, link.entity_id) for link in TO_NAMELESS} | {
            (item.item_id, f"Q{n}") for n, item in enumerate(ITEMS)
        }
        graph = graph_from_store(workspace.database, workspace.config)
        of_first = {
            graph.relations[r]
            for r, head in zip(graph.relation, graph.heads, strict=True)
            if head == graph.item_ids.index("0")
        }
        assert of_first == {"film.directed_by", "year", "director"}


def test_linking_twice_changes_nothing() -> None:
    facts = {"freebase": NAMELESS, "wikidata": films("Q")}
    with linked_workspace(facts, {"freebase": TO_NAMELESS}) as workspace:
        before = links_of(workspace)
        workspace.knowledge.derive(LINKING)
        assert links_of(workspace) == before


def test_item_is_linked_to_every_source_that_has_it() -> None:
    with linked_workspace({"one": films("x"), "two": films("y")}) as workspace:
        assert links_of(workspace) == {
            (item.item_id, f"{prefix}{n}") for n, item in enumerate(ITEMS) for prefix in "xy"
        }


def test_item_with_a_link_to_a_source_gets_no_second_one() -> None:
    """The entity of the same name is another thing: the source says so."""
    facts = [*films("x"), Fact("x9", LABEL, "The harbour of red", literal=True)]
    with linked_workspace({"one": facts}, {"links.csv": [Link("0", "x9")]}) as workspace:
        assert {entity for item, entity in links_of(workspace) if item == "0"} == {"x9"}


def test_files_of_one_knowledge_base_are_one_source() -> None:
    """Labels in one file, facts in another: a link to an entity of either is one to both."""
    labels = [fact for fact in films("x") if fact.literal]
    other = Fact("x9", LABEL, "Red Harbour", literal=True)
    facts = {"labels.nt": [*labels, other], "facts.nt": [f for f in films("x") if not f.literal]}
    with linked_workspace(facts, {"links.csv": [Link("0", "x0")]}) as workspace:
        assert {entity for item, entity in links_of(workspace) if item == "0"} == {"x0"}


def test_known_entity_without_facts_blocks_the_source_of_its_neighbours() -> None:
    """A link file may name an entity that the facts lack: none of the others is right."""
    links = [Link("0", "x-unknown"), Link("1", "x1")]
    facts = {"one": films("x"), "two": films("y")}
    with linked_workspace(facts, {"links.csv": links}) as workspace:
        assert {entity for item, entity in links_of(workspace) if item == "0"} == {
            "x-unknown", "y0",
        }  # fmt: skip


def test_links_to_what_no_source_knows_block_nothing() -> None:
    links = [Link("0", "unknown0"), Link("1", "unknown1")]
    with linked_workspace({"one": films("x")}, {"links.csv": links}) as workspace:
        assert {entity for item, entity in links_of(workspace) if item == "0"} == {
            "unknown0", "x0",
        }  # fmt: skip


def test_item_is_none_of_its_own_attributes() -> None:
    settings = {"items": {"facts": {"place": {"relation": "place"}}}}
    items = [Item("0", "Fargo", attributes={"place": ("Fargo",)})]
    with linked_workspace({}, items=items, settings=settings) as workspace:
        assert links_of(workspace) == set()


def test_year_that_is_far_away_makes_another_film() -> None:
    with linked_workspace({"remakes": films("r", first_year=2010)}) as workspace:
        assert links_of(workspace) == set()


def test_report_counts_every_item_and_names_some(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"wikidata": films("Q", [*TITLES[:4], "Letters"]), "m": NAMELESS}
    items = [*ITEMS, Item("none", "Vesterålen")]
    with linked_workspace(facts, {"m": TO_NAMELESS}, items):
        report = capsys.readouterr().err
    assert (
        "linking to wikidata: 7 items; linked: 4 ('Red Harbour (1980)' is 'Red Harbour'" in report
    )
    assert "to review: 1 ('Golden Letters (1984)' is 'Letters'?)" in report
    assert "left, like no entity: 2" in report
    assert "linking to m: its entities have no names" in report


def test_sources_that_share_few_entities_stay_apart() -> None:
    of_entity = {
        **{f"x{n}": ["labels", "facts"] for n in range(4)},
        **{f"x{n}": ["labels"] for n in range(4, 9)},
        "genre:Drama": ["labels", "other", CATALOGUE],
        **{f"y{n}": ["other"] for n in range(9)},
    }
    assert joined_sources(of_entity) == [frozenset({"labels", "facts"}), frozenset({"other"})]


def test_candidate_that_a_linked_source_knows_too_is_dropped() -> None:
    targets = LinkTargets([Link("0", "a0")], {}, {"a0": {A}, "b0": {B}, "both": {A, B}})
    assert (targets.of_item("0"), targets.links_to(A)) == ({A}, [Link("0", "a0")])
    candidates = (EntityCandidate("both", 0.9), EntityCandidate("b0", 0.3))
    permitted = targets.permitted(LinkingResult("0", "both", 0.9, candidates), B)
    assert (permitted.entity_id, permitted.candidates) == (None, candidates[1:])
    free = LinkingResult("1", "both", 0.9, candidates)
    assert targets.permitted(free, B) == free
    targets.add([free])
    assert targets.of_item("1") == {A, B}
