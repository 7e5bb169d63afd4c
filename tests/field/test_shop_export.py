"""A shop's export goes from 'inspect' to first lists with four commands and no script."""

from __future__ import annotations

import json
import shlex
from collections import Counter

import pytest

from tests.support.shop_export import DELETED, write_shop_export
from tests.support.stored import finding, report_of, stored_events, stored_items


@pytest.mark.slow
def test_a_shop_goes_from_its_files_to_first_lists(tastegraph, tmp_path):
    export = write_shop_export(tmp_path)
    shop = tmp_path / "shop"

    seen = tastegraph("inspect", export.products, export.events, "--json")
    assert seen.code == 0, seen.err
    (command,) = json.loads(seen.out)["commands"]
    assert {"click=add_to_cart", "dislike=refund", "title=name", "text=body_html"} <= set(command)
    assert tastegraph("init", shop).code == 0
    words = [str(shop) if word == "DIR" else word for word in command[1:]]
    report = report_of(tastegraph(*words, "--replace-catalogue", "--json"))
    assert report["delisted"] == len(DELETED)
    assert (report["items"], report["events"]) == (len(export.category_of), export.n_events)
    assert report["bad_rows"] == 0
    built = tastegraph("build", shop, "--first")
    assert built.code == 0, built.err

    customers = list(export.favourite_of)[:10]
    hits = 0
    for customer in customers:
        result = tastegraph("recommend", shop, customer, "-n", 5, "--json")
        assert result.code == 0, result.err
        ids = [item["item_id"] for item in json.loads(result.out)["items"]]
        assert not {*ids} & {*DELETED}
        hits += sum(export.category_of[name] == export.favourite_of[customer] for name in ids)
    assert hits > 0.6 * 5 * len(customers)


def test_the_import_says_what_is_in_the_export(tastegraph, shop, tmp_path):
    export = write_shop_export(tmp_path)
    command = shlex.split(
        f"import {shop} --items {export.products} --events {export.events} "
        "--map item_id=product_id --map title=name --map text=body_html "
        "--map user_id=customer_id --map timestamp=created_at --map type=event "
        "--map event_id=id --type click=add_to_cart --type dislike=refund --json"
    )
    report = report_of(tastegraph(*command))
    assert finding(report, "quantity", "not used")["count"] == export.n_events
    unknown = finding(report, "item_id", "not in the catalogue")
    assert unknown["count"] == export.n_of_deleted
    assert finding(report, "title", "no title")["count"] == len(export.untitled)
    assert finding(report, "text", "HTML")["count"] == len(export.category_of)
    assert 'separator = " > "' in finding(report, "category_path", "several values")["remedy"]
    assert 'separator = ","' in finding(report, "tags", "several values")["remedy"]

    items = stored_items(shop)
    assert set(items) == set(export.category_of)
    assert all("<" not in item.text and "&" in item.text for item in items.values())
    events = stored_events(shop)
    of_sessions = [event for event in events if event.user_id.startswith("session:")]
    assert len(of_sessions) == export.n_of_sessions
    types = Counter(event.type for event in events)
    assert types["click"] == export.n_of_type["add_to_cart"]
    assert types["dislike"] == export.n_of_type["refund"]


def test_a_shop_names_its_event_types_in_its_configuration(tastegraph, shop, tmp_path):
    export = write_shop_export(tmp_path)
    (shop / "tastegraph.toml").write_text(
        """
        [events.weights]
        add_to_cart = 0.7
        refund = -1.0

        [imports.events.map]
        user_id = "customer_id"
        item_id = "product_id"
        type = "event"
        timestamp = "created_at"
        event_id = "id"
        """,
        encoding="utf-8",
    )
    report = report_of(tastegraph("import", shop, "--events", export.events, "--json"))
    assert report["events"] == export.n_events
    types = Counter(event.type for event in stored_events(shop))
    assert types == Counter(export.n_of_type)
