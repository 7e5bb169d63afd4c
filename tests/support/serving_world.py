"""A small world to serve: six westerns, six space films, users who like one or the other.

Everything is made from library functions without training, so that a test starts within a second.
``python -m tests.support.serving_world DIRECTORY PORT`` makes it where it is not yet and serves it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

from tastegraph.core.config import Config, RelationConfig
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.core.strings import pack_strings
from tastegraph.filters.current import CHANGES
from tastegraph.filters.sources import filter_arrays
from tastegraph.kg.graph import build_graph
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    MAPPED,
    MAPPED_KNOWLEDGE,
    NETWORK,
    TEXT,
    Component,
)
from tastegraph.models.behaviour import Behaviour
from tastegraph.models.ease import EASEParams
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.fitted_model import FittedModel, default_hyperparameters
from tastegraph.models.graph_network.component import GraphNetworkComponent
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.knowledge import Knowledge
from tastegraph.models.mapped import MappedKnowledge, MappedParams, MappedText
from tastegraph.models.persistence import to_arrays
from tastegraph.models.text import Text
from tastegraph.models.training_data import TrainingData
from tastegraph.profiles.attention import Recency, SequenceAttention
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions
from tastegraph.profiles.likers import Likers
from tastegraph.serving.engine import Engine
from tastegraph.serving.process.service import Address, serve
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.event_columns import EventColumns
from tastegraph.store.schema import metadata
from tastegraph.store.snapshots import Snapshots
from tests.support.path_kernels import random_path_kernel

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tastegraph.serving.api.app", "tastegraph.models.persistence"])

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
GENRES = {"western": "Western", "space": "Space opera"}
ITEMS = [
    Item(f"{genre}-{k}", f"{name} No. {k}") for genre, name in GENRES.items() for k in range(6)
] + [Item("hostile", HOSTILE)]
FACTS = [
    *(Fact(f"item:{g}-{k}", "genre", f"genre:{g}") for g in GENRES for k in range(6)),
    *(Fact(f"item:{g}-{k}", "director", f"person:{g}-{k % 2}") for g in GENRES for k in range(6)),
    *(Fact(f"genre:{g}", "label", name, literal=True) for g, name in GENRES.items()),
    *(Fact(f"person:{g}-0", "label", f"The {g} director", literal=True) for g in GENRES),
    Fact("item:hostile", "genre", "genre:western"),
    Fact("item:western-1", "prequel", "item:western-0"),
]


def events() -> list[Event]:
    """Twenty users, each of one taste, each with four of the six films."""
    return [
        Event(f"{g}-{u}-{k}", f"{g}-{u}", f"{g}-{(u + k) % 6}", "rating", 5.0, 1000.0 + k)
        for g in GENRES
        for u in range(10)
        for k in range(4)
    ]


def make(
    directory: Path,
    items: Iterable[Item],
    facts: Iterable[Fact],
    links: Iterable[Link],
    user_events: list[Event],
    config: Config,
) -> None:
    """Publish a snapshot and write the log, without training anything."""
    database, items = Database(directory / "tastegraph.db", metadata), list(items)
    with database.writing() as connection:
        log.append(connection, user_events)
    database.close()
    rng = np.random.default_rng(0)
    graph = build_graph(items, [], list(enumerate(facts)), links, config)
    index = {item_id: k for k, item_id in enumerate(graph.item_ids)}
    user_events = sorted(user_events, key=lambda event: (event.user_id, event.timestamp or 0))
    meaning = EventMeaning.of_events(config.events, user_events)
    user_items = interactions(EventColumns.of(user_events), index, meaning).user_items()
    text = np.zeros((graph.n_nodes, 32), dtype=np.float32)
    text[: graph.n_items] = rng.normal(size=(graph.n_items, 32))
    unit = text / np.maximum(np.linalg.norm(text, axis=1, keepdims=True), 1e-9)
    item_features = ItemFeatures(graph, unit, no_words(graph.n_items))
    kinds = np.ones(2 * len(graph.relations), dtype=np.float32)
    data = TrainingData(item_features, user_items, kinds)
    few = graph.n_items < 100
    vectors = rng.normal(size=(graph.n_items, 64)).astype(np.float32) / 8
    weights = {BEHAVIOUR: 1.0, KNOWLEDGE: 0.7, TEXT: 0.1, NETWORK: 0.1, MAPPED_KNOWLEDGE: 0.3}
    blend = dict.fromkeys(("new", "known"), weights)
    settings = NetworkSettings(0.2, 1, 64, 1, 0.01, 1)
    default = default_hyperparameters()
    hyperparameters = replace(
        default,
        params={
            **default.params,
            BEHAVIOUR: EASEParams(5.0 if few else 500.0),
            NETWORK: settings,
            **dict.fromkeys(MAPPED, MappedParams(16, 1.0)),
        },
        attention=dict.fromkeys(default.attention, Recency(50.0, 1.0)),
        weights=blend,
        valid=0.0,
    )
    width = vectors.shape[1]
    alike, no_bias = np.eye(width, dtype=np.float32), np.zeros(200, dtype=np.float32)
    sequence = SequenceAttention(vectors, alike, alike, no_bias[:width], no_bias)
    network = GraphNetworkComponent(
        sequence, random_path_kernel(rng, vectors, vectors, item_features.associations, heads=1)
    )
    components: dict[str, Component] = {NETWORK: network}
    for component in (Behaviour, Knowledge, MappedKnowledge, Text, MappedText):
        fitted = component.fit(data, hyperparameters.params[component.name])
        if fitted is not None:
            components[component.name] = fitted.with_recency(Recency(50.0, 1.0))
    warm = np.bincount(user_items.indices, minlength=graph.n_items) > 0
    learned = {name: component.to_arrays() for name, component in components.items()}
    learned[NETWORK] = pack_strings("nodes", graph.node_ids)
    learned["text tower"] = {"vectors": np.zeros((graph.n_items, 8), dtype=np.float32)}
    learned["recent popularity"] = {"recent": np.zeros(0, dtype=np.float32)}
    fitted_model = FittedModel(hyperparameters, graph.item_ids, warm, warm, {}, learned, blend)
    model = HybridModel(
        components=components,
        blend=Blend(blend, blend),
        warm=warm,
        rows=np.arange(graph.n_items),
        popularity=np.bincount(user_items.indices, minlength=graph.n_items),
        likers=Likers.of_user_items(user_items),
    )
    manifest, arrays = to_arrays(item_features, fitted_model, model)
    state = {
        "model": "", "graph": "", "encoder_folder": "models/none", "max_tokens": 128,
        "fitted": FittedConfig(config, meaning).as_json(), "learned_until": len(user_events),
        "erasures": 0, "gate": None, "changes": 0, "items_erased": 0, CHANGES: 0,
    }  # fmt: skip
    arrays |= filter_arrays([frame_of_items(items)], graph)
    Snapshots(directory / "snapshots").publish({**state, **manifest}, arrays)


def open_engine(directory: Path) -> Engine:
    """The engine over a world, which is made where it is not yet."""
    config = Config(relations={"film.film.directed_by": RelationConfig(phrase="director")})
    if not (directory / "snapshots").exists():
        make(directory, ITEMS, FACTS, [], events(), config)
    database = Database(directory / "tastegraph.db", metadata)
    return Engine(Snapshots(directory / "snapshots"), database, config)


def free_port() -> int:
    """A port on loopback that no process listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def run(directory: Path, port: int) -> None:
    """Serve until the process ends."""
    serve(open_engine(directory), Address(port=port))


