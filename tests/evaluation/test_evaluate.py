"""``evaluate``: models of any origin beside each other, on the package's own splits and metrics."""

import numpy as np
import polars as pl
import pytest

from tastegraph.core.config import EvaluationConfig
from tastegraph.core.errors import ConfigError, FrameError, TastegraphError
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.evaluate import METRICS, evaluate
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.dataset import Dataset
from tastegraph.profiles.splits import TEST, assign_splits

N_USERS, N_ITEMS, EVENTS_EACH = 30, 20, 10


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    items = np.concatenate(
        [rng.choice(N_ITEMS, EVENTS_EACH, replace=False) for _ in range(N_USERS)]
    )
    users = np.repeat(np.arange(N_USERS), EVENTS_EACH)
    return pl.DataFrame({"user_id": users, "item_id": items, "timestamp": np.arange(len(users))})


@pytest.fixture(scope="module")
def dataset(events) -> Dataset:
    return Dataset.from_frames(events)


class Popular:
    """A researcher's model that scores: how many users like each item."""

    def fit(self, dataset):
        self.counts = dataset.user_items.sum(axis=0)
        return self

    def score(self, users):
        return np.tile(self.counts, (len(users), 1))


class PopularLists(Popular):
    """The same as lists, with what was seen left out."""

    def fit(self, dataset):
        self.dataset = dataset
        return super().fit(dataset)

    def recommend(self, users, k):
        rows = self.dataset.users.rows(pl.Series(users).cast(pl.String))
        scores = np.tile(self.counts.astype(float), (len(users), 1))
        top = top_k(scores, self.dataset.user_items[rows], k)
        return pl.DataFrame({
            "user_id": np.repeat(users, k),
            "item_id": self.dataset.items.at(top.reshape(-1)),
        })  # fmt: skip

    score = property(lambda self: (_ for _ in ()).throw(AttributeError("no scores")))


class Oracle:
    """Knows the answers; has no ``fit``."""

    name = "oracle"

    def __init__(self, dataset):
        self.scores = dataset.user_items.toarray().astype(float)

    def score(self, users):
        return self.scores[users]


def test_figures_are_those_of_the_packages_own_metrics(dataset):
    comparison = evaluate(Popular(), dataset, "user-temporal", k=(5, 10))
    splits = assign_splits(dataset.events, EvaluationConfig(split="user-temporal"), 1)
    known = dataset.select(splits != TEST)
    targets = dataset.select(splits == TEST).user_items
    counts = known.user_items.sum(axis=0)
    scores = np.tile(counts.astype(float), (N_USERS, 1))
    top = top_k(scores, known.user_items, 10)
    expected = per_user(top, targets, (5, 10), counts)
    for metric, values in expected.items():
        assert comparison.mean("Popular", metric) == pytest.approx(np.nanmean(values))
    users = dataset.user_ids.to_list()
    rows = comparison.per_user.filter(pl.col("metric") == "ndcg@5")
    assert dict(zip(rows["user_id"], rows["value"], strict=True)) == pytest.approx(
        dict(zip(users, expected["ndcg@5"], strict=True))
    )


def test_scores_and_lists_of_one_model_reach_the_same(dataset):
    comparison = evaluate({"scores": Popular(), "lists": PopularLists()}, dataset)
    for metric in METRICS:
        one, other = (comparison.mean(name, f"{metric}@10") for name in ("scores", "lists"))
        assert one == pytest.approx(other)
    p = comparison.table.filter((pl.col("model") == "lists") & (pl.col("metric") == "ndcg@10"))["p"]
    assert p[0] == 1


def test_lists_lose_what_was_liked_before(dataset):
    """As scores do: validation likes too, which a model fitted on the train part cannot know."""

    class AllItems(PopularLists):
        def recommend(self, users, k):
            order = self.dataset.items.at(np.argsort(-self.counts, kind="stable"))
            pairs = [(user, item) for user in users for item in order]
            return pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row")

    models = {"scores": Popular(), "lists": AllItems()}
    comparison = evaluate(models, dataset, k=5, history="train")
    for metric in METRICS:
        one, other = (comparison.mean(name, f"{metric}@5") for name in models)
        assert one == pytest.approx(other)


def test_an_oracle_reaches_everything_and_differs_from_chance(dataset):
    comparison = evaluate([Popular(), Oracle(dataset)], dataset, metrics=["ndcg", "recall"])
    assert comparison.mean("oracle", "ndcg@10") == pytest.approx(1)
    assert comparison.table["metric"].unique().sort().to_list() == ["ndcg@10", "recall@10"]
    row = comparison.table.filter((pl.col("model") == "oracle") & (pl.col("metric") == "ndcg@10"))
    assert row["p"][0] < 0.01
    assert row["low"][0] <= row["mean"][0] <= row["high"][0]
    assert comparison.table.filter(pl.col("model") == "Popular")["p"].null_count() == 2


