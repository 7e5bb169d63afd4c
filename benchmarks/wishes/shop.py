"""A shop for outdoor things, with names in English and Chinese, and customers of four tastes.

Products have a category, a brand, a colour, a material, a sport, an origin, a price and a weight.
Customers buy mostly for one sport and of two brands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tastegraph.core.records import LABEL, Event, Fact, Item

N_PRODUCTS, N_CUSTOMERS, EVENTS_PER_CUSTOMER = 400, 160, 14
NAMES = {
    "category": {
        "running-shoes": ("Running shoes", "跑步鞋"), "hiking-boots": ("Hiking boots", "登山靴"),
        "t-shirts": ("T-shirts", "T恤"), "jackets": ("Jackets", "夹克"),
        "backpacks": ("Backpacks", "背包"), "tents": ("Tents", "帐篷"),
        "sleeping-bags": ("Sleeping bags", "睡袋"), "socks": ("Socks", "袜子"),
        "headlamps": ("Headlamps", "头灯"), "bottles": ("Water bottles", "水壶"),
    },
    "brand": {
        "nordlicht": ("Nordlicht", "北极光"), "kestrel": ("Kestrel", "红隼"),
        "shanmu": ("Shanmu", "山木"), "alba": ("Alba", "阿尔巴"),
        "torrent": ("Torrent", "激流"), "fjell": ("Fjell", "峰峦"),
    },
    "colour": {
        "red": ("red", "红色"), "blue": ("blue", "蓝色"), "green": ("green", "绿色"),
        "black": ("black", "黑色"), "white": ("white", "白色"), "yellow": ("yellow", "黄色"),
    },
    "material": {
        "wool": ("wool", "羊毛"), "cotton": ("cotton", "棉"), "leather": ("leather", "皮革"),
        "nylon": ("nylon", "尼龙"), "down": ("down", "羽绒"),
    },
    "sport": {
        "running": ("running", "跑步"), "hiking": ("hiking", "徒步"),
        "camping": ("camping", "露营"), "climbing": ("climbing", "攀岩"),
    },
    "origin": {
        "germany": ("Germany", "德国"), "china": ("China", "中国"),
        "portugal": ("Portugal", "葡萄牙"), "vietnam": ("Vietnam", "越南"),
    },
}  # fmt: skip
"""Relation → key → its names in English and Chinese."""
MODELS = (
    "Aero", "Ridge", "Summit", "Lynx", "Drift", "Mistral", "Tarn", "Cairn", "Ember", "Quarry",
)  # fmt: skip
BRANDS_OF_TITLES = {"Aero 3": "nordlicht", "Ridge 7": "kestrel", "Drift 5": "alba"}
"""Products that wishes name, whatever else the seed makes."""
RELATIONS = {"weight": {"phrase": "weight in g"}, "origin": {"phrase": "made in"}}
SETTINGS = {
    "name": "shop",
    "relations": RELATIONS,
    "model": {"epochs": 4, "dimensions": 16},
}


@dataclass(frozen=True)
class Product:
    """One product: relation → key of what it is."""

    item_id: str
    title: str
    keys: dict[str, str]
    price: int
    weight: int


def products(n: int = N_PRODUCTS, seed: int = 3) -> list[Product]:
    """``n`` products, the same for every call."""
    rng = np.random.default_rng(seed)
    kinds = {relation: list(names) for relation, names in NAMES.items()}
    result = []
    for number in range(n):
        keys = {
            relation: values[int(len(values) * rng.random() ** 1.3)]
            for relation, values in kinds.items()
        }
        model = f"{MODELS[number % len(MODELS)]} {number // len(MODELS) + 1}"
        keys["brand"] = BRANDS_OF_TITLES.get(model, keys["brand"])
        title = f"{NAMES['brand'][keys['brand']][0]} {model}"
        price, weight = int(rng.integers(2, 60)) * 5, int(rng.integers(1, 40)) * 50
        result.append(Product(f"P{number:04}", title, keys, price, weight))
    return result


def items(shop: list[Product]) -> list[Item]:
    """The catalogue."""
    return [Item(product.item_id, product.title) for product in shop]


def facts(shop: list[Product]) -> Iterator[Fact]:
    """What is stated of each product, and the names in both languages."""
    for product in shop:
        subject = f"item:{product.item_id}"
        for relation, key in product.keys.items():
            yield Fact(subject, relation, f"{relation}:{key}")
        yield Fact(subject, "price", str(product.price), literal=True)
        yield Fact(subject, "weight", str(product.weight), literal=True)
    for relation, names in NAMES.items():
        for key, (english, chinese) in names.items():
            yield Fact(f"{relation}:{key}", LABEL, english, literal=True, language="en")
            yield Fact(f"{relation}:{key}", LABEL, chinese, literal=True, language="zh")


def events(shop: list[Product], n_customers: int = N_CUSTOMERS, seed: int = 5) -> list[Event]:
    """What the customers bought."""
    rng = np.random.default_rng(seed)
    sports, brands = list(NAMES["sport"]), list(NAMES["brand"])
    purchases = []
    for customer in range(n_customers):
        sport, favourites = sports[customer % 4], rng.choice(brands, 2, replace=False)
        weights = np.array(
            [
                1.0
                + 8 * (product.keys["sport"] == sport)
                + 4 * (product.keys["brand"] in favourites)
                for product in shop
            ]
        )
        chosen = rng.choice(
            len(shop), EVENTS_PER_CUSTOMER, replace=False, p=weights / weights.sum()
        )
        purchases += [
            Event(f"e{customer}-{k}", f"c{customer}", shop[row].item_id, "purchase", None, 1e9 + k)
            for k, row in enumerate(chosen)
        ]
    return purchases