@contextmanager
def served(directory: Path) -> Iterator[tuple[str, multiprocessing.process.BaseProcess]]:
    """A service in its own process: its address, and the process."""
    port = free_port()
    process = _PROCESSES.Process(target=run, args=(directory, port))
    process.start()
    try:
        url = f"http://127.0.0.1:{port}"
        await_health(url, process)
        yield url, process
    finally:
        process.kill()
        process.join()


def publish_variant(
    directory: Path, factor: float, *, serve: bool = False, **manifest: object
) -> str:
    """The world's snapshot with other weights of behaviour; ``manifest`` replaces entries."""
    snapshots = Snapshots(directory / "snapshots")
    first = snapshots.open(snapshots.versions()[0])
    entries = {k: v for k, v in first.manifest.items() if k not in ("format", "version", "files")}
    arrays = {name: np.array(array) for name, array in first.published.items()}
    rng = np.random.default_rng(round(100 * factor))
    table = arrays["behaviour.table"]
    noise = rng.normal(scale=0.3, size=table.shape)
    arrays["behaviour.table"] = (table * factor + noise).astype(table.dtype)
    return snapshots.publish({**entries, **manifest}, arrays, serve=serve)


def publish_for_ever(directory: Path) -> None:
    """Publish, promote, roll back and prune, until the process ends."""
    snapshots = Snapshots(directory / "snapshots")
    while True:
        first = snapshots.open(snapshots.versions()[0])
        manifest = {
            k: v for k, v in first.manifest.items() if k not in ("format", "version", "files")
        }
        snapshots.publish(manifest, first.published, serve=False)
        snapshots.point_to(snapshots.versions()[-1])
        snapshots.publish(manifest, first.published)
        snapshots.roll_back()
        snapshots.prune(snapshots.versions()[:-4])


@contextmanager
def publishing(directory: Path) -> Iterator[multiprocessing.process.BaseProcess]:
    """A process that publishes without end."""
    process = _PROCESSES.Process(target=publish_for_ever, args=(directory,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def await_health(url: str, process: multiprocessing.process.BaseProcess) -> None:
    """Return as soon as the service answers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
            return
        except httpx.TransportError:
            assert process.is_alive(), "the service ended by itself"
            time.sleep(0.02)
    raise AssertionError("the service does not answer")


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
