"""What a shop says of its items, in columns: labels of entities, titles, texts of two sentences.

Words follow facts and communities: a text names the category, the material, the maker and the
features that facts state, and beside them words that its community uses more often than others.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.growth.names import names_of_people, words_of
from benchmarks.growth.world import World

PLACES = (
    "kitchen", "garden", "travel", "office", "bathroom", "camping", "children's", "workshop",
)  # fmt: skip
NOUNS = (
    "lamp", "chair", "bag", "knife", "jacket", "table", "bottle", "clock", "basket", "blanket",
    "shelf", "mirror", "brush", "mat", "box",
)  # fmt: skip
MATERIALS = (
    "oak", "steel", "cotton", "glass", "leather", "bamboo", "wool", "linen", "copper", "ceramic",
    "walnut", "cork", "aluminium", "felt", "marble", "silk", "rubber", "paper", "brass", "concrete",
    "canvas", "pine", "enamel", "rattan", "slate", "velvet", "titanium", "jute", "porcelain",
    "acrylic", "birch", "denim", "iron", "straw", "nylon", "beech", "silicone", "stone", "cashmere",
    "recycled plastic",
)  # fmt: skip
QUALITIES = (
    "light", "sturdy", "foldable", "quiet", "bright", "compact", "elegant", "rustic", "modern",
    "classic", "plain", "colourful", "washable", "waterproof", "handmade", "stackable", "slim",
    "soft", "robust", "portable", "vintage", "playful", "minimal", "warm", "heavy", "smooth",
    "curved", "square", "narrow", "deep", "matt", "glossy", "striped", "woven", "padded", "precise",
    "durable", "cheerful", "tidy", "safe",
)  # fmt: skip
USES = (
    "small flats", "long journeys", "early mornings", "large families", "rainy days", "picnics",
    "cold winters", "reading at night", "weekend cooks", "first homes", "narrow halls", "balconies",
    "students", "hikers", "cyclists", "gardeners", "parties", "quiet evenings", "busy mornings",
    "summer houses", "boats", "craftsmen", "grandparents", "toddlers", "collectors", "painters",
    "musicians", "runners", "swimmers", "bakers", "anglers", "dancers", "gifts", "guests",
    "festivals", "studios", "libraries", "cafés", "markets", "the sea",
)  # fmt: skip
PARTS = (
    "lid", "handle", "strap", "lock", "hinge", "lining", "base", "edge", "pocket", "hook", "cover",
    "frame", "wheel", "button", "seam", "zip", "grip", "drawer", "cord", "filter",
)  # fmt: skip
COLOURS = ("black", "white", "red", "blue", "green", "grey", "yellow", "brown")
N_FIRST_NAMES, DESIGNERS_PER_FAMILY = 400, 4
ITEMS_PER_LINE = 50
WORDS_PER_COMMUNITY = 3
"""Of each list of words, those that a community uses more often than others."""
FAITHFUL = 0.7
"""Share of words that an item takes from its community's."""
PRICE, PRICE_OF_CATEGORY, PRICE_OF_ITEM = 30.0, 0.8, 0.5
"""Median, and standard deviations of the logarithm between categories and within one."""
IN_STOCK = 0.93


def labels(world: World, rng: np.random.Generator) -> NDArray[np.str_]:
    """str[N], a name of each entity of the graph; nodes are named ``relation/number``."""
    node_ids = world.item_features.graph.node_ids
    relations = [node.rpartition("/")[0] for node in node_ids]
    names: list[str] = []
    for relation in dict.fromkeys(relations):
        names += _NAMES[relation](relations.count(relation), rng)
    return np.asarray(names)