def test_models_given_stay_as_they_are(dataset):
    model = Popular()
    evaluate(model, dataset)
    assert not hasattr(model, "counts")


@pytest.mark.parametrize("split", ["user-temporal", "global-temporal", "leave-last-out", "random"])
def test_every_split_of_the_package_can_be_used(dataset, split):
    comparison = evaluate(Popular(), dataset, split, metrics=["recall"], history="train")
    assert 0 <= comparison.mean("Popular", "recall@10") <= 1


def test_controls_fit_on_other_knowledge(events):
    facts = pl.DataFrame({"head": ["item:1", "item:2"], "relation": ["r", "r"], "tail": ["a", "a"]})
    dataset = Dataset.from_frames(events, facts=facts)
    edges = []

    class Curious(Popular):
        def fit(self, dataset):
            edges.append(len(dataset.graph.heads))
            return super().fit(dataset)

    comparison = evaluate(Curious(), dataset, controls=["graph off"])
    assert edges == [2, 0]
    assert comparison.table["model"].unique().sort().to_list() == ["Curious", "Curious, graph off"]


def test_the_frames_are_of_the_library_of_the_events(events):
    pandas = pytest.importorskip("pandas")
    comparison = evaluate(Popular(), pandas.DataFrame(events.to_dict(as_series=False)))
    for frame in (comparison.table, comparison.per_user, comparison.slices):
        assert isinstance(frame, pandas.DataFrame)
    assert "ndcg@10" in str(comparison)


def test_it_can_be_read_and_drawn(dataset, monkeypatch):
    comparison = evaluate([Popular(), Oracle(dataset)], dataset, k=(5, 10))
    assert str(comparison).splitlines()[0].split()[:2] == ["model", "ndcg@5"]
    assert "<td>oracle</td>" in comparison._repr_html_()
    pytest.importorskip("matplotlib").use("agg")
    assert len(comparison.plot().patches) == 2
    assert len(comparison.plot("curves", "recall@5").lines) == 2
    assert comparison.plot("slices", "ndcg@10").get_ylabel() == "ndcg@10"
    with pytest.raises(ConfigError, match="metrics, curves or slices"):
        comparison.plot("pie")
    monkeypatch.setattr("tastegraph.core.plots.find_spec", lambda name: None)
    with pytest.raises(TastegraphError, match=r"pip install 'tastegraph\[plot\]'"):
        comparison.plot()


class WrongShape(Popular):
    def score(self, users):
        return np.zeros((len(users), 3))


class NoNumbers(Popular):
    def score(self, users):
        return np.full((len(users), N_ITEMS), np.nan)


class NoFrame:
    def recommend(self, users, k):
        return [1]


@pytest.mark.parametrize(
    ("models", "options", "error", "message"),
    [
        ([], {}, ConfigError, "at least one"),
        (Popular, {}, ConfigError, "give an instance"),
        (object(), {}, ConfigError, "neither score"),
        (Popular(), {"metrics": ["ndgc"]}, ConfigError, "did you mean 'ndcg'"),
        (Popular(), {"metrics": ["beauty"]}, ConfigError, "no 'beauty'. There are ndcg"),
        (Popular(), {"metrics": ["ndcg@20"]}, ConfigError, r"not measured at k = \[10\]"),
        (Popular(), {"metrics": "ndcg"}, ConfigError, r"write \['ndcg'\]"),
        (Popular(), {"k": 0}, ConfigError, "at least 1"),
        (Popular(), {"split": "by-mood"}, ConfigError, "user-temporal"),
        (Popular(), {"split": "given"}, ConfigError, "carry no split"),
        (Popular(), {"history": "all"}, ConfigError, "train"),
        (Popular(), {"controls": ["moon off"]}, ConfigError, "graph off"),
        (WrongShape(), {}, FrameError, r"\[30, 20\] is expected"),
        (NoNumbers(), {}, FrameError, "nan"),
        (NoFrame(), {}, FrameError, "a frame of user_id and item_id"),
    ],
)
def test_errors_say_what_to_do(dataset, models, options, error, message):
    with pytest.raises(error, match=message):
        evaluate(models, dataset, **options)


def test_too_few_events_are_an_error():
    with pytest.raises(TastegraphError, match="holds out no event"):
        evaluate(Popular(), pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2]}))
