"""Amazon's Beauty, five purchases at least of each user and product: titles, brand, category.

What was also bought or viewed was counted on all purchases, those of the test part too, so the set
comes with it and without. The source orders each user's purchases and gives no time.

Who published it ordered the purchases of one day by the products' ids, so that the last one's id
stands above that of the one before it in far more than half of all users. A model that hears the
order can learn this, and it is no taste: both sorts of users are slices.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.sets.files import comma_separated, folder_of, lines
from benchmarks.published.sets.set import BenchmarkDataset, assembled
from tastegraph.core.config import Config, EvaluationConfig
from tastegraph.core.records import ITEM, Event, Fact, Item
from tastegraph.profiles.splits import TEST

LAST_HELD_OUT = EvaluationConfig(split="leave-last-out")
ALSO = ("also_bought", "also_viewed", "bought_together")
"""Relations between products that their shop counted."""
ABOVE, NOT_ABOVE = "test id above the one before", "test id not above"


def amazon_beauty(
    data: Path, evaluation: EvaluationConfig = LAST_HELD_OUT, *, also: bool = False
) -> BenchmarkDataset:
    """The set, each user's purchases split by ``evaluation``; with :data:`ALSO` facts or not."""
    folder = folder_of(data, "amazon_beauty")
    facts = {"brand": {"relation": "brand"}, "category": {"relation": "category"}}
    config = Config.model_validate({"items": {"facts": facts}}).model_copy(
        update={"evaluation": evaluation}
    )
    items, events = list(_items(folder)), _purchases(folder)
    name, counted = ("amazon-beauty-also", _counted(folder)) if also else ("amazon-beauty", ())
    dataset = assembled(name, items, counted, [], events, config, "brand")
    return replace(dataset, slices=slices_by_id(dataset))


def slices_by_id(dataset: BenchmarkDataset) -> dict[str, NDArray[np.bool_]]:
    """:data:`ABOVE` and :data:`NOT_ABOVE`, both bool[U]; who has no test event is in neither.

    Users are told apart by their first test event and their latest event before it.
    """
    events, ids = dataset.events, np.array(dataset.graph.item_ids)
    above, not_above = np.zeros((2, events.n_users), dtype=np.bool_)
    test = np.flatnonzero(dataset.parts == TEST)
    tested, first = np.unique(events.users[test], return_index=True)
    last = test[first]
    preceded = (last > 0) & (events.users[last - 1] == tested)
    tested, last = tested[preceded], last[preceded]
    higher = ids[events.items[last]] > ids[events.items[last - 1]]
    above[tested[higher]] = True
    not_above[tested[~higher]] = True
    return {ABOVE: above, NOT_ABOVE: not_above}


def _items(folder: Path) -> Iterator[Item]:
    number = json.loads((folder / "dhr/item_id_to_int.json").read_text("utf-8"))
    table = comma_separated(folder / "dhr/products_lookup.csv")
    names = {row["global_product_id"]: row["name"] for row in table}
    products = lines(folder / "pgpr/product.txt.gz")
    brands = _listed(folder, "brand_p_b", "brand")
    categories = _listed(folder, "category_p_c", "category")
    for asin, brand, category in zip(products, brands, categories, strict=True):
        yield Item(asin, names[str(number[asin])], "", {"brand": brand, "category": category})


def _listed(folder: Path, file: str, names: str) -> list[tuple[str, ...]]:
    named = lines(folder / f"pgpr/{names}.txt.gz")
    return [
        tuple(named[int(k)] for k in row.split()) for row in lines(folder / f"pgpr/{file}.txt.gz")
    ]


def _counted(folder: Path) -> Iterator[Fact]:
    """Facts of :data:`ALSO` between products of the set; its source names many others too."""
    products = lines(folder / "pgpr/product.txt.gz")
    held = set(products)
    for relation in ALSO:
        listed = _listed(folder, f"{relation}_p_p", "related_product")
        for asin, others in zip(products, listed, strict=True):
            for other in others:
                if other in held:
                    yield Fact(ITEM + asin, relation, ITEM + other)


def _purchases(folder: Path) -> Iterator[Event]:
    maps = json.loads((folder / "rdrec/datamaps.json").read_text("utf-8"))
    user_ids, product_ids = maps["id2user"], maps["id2item"]
    for line in (folder / "s3rec/Beauty.txt").read_text("utf-8").splitlines():
        user, *bought = line.split()
        for place, item in enumerate(bought):
            name = f"{user}-{place}"
            yield Event(name, user_ids[user], product_ids[item], "purchase", None, float(place))
