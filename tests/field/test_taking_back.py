"""A wrong file can be taken back: files replace what they stated, catalogues delist and return."""

from __future__ import annotations

from tastegraph.workspace import Workspace
from tests.support.stored import report_of, stored_events, stored_facts, stored_items

HEAD = "user_id,item_id,event_id\n"


def users(shop) -> list[str]:
    return [event.user_id for event in stored_events(shop)]


def file_counts(report, name):
    (counts,) = (file for file in report["files"] if file["name"] == name)
    return {key: n for key, n in counts.items() if key not in ("kind", "name") and n}


def test_a_repeated_event_id_counts_once_and_is_counted(tastegraph, shop, write):
    rows = "ann,7,e1\n" * 40 + "bob,8,e2\n"
    report = report_of(
        tastegraph("import", shop, "--events", write("e.csv", HEAD + rows), "--json")
    )
    assert file_counts(report, "e.csv") == {"read": 41, "new": 2, "repeated": 39}
    assert users(shop) == ["ann", "bob"]


def test_the_same_rows_again_add_nothing(tastegraph, shop, write):
    file = write("e.csv", "user_id,item_id\nann,7\nann,7\n")
    tastegraph("import", shop, "--events", file)
    report = report_of(tastegraph("import", shop, "--events", file, "--json"))
    assert file_counts(report, "e.csv") == {"read": 2, "known": 2}
    assert users(shop) == ["ann", "ann"]


def test_a_file_of_the_same_name_replaces_its_events(tastegraph, shop, write):
    tastegraph("import", shop, "--events", write("e.csv", HEAD + "ann,7,e1\nbob,8,e2\n"))
    tastegraph("import", shop, "--events", write("other.csv", HEAD + "eve,7,e9\n"))
    corrected = write("e.csv", HEAD + "bob,8,e2\ncid,9,e3\n")
    report = report_of(tastegraph("import", shop, "--events", corrected, "--json"))
    assert file_counts(report, "e.csv") == {"read": 2, "new": 1, "known": 1, "withdrawn": 1}
    assert report["withdrawn_events"] == 1
    assert users(shop) == ["bob", "cid", "eve"]


def test_append_keeps_the_events_of_earlier_files(tastegraph, shop, write):
    tastegraph("import", shop, "--events", write("e.csv", HEAD + "ann,7,e1\n"))
    today = write("e.csv", HEAD + "bob,8,e2\n")
    report = report_of(tastegraph("import", shop, "--events", today, "--append", "--json"))
    assert report["withdrawn_events"] == 0
    assert users(shop) == ["ann", "bob"]


def test_a_file_of_facts_replaces_what_it_stated(tastegraph, shop, write):
    tastegraph("import", shop, "--facts", write("f.csv", "head,relation,tail\na,r,b\nb,r,c\n"))
    corrected = write("f.csv", "head,relation,tail\na,r,b\n")
    report = report_of(tastegraph("import", shop, "--facts", corrected, "--json"))
    assert report["withdrawn"] == 1
    assert stored_facts(shop) == {("a", "r", "b")}


def test_items_that_a_new_catalogue_lacks_are_delisted_and_return(tastegraph, shop, write):
    whole = "item_id,title\na,A\nb,B\n"
    tastegraph("import", shop, "--items", write("items.csv", whole))
    tastegraph("import", shop, "--events", write("e.csv", "user_id,item_id\nann,b\n"))
    less = write("items.csv", "item_id,title\na,A\n")
    replace = ("import", shop, "--replace-catalogue", "--json", "--items")
    report = report_of(tastegraph(*replace, less))
    assert (report["delisted"], report["unlisted"]["delisted"]) == (1, 1)
    assert set(stored_items(shop)) == {"a", "b"}
    assert users(shop) == ["ann"]
    report = report_of(tastegraph(*replace, write("items.csv", whole)))
    assert (report["relisted"], report["unlisted"]["delisted"]) == (1, 0)


def test_items_that_only_events_have_are_delisted_too(tastegraph, shop, write):
    items = write("items.csv", "item_id,title\na,A\n")
    events = write("e.csv", "user_id,item_id\nann,a\nann,gone\n")
    options = ("--items", items, "--events", events, "--json")
    assert report_of(tastegraph("import", shop, *options))["delisted"] == 0
    again = report_of(tastegraph("import", shop, *options, "--replace-catalogue"))
    assert again["delisted"] == 1
    back = write("more.csv", "item_id,title\ngone,Gone\n")
    assert report_of(tastegraph("import", shop, "--items", back, "--json"))["relisted"] == 1


def test_without_the_option_a_part_of_the_catalogue_delists_nothing(tastegraph, shop, write):
    tastegraph("import", shop, "--items", write("items.csv", "item_id,title\na,A\nb,B\n"))
    report = report_of(
        tastegraph("import", shop, "--items", write("more.csv", "item_id,title\na,A2\n"), "--json")
    )
    assert report["delisted"] == 0
    assert stored_items(shop)["a"].title == "A2"
    assert Workspace(shop).counts()["items"] == 2
