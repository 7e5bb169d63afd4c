"""One bad row costs itself, and the report says where it is."""

from __future__ import annotations

import json

from tests.support.stored import report_of, stored_events, stored_items

N_ITEMS = 1000


def test_a_stray_quote_loses_its_own_row(tastegraph, shop, write):
    rows = [f"p{number},Product {number},text {number}" for number in range(N_ITEMS)]
    rows[109] = 'p109,"Product 109,text 109'
    file = write("items.csv", "\n".join(["item_id,title,text", *rows]) + "\n")
    result = tastegraph("import", shop, "--items", file)
    assert result.code == 1
    assert "items.csv, line 111" in result.err
    report = report_of(tastegraph("import", shop, "--items", file, "--on-error", "skip", "--json"))
    assert report["bad_rows"] == 1
    (reject,) = map(json.loads, (shop / "rejects.jsonl").read_text("utf-8").splitlines())
    assert reject["line"] == 111
    assert set(stored_items(shop)) == {f"p{number}" for number in range(N_ITEMS)} - {"p109"}


def test_a_quoted_cell_may_span_lines(tastegraph, shop, write):
    file = write("items.csv", 'item_id,title,text\na,A,"one\ntwo, ""three"""\nb,B,\n')
    assert tastegraph("import", shop, "--items", file).code == 0
    assert stored_items(shop)["a"].text == 'one\ntwo, "three"'


def test_rows_of_another_width_lose_themselves(tastegraph, shop, write):
    file = write("e.csv", "user_id,item_id\nann,7\nbob\ncid,8,9\ndan,9\n")
    assert "line 3" in tastegraph("import", shop, "--events", file).err
    result = tastegraph("import", shop, "--events", file, "--on-error", "skip")
    assert "2 bad rows were left out" in result.out
    assert [event.user_id for event in stored_events(shop)] == ["ann", "dan"]
    lines = (shop / "rejects.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["line"] for line in lines] == [3, 4]


def test_a_bad_statement_loses_itself(tastegraph, shop, write):
    file = write(
        "facts.nt",
        "<http://x/a> <http://x/p> <http://x/b> .\nno statement\n"
        "<http://x/b> <http://x/p> <http://x/c> .\n",
    )
    result = tastegraph("import", shop, "--facts", file)
    assert "facts.nt, line 2" in result.err
    report = report_of(tastegraph("import", shop, "--facts", file, "--on-error", "skip", "--json"))
    assert (report["facts"], report["bad_rows"]) == (2, 1)


def test_what_cannot_be_read_leaves_nothing_half_done(tastegraph, shop, write):
    items = write("items.csv", "item_id,title\na,A\n")
    events = write("e.csv", "user_id,item_id\nann,a\n,a\n")
    assert tastegraph("import", shop, "--items", items, "--events", events).code == 1
    assert tastegraph("import", shop, "--items", items).code == 0
    assert stored_events(shop) == []
