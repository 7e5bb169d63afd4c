"""The demo: MovieLens-100K and films of Wikidata the whole way, no step done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from tastegraph.core.config import CONFIG_FILE, ColumnConfig
from tastegraph.core.progress import announcing, say
from tastegraph.data.downloads import ASSETS
from tastegraph.data.public_datasets import PublicDataset
from tastegraph.data.wikidata_films import FILE, NAME, RELATIONS, WikidataFilms
from tastegraph.evaluation.tables import print_report
from tastegraph.store import provenance
from tastegraph.store.schema import LINKING
from tastegraph.workspace import Workspace

DATASET = "ml-100k"
USER_ID = "186"
MAX_STEPS = 1
"""Only facts about items are in the graph: nine in ten of Wikidata's films are no item."""
RESULTS_FILE = "evaluation.json"
MAX_PRINTED_REASONS = 3
MAX_PRINTED_INTERESTS = 8
MAX_EXAMPLES = 3


def run(directory: Path, data: Path | None) -> None:
    """Import, link, build, evaluate, recommend, and say how to open the page.

    Args:
        directory: the workspace; made where there is none.
        data: a folder that holds the data set, and with it perhaps plots and further facts.
    """
    start = time.perf_counter()
    workspace = _workspace(directory, data)
    add_films(workspace, data)
    counts = workspace.counts()
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    with announcing():
        print(f"Snapshot in service: {workspace.build()}")
    print_report(_evaluation(workspace))
    _print_interests(workspace)
    answer = workspace.recommend(USER_ID)
    print(f"Ten films for user {USER_ID}, each with its score and the reasons that weigh most in")
    print("it; what speaks against a film, 'tastegraph explain' says too:")
    for item in answer.items:
        print(f"{item.rank:>3}. {item.title}  {item.score:.2f}")
        for reason in item.reasons[:MAX_PRINTED_REASONS]:
            print(f"       {reason.share:>+5.2f}  {reason.text}")
    print(f"Done in {time.perf_counter() - start:.0f} s. Open the page:")
    print(f"  tastegraph serve {directory}    then http://127.0.0.1:8000/?user={USER_ID}")


def _workspace(directory: Path, data: Path | None) -> Workspace:
    if (directory / CONFIG_FILE).exists():
        workspace = Workspace(directory)
        if workspace.counts()["events"]:
            return workspace
    dataset = PublicDataset(DATASET, data, say)
    if not (directory / CONFIG_FILE).exists():
        configured = settings(dataset.columns, dataset.relations)
        workspace = Workspace.init(directory, configured)
    summary = workspace.ingest(
        items=dataset.items(),
        events=dataset.events(),
        facts={DATASET: dataset.facts()},
        links={DATASET: dataset.links()},
    )
    print(
        f"Imported {summary.items:,} items, {summary.events:,} events, {summary.facts:,} facts "
        f"and {summary.links:,} links from {dataset.folder}"
    )
    return workspace


def settings(
    columns: Mapping[str, ColumnConfig], relations: Mapping[str, str]
) -> dict[str, object]:
    """The configuration of the demo.

    Args:
        columns: item columns that state facts.
        relations: of MovieLens-100K's graph → the noun for its object.
    """
    return {
        "name": DATASET,
        "graph": {"max_steps": MAX_STEPS},
        "items": {
            "facts": {
                name: column.model_dump(exclude_defaults=True) for name, column in columns.items()
            }
        },
        "relations": {
            **{name: {"phrase": text} for name, text in relations.items()},
            **{name: words.model_dump(exclude_defaults=True) for name, words in RELATIONS.items()},
        },
    }


def add_films(workspace: Workspace, data: Path | None) -> None:
    """Import what Wikidata states of films, and find out which of the catalogue's they are."""
    digest = ASSETS[NAME].files[FILE]
    if not workspace.up_to_date(NAME, digest):
        films = WikidataFilms(data, say)
        summary = workspace.ingest(facts={NAME: films.facts()}, digests={NAME: digest})
        print(f"Imported {summary.facts:,} facts about films of Wikidata from {films.folder}")
        if films.not_names:
            examples = ", ".join(map(repr, dict.fromkeys(films.not_names[:MAX_EXAMPLES])))
            print(f"Left out, since they name nobody: {len(films.not_names)}, such as {examples}")
    with workspace.database.reading() as connection:
        is_linked = LINKING in provenance.digests(connection)
    if not is_linked:
        workspace.knowledge.derive(LINKING)


def _print_interests(workspace: Workspace) -> None:
    profile = workspace.engine.profile(USER_ID, MAX_PRINTED_INTERESTS)
    print(f"What user {USER_ID} is interested in, by {len(profile.events)} ratings:")
    for edge in profile.interests:
        films = "film" if edge.support == 1 else "films"
        print(f"  {edge.strength:>+7.2f}  {edge.phrase}: {edge.label} ({edge.support} {films})")
    if profile.nameless:
        print(f"           and {profile.nameless:,} left out, since nobody has named them")


def _evaluation(workspace: Workspace) -> dict[str, object]:
    file = workspace.directory / RESULTS_FILE
    if file.exists():
        results: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        protocol = results["protocol"]
        if isinstance(protocol, dict) and protocol.get("inputs") == workspace.fingerprint():
            return results
    return workspace.evaluate(file)
