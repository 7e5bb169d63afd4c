"""A shop's export as shops write it: products and events, with everything that is wrong in them.

Products have descriptions in HTML, some have no title, a category path, tags and stock. Events have
types of the shop's own, sessions without a customer, and products that are sold no more. Customers
buy within one category each, so that it is known what a good list is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

CATEGORIES = (
    "Home > Kitchen > Pans", "Home > Kitchen > Knives", "Sport > Running > Shoes",
    "Sport > Cycling > Lights", "Garden > Tools",
)  # fmt: skip
COLOURS = ("red", "blue", "green", "black")
TYPES = ("view", "view", "view", "add_to_cart", "add_to_cart", "purchase", "refund")
DELETED = ("P9001", "P9002", "P9003")
PRODUCT_COLUMNS = ("product_id", "name", "body_html", "category_path", "tags", "price", "stock")
EVENT_COLUMNS = (
    "id", "session_id", "customer_id", "product_id", "event", "created_at", "quantity",
)  # fmt: skip
_START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ShopExport:
    """The files of a shop, and what is in them.

    Attributes:
        products, events: paths of the files.
        category_of: product id → category path; of deleted products there is none.
        untitled: ids of products without a title.
        favourite_of: customer id → the category path that the customer buys from.
        n_events: number of events.
        n_of_sessions: number of events without a customer.
        n_of_deleted: number of events on products that the export lacks.
        n_of_type: event type of the shop → number of events.
    """

    products: Path
    events: Path
    category_of: dict[str, str]
    untitled: frozenset[str]
    favourite_of: dict[str, str]
    n_events: int
    n_of_sessions: int
    n_of_deleted: int
    n_of_type: dict[str, int]


def write_shop_export(
    folder: Path, seed: int = 0, n_products: int = 60, n_customers: int = 80, n_events: int = 1600
) -> ShopExport:
    """Write ``products.csv`` and ``events.csv`` into a folder."""
    rng = np.random.default_rng(seed)
    products = [_product(number, rng) for number in range(n_products)]
    category_of = {row[0]: row[3] for row in products}
    customers = [f"c{number}@shop.example" for number in range(n_customers)]
    favourite_of = {name: CATEGORIES[k % len(CATEGORIES)] for k, name in enumerate(customers)}
    events = [
        _event(number, customers, favourite_of, category_of, rng) for number in range(n_events)
    ]
    _write(folder / "products.csv", PRODUCT_COLUMNS, products)
    _write(folder / "events.csv", EVENT_COLUMNS, events)
    types = [row[4] for row in events]
    return ShopExport(
        products=folder / "products.csv",
        events=folder / "events.csv",
        category_of=category_of,
        untitled=frozenset(row[0] for row in products if not row[1]),
        favourite_of=favourite_of,
        n_events=n_events,
        n_of_sessions=sum(not row[2] for row in events),
        n_of_deleted=sum(row[3] in DELETED for row in events),
        n_of_type={name: types.count(name) for name in dict.fromkeys(TYPES)},
    )


def _product(number: int, rng: np.random.Generator) -> tuple[str, ...]:
    path = CATEGORIES[number % len(CATEGORIES)]
    noun, colour = path.split(" > ")[-1].rstrip("s").lower(), str(rng.choice(COLOURS))
    name = "" if number % 17 == 16 else f'{colour.title()} {noun} "No. {number}", boxed'
    body = (
        f"<div class='rte'><p>A <b>{colour}</b> {noun} &amp; its box.</p>\n"
        f"<ul><li>{int(rng.integers(1, 9))} years&nbsp;warranty</li></ul></div>"
    )
    tags = ", ".join((colour, noun, "sale" if number % 4 == 0 else "new"))
    price, stock = f"{rng.integers(500, 9900) / 100:.2f}", str(int(rng.integers(0, 40)))
    return f"P{number:04d}", name, body, path, tags, price, stock


def _event(
    number: int,
    customers: list[str],
    favourite_of: dict[str, str],
    category_of: dict[str, str],
    rng: np.random.Generator,
) -> tuple[str, ...]:
    customer = str(rng.choice(customers))
    chance = rng.random()
    if chance < 0.03:
        product = str(rng.choice(DELETED))
    elif chance < 0.1:
        product = str(rng.choice(list(category_of)))
    else:
        path = favourite_of[customer]
        product = str(rng.choice([name for name in category_of if category_of[name] == path]))
    kind = str(rng.choice(TYPES))
    moment = _START + timedelta(minutes=int(rng.integers(0, 60 * 24 * 30)))
    quantity = str(int(rng.integers(1, 4))) if kind in ("purchase", "refund") else ""
    known = rng.random() > 0.15
    return (
        f"ev{number}", f"s-{customers.index(customer)}-{moment.day}", customer if known else "",
        product, kind, moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"), quantity,
    )  # fmt: skip


def _write(path: Path, names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
