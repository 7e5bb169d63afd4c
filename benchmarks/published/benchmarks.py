"""Every benchmark by name: its set, what the field reports on it, and what a history may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.published.lists import COLD_ALONE
from benchmarks.published.sets.amazon_beauty import amazon_beauty
from benchmarks.published.sets.amazon_book import amazon_book_kgat
from benchmarks.published.sets.cold_items import amazon_beauty_cold, ml1m_cold, ml100k_cold
from benchmarks.published.sets.ctr import bookcrossing_ctr, lastfm_ctr
from benchmarks.published.sets.lastfm import lastfm_lightkg
from benchmarks.published.sets.mindreader import mindreader, mindreader_films, mindreader_new_users
from benchmarks.published.sets.ml1m import ml1m_colakg, ml1m_pearlm
from benchmarks.published.sets.ml100k import ml100k
from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.core.errors import NotFoundError
from tastegraph.evaluation.evaluator import TRAIN_AND_VALID, TRAIN_ONLY, VALID_KNOWN

ALL = "all"
COLD_METRICS = (f"ndcg@20{COLD_ALONE}", "ndcg@20")
COLD_PROTOCOL = (
    "a fifth of the items, drawn anew for each seed, has no events but those of the test; test "
    "likes on these items are the targets, in lists of cold items alone and of all items; {}"
)


@dataclass(frozen=True)
class Benchmark:
    """One published protocol. All items are ranked; what is in train or valid is left out.

    Attributes:
        load: folder of all data, and the seed of what the publishers left to chance → the set.
        metrics: those the field reports; all models are tested by each.
        histories: what a user's history holds at test time and what the model is fitted on, of
            :data:`~tastegraph.evaluation.evaluator.FITTED_ON`. The first is the published
            protocol's; by a further one we are measured too.
        redrawn: whether each seed has a split of its own, as where none was published.
        protocol: the rest, in words.
    """

    load: Callable[[Path, int], BenchmarkDataset]
    metrics: tuple[str, ...]
    histories: tuple[str, ...]
    protocol: str
    redrawn: bool = False


BENCHMARKS: Mapping[str, Benchmark] = {
    "ml100k": Benchmark(
        lambda data, _: ml100k(data),
        ("ndcg@10",),
        (TRAIN_AND_VALID,),
        "ratings from 4; each user's 80/10/10 in time order, RecBole's ratio split",
    ),
    "ml1m-colakg": Benchmark(
        ml1m_colakg,
        ("recall@20", "ndcg@20"),
        (TRAIN_AND_VALID,),
        "CoLaKG's train and test; a tenth of train chooses, then all of train is fitted; texts "
        "are those CoLaKG had a language model write, which knows films of that time",
    ),
    "ml1m-pearlm": Benchmark(
        lambda data, _: ml1m_pearlm(data),
        ("recall@20", "ndcg@20"),
        (TRAIN_AND_VALID,),
        "PEARLM's train, valid and test in each user's time order",
    ),
    "lastfm-lightkg": Benchmark(
        lambda data, _: lastfm_lightkg(data),
        ("recall@10", "mrr@10"),
        (TRAIN_ONLY, TRAIN_AND_VALID),
        "LightKG's train, valid and test; as with RecBole, valid only chooses",
    ),
    "lastfm-ctr": Benchmark(
        lastfm_ctr,
        ("auc", "f1"),
        (TRAIN_ONLY,),
        "pairs 6 : 2 : 2 at random, anew for each seed; users without a click in train dropped",
        redrawn=True,
    ),
    "bookcrossing-ctr": Benchmark(
        bookcrossing_ctr,
        ("auc", "f1"),
        (TRAIN_ONLY,),
        "pairs 6 : 2 : 2 at random, anew for each seed; users without a click in train dropped",
        redrawn=True,
    ),
    "amazon-beauty": Benchmark(
        lambda data, _: amazon_beauty(data),
        ("recall@10", "ndcg@10"),
        (VALID_KNOWN, TRAIN_AND_VALID),
        "each user's last purchase is test, the one before chooses; no also_* facts",
    ),
    "amazon-beauty-also": Benchmark(
        lambda data, _: amazon_beauty(data, also=True),
        ("recall@10", "ndcg@10"),
        (VALID_KNOWN, TRAIN_AND_VALID),
        "the same with what was also bought, also viewed and bought together, between products of "
        "the set; the shop counted all purchases, so these facts may know of the last ones too",
    ),
    "amazon-book-kgat": Benchmark(
        amazon_book_kgat,
        ("recall@20", "ndcg@20"),
        (TRAIN_AND_VALID,),
        "KGAT's train and test; a tenth of train chooses, then all of train is fitted; this copy "
        "has neither graph nor text",
    ),
    "mindreader-films": Benchmark(
        lambda data, _: mindreader_films(data),
        ("hit@10", "ndcg@10"),
        (TRAIN_ONLY,),
        "LTNrec's split: a film that each user likes is to be found among 100 that they have not "
        "rated; ratings of films alone",
    ),
    "mindreader": Benchmark(
        lambda data, _: mindreader(data),
        ("hit@10", "ndcg@10"),
        (TRAIN_ONLY,),
        "the same with the ratings of persons, genres, decades and companies as events on entities",
    ),
    "mindreader-new-users": Benchmark(
        mindreader_new_users,
        ("ndcg@10", "recall@10"),
        (TRAIN_AND_VALID,),
        "a fifth of the users who like five films and three entities, drawn anew for each seed: "
        "three of these entities are all that is known of them, all films are ranked",
        redrawn=True,
    ),
    "ml100k-cold": Benchmark(
        ml100k_cold,
        COLD_METRICS,
        (TRAIN_AND_VALID,),
        COLD_PROTOCOL.format("each user's likes 60/20/20 in time order"),
        redrawn=True,
    ),
    "ml1m-cold": Benchmark(
        ml1m_cold,
        COLD_METRICS,
        (TRAIN_AND_VALID,),
        COLD_PROTOCOL.format("PEARLM's split"),
        redrawn=True,
    ),
    "amazon-beauty-cold": Benchmark(
        amazon_beauty_cold,
        COLD_METRICS,
        (TRAIN_AND_VALID,),
        COLD_PROTOCOL.format("each user's purchases 60/20/20 in order; no also_* facts"),
        redrawn=True,
    ),
}


def named(name: str) -> list[str]:
    """The benchmarks that ``name`` stands for.

    Raises:
        NotFoundError: there is none.
    """
    if name == ALL:
        return list(BENCHMARKS)
    if name not in BENCHMARKS:
        raise NotFoundError(
            f"there is no benchmark {name!r}; known are {', '.join(BENCHMARKS)} and {ALL}"
        )
    return [name]