def item_columns(world: World, names: NDArray[np.str_], rng: np.random.Generator) -> pl.DataFrame:
    """item_id, title, text, category, brand, colour, price and in_stock of every item."""
    graph = world.item_features.graph
    n_items = graph.n_items
    community = world.communities
    objects = {
        relation: _objects(world, relation, rng)
        for relation in ("category", "brand", "material", "feature", "designer")
    }
    entity = {relation: pl.Series(names[rows]) for relation, rows in objects.items()}
    lines = words_of(max(n_items // ITEMS_PER_LINE, 40), 2, rng)
    words = {
        name: pl.Series(np.asarray(choices)[_of_community(len(choices), community, rng)])
        for name, choices in (("quality", QUALITIES), ("use", USES), ("line", lines))
    }
    category = objects["category"]
    level = rng.normal(np.log(PRICE), PRICE_OF_CATEGORY, int(category.max()) + 1)[category]
    price = np.exp(rng.normal(level, PRICE_OF_ITEM))
    columns = pl.DataFrame(
        {
            "item_id": graph.item_ids,
            **entity,
            **words,
            "colour": np.asarray(COLOURS)[rng.integers(len(COLOURS), size=n_items)],
            "price": np.round(price, 2),
            "in_stock": rng.random(n_items) < IN_STOCK,
            "model": rng.integers(100, 1_000, size=n_items),
            "form": rng.integers(3, size=n_items),
        }
    )
    return columns.select(
        "item_id",
        pl.format("{} {} {} {} {}", "brand", "line", "material", "category", "model")
        .alias("title"),
        pl.when(pl.col("form") == 0)
        .then(pl.format("A {} {} of {} for {}.", "quality", "category", "material", "use"))
        .when(pl.col("form") == 1)
        .then(pl.format(
            "This {} {} by {} is made for {}. It has a {}.",
            "quality", "category", "designer", "use", "feature",
        ))
        .otherwise(pl.format(
            "{} makes the {} of the {} line in {}, with a {}. It is {}.",
            "brand", "category", "line", "material", "feature", "quality",
        ))
        .alias("text"),
        "category", "brand", "colour", "price", "in_stock",
    )  # fmt: skip


def _objects(world: World, relation: str, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[I], one object of each item by a relation, as a row of the entities."""
    graph = world.item_features.graph
    at = np.flatnonzero(
        (graph.relation == graph.relations.index(relation)) & (graph.heads < graph.n_items)
    )
    chosen = np.empty(graph.n_items, dtype=np.int64)
    order = rng.permutation(at)
    chosen[graph.heads[order]] = graph.tails[order] - graph.n_items
    return chosen


def _of_community(
    n_words: int, community: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.int64]:
    """int64[I], a word for each item, mostly one of its community's."""
    own = rng.integers(n_words, size=(int(community.max()) + 1, WORDS_PER_COMMUNITY))
    word = own[community, rng.integers(WORDS_PER_COMMUNITY, size=len(community))]
    faithful = rng.random(len(community)) < FAITHFUL
    return np.where(faithful, word, rng.integers(n_words, size=len(community)))


def _pairs(first: tuple[str, ...], second: tuple[str, ...], number: int) -> list[str]:
    """So many distinct pairs of words, the second one moving fastest; then with a numeral."""
    pairs = [f"{one} {other}" for one in first for other in second]
    return [
        pairs[k % len(pairs)] + (f" {k // len(pairs) + 1}" if k >= len(pairs) else "")
        for k in range(number)
    ]


def _designers(number: int, rng: np.random.Generator) -> list[str]:
    families = words_of(max(number // DESIGNERS_PER_FAMILY, 20), 2, rng)
    return names_of_people(number, words_of(N_FIRST_NAMES, 1, rng), families, rng)


_NAMES: dict[str, Callable[[int, np.random.Generator], list[str]]] = {
    "category": lambda number, rng: _pairs(PLACES, NOUNS, number),
    "material": lambda number, rng: list(MATERIALS[:number]),
    "brand": lambda number, rng: words_of(number, 2, rng),
    "feature": lambda number, rng: _pairs(QUALITIES, PARTS, number),
    "designer": _designers,
    "company": lambda number, rng: [f"{word} Group" for word in words_of(number, 2, rng)],
}
"""Relation → names of so many of its objects."""
