"""Data sets from frames and matrices, and as a graph for anybody's own network."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.config import Config
from tastegraph.core.errors import ConfigError, FrameError, RowError, TastegraphError
from tastegraph.core.records import Event
from tastegraph.models.dataset import Dataset
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions
from tastegraph.store.event_columns import EventColumns

EVENTS = pl.DataFrame({
    "user_id": [1, 1, 2, 3, 3],
    "item_id": [10, 11, 10, 12, 10],
    "value": [5.0, 4.0, 1.0, None, 3.0],
    "timestamp": [1, 2, 3, 4, 5],
})  # fmt: skip
ITEMS = pl.DataFrame({
    "item_id": [10, 11, 12, 13],
    "title": ["Rio Bravo", "Alien", None, "Moon"],
    "text": ["cowboys in a desert", "robots in space", "a cowboy on the moon", "robots again"],
    "genre": ["western", "space|horror", "western|space", "space"],
})  # fmt: skip
FACTS = pl.DataFrame({
    "subject": ["item:10", "e:alien", "e:alien"],
    "predicate": ["directed_by", "directed_by", "label"],
    "object": ["p:hawks", "p:scott", "Alien"],
    "literal": [False, False, True],
})  # fmt: skip
LINKS = pl.DataFrame({"item_id": [11], "entity": ["e:alien"]})


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.from_frames(EVENTS, ITEMS, FACTS, LINKS, fact_columns=["genre"])


def test_everything_in_the_frames_is_there(dataset):
    assert dataset.user_ids.to_list() == [1, 2, 3]
    assert dataset.item_ids.to_list() == [10, 11, 12, 13]
    graph = dataset.graph
    edges = {
        (graph.labels[head] or graph.item_ids[head], graph.relations[relation], tail)
        for head, relation, tail in zip(graph.heads, graph.relation, graph.tails, strict=True)
    }
    assert ("Rio Bravo", "directed_by", 4 + graph.node_ids.index("p:hawks")) in edges
    assert ("Alien", "directed_by", 4 + graph.node_ids.index("p:scott")) in edges
    assert ("Alien", "genre", 4 + graph.node_ids.index("genre:horror")) in edges
    assert graph.labels[2] == "a cowboy on the moon"


def test_ratings_are_read_on_their_scale(dataset):
    signs = {
        (user, item): np.sign(weight)
        for user, item, weight in zip(
            dataset.users.at(dataset.events.users).to_list(),
            dataset.items.at(dataset.events.items).to_list(),
            dataset.events.weights,
            strict=True,
        )
    }
    assert signs == {(1, 10): 1, (1, 11): 1, (2, 10): -1, (3, 12): 1, (3, 10): -1}
    lenient = Dataset.from_frames(EVENTS, positive_rating=1)
    assert (lenient.events.weights > 0).all()


rows = st.lists(
    st.tuples(
        st.sampled_from("uvw"),
        st.sampled_from("abcd"),
        st.sampled_from([None, "view", "like", "dislike", "rating"]),
        st.sampled_from([None, 1.0, 3.0, 5.0]),
        st.sampled_from([None, 1.0, 2.0]),
    ),
    min_size=1,
)


@given(rows)
def test_events_of_a_frame_are_those_of_the_log(rows):
    """The same rows as records, in any order, give the same columns."""
    schema = {"user_id": pl.String, "item_id": pl.String, "event_type": pl.String,
              "value": pl.Float64, "timestamp": pl.Float64}  # fmt: skip
    dataset = Dataset.from_frames(pl.DataFrame(rows, schema=schema, orient="row"))
    records = [
        Event("", user, item, kind or ("click" if value is None else "rating"), value, time)
        for user, item, kind, value, time in sorted(rows, key=lambda row: row[0])
    ]
    meaning = EventMeaning.of_events(Config().events, records)
    items = sorted({record.item_id for record in records})
    expected = interactions(
        EventColumns.of(records), {name: row for row, name in enumerate(items)}, meaning
    )
    assert dataset.events.user_ids == expected.user_ids
    for name in ("users", "items", "times", "weights", "published_splits"):
        np.testing.assert_array_equal(getattr(dataset.events, name), getattr(expected, name))


def test_a_matrix_is_read_by_rows_and_columns():
    wide = sparse.random_array((12, 15), density=0.4, format="csr", rng=1).astype(bool)
    np.testing.assert_array_equal(Dataset.from_csr(wide).user_items.toarray(), wide.toarray())
    matrix = sparse.csr_matrix(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]]))
    dataset = Dataset.from_csr(matrix)
    np.testing.assert_array_equal(dataset.user_items.toarray(), matrix.toarray())
    named = Dataset.from_csr(matrix, ["b", "a", "c"], [7, 8, 9])
    assert named.user_ids.to_list() == ["a", "b", "c"]
    np.testing.assert_array_equal(named.user_items.toarray(), matrix.toarray()[[1, 0, 2]])
    rated = Dataset.from_csr(sparse.csr_array(np.array([[5.0, 1.0], [0, 4.0]])))
    assert sorted(np.sign(rated.events.weights)) == [-1, 1, 1]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Dataset.from_frames(1), FrameError, "table is expected, int found"),
        (lambda: Dataset.from_frames(sparse.eye_array(2)), FrameError, "Dataset.from_csr"),
        (lambda: Dataset.from_csr(EVENTS), FrameError, "sparse matrix of users × items"),
        (lambda: Dataset.from_csr(sparse.eye_array(2), [1, 1]), FrameError, "2 different ids"),
        (lambda: Dataset.from_frames(EVENTS, pl.concat([ITEMS, ITEMS])), FrameError, "one row for"),
        (lambda: Dataset.from_frames(EVENTS, ITEMS, fact_columns=["kind"]), FrameError, "'kind'"),
        (lambda: Dataset.from_frames(EVENTS, columns={"who": "user_id"}), FrameError, "no frame"),
        (lambda: Dataset.from_frames(EVENTS, config={"modle": {}}), ConfigError, "modle"),
        (lambda: Dataset.from_frames(EVENTS, ITEMS, encoder=3), FrameError, "encode()"),
        (
            lambda: Dataset.from_frames(EVENTS, ITEMS, text_vectors=np.ones((3, 2))),
            FrameError,
            "one row for each of the 4 rows of items",
        ),
        (
            lambda: Dataset.from_frames(EVENTS, facts=FACTS.with_columns(confidence=pl.lit(2.0))),
            RowError,
            "confidence",
        ),
    ],
)
def test_errors_say_what_to_do(build, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(").replace(")", r"\)")):
        build()


@pytest.mark.parametrize(
    "vectors",
    [
        {"encoder": lambda texts: np.arange(1.0, 1 + 2 * len(texts)).reshape(-1, 2)},
        {"text_vectors": np.arange(1.0, 9).reshape(4, 2)},
        {
            "text_vectors": pl.DataFrame({
                "item_id": [13, 12, 11, 10],
                "vector": [[7.0, 8.0], [5.0, 6.0], [3.0, 4.0], [1.0, 2.0]],
            })
        },
    ],
)  # fmt: skip
def test_texts_have_the_vectors_that_come_or_those_of_an_encoder(vectors):
    dataset = Dataset.from_frames(EVENTS, ITEMS, **vectors)
    expected = np.arange(1.0, 9).reshape(4, 2)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(dataset.item_features.text[:4], expected, rtol=1e-6)


def test_pyg_trains_a_network_of_its_own_on_the_graph(dataset):
    """One step of a relational convolution lowers the loss on the edges it is fitted to."""
    torch = pytest.importorskip("torch")
    from torch_geometric.nn import HeteroConv, SAGEConv
    from torch_geometric.transforms import ToUndirected

    data = dataset.to_hetero_data()
    assert data["user", "likes", "item"].edge_index.tolist() == [[0, 0, 2], [0, 1, 2]]
    assert data["user", "dislikes", "item"].edge_index.tolist() == [[1, 2], [0, 0]]
    assert data["item"].x.shape[0] == 4
    assert data["item"].ids == [10, 11, 12, 13]
    assert data["item", "directed_by", "entity"].edge_index.shape == (2, 2)
    data = ToUndirected()(data)
    torch.manual_seed(0)
    features = {kind: torch.nn.Parameter(torch.randn(data[kind].num_nodes, 8)) for kind in
                data.node_types}  # fmt: skip
    layer = HeteroConv({edge: SAGEConv((-1, -1), 8) for edge in data.edge_types})
    users, items = data["user", "likes", "item"].edge_index

    def loss():
        hidden = layer(features, data.edge_index_dict)
        logits = hidden["user"] @ hidden["item"].T
        return torch.nn.functional.cross_entropy(logits[users], items)

    before = loss()
    optimiser = torch.optim.SGD([*layer.parameters(), *features.values()], lr=0.01)
    before.backward()
    optimiser.step()
    assert loss() < before


def test_without_torch_geometric_the_error_says_what_to_install(dataset, monkeypatch):
    monkeypatch.setattr("tastegraph.models.hetero.find_spec", lambda name: None)
    with pytest.raises(TastegraphError, match="pip install 'tastegraph"):
        dataset.to_hetero_data()


def test_records_and_frames_give_one_data_set():
    from tests.support import cinema

    events = cinema.events()
    config = {"items": cinema.SETTINGS["items"]}
    dataset = Dataset.from_records(events, cinema.films(), cinema.facts(), config=config)
    frame = pl.DataFrame({
        "user_id": [event.user_id for event in events],
        "item_id": [event.item_id for event in events],
        "value": [event.value for event in events],
        "timestamp": [event.timestamp for event in events],
    })  # fmt: skip
    other = Dataset.from_frames(frame)
    assert len(dataset.graph.heads) == 48
    assert dataset.user_ids.to_list() == other.user_ids.to_list()
    np.testing.assert_array_equal(dataset.user_items.toarray(), other.user_items.toarray())
    assert (
        dataset.to_frame()
        .sort("user_id", "timestamp")
        .equals(other.to_frame().sort("user_id", "timestamp"))
    )
