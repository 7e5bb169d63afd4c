"""Cells of items: missing values, lists, HTML, empty titles, columns that become facts."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.support.stored import finding, report_of, stored_facts, stored_items

GENRE_FACTS = '[items.facts.genre]\nrelation = "genre"\n'
MARKERS = ("nan", "N/A", "null", "None", "")


def genres(shop) -> set[str]:
    return {tail for _, relation, tail in stored_facts(shop) if relation == "genre"}


@pytest.mark.parametrize("marker", MARKERS)
def test_a_missing_value_is_no_text_no_attribute_and_no_fact(tastegraph, shop, write, marker):
    (shop / "tastegraph.toml").write_text(GENRE_FACTS, encoding="utf-8")
    file = write(
        "items.csv",
        f"item_id,title,text,genre,maker\na,A,{marker},{marker},{marker}\nb,B,a ship,horror,x\n",
    )
    result = tastegraph("import", shop, "--items", file)
    assert result.code == 0, result.err
    items = stored_items(shop)
    assert (items["a"].text, dict(items["a"].attributes)) == ("", {})
    assert genres(shop) == {"genre:horror"}


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_nan_in_typed_files_is_no_attribute(tastegraph, shop, tmp_path, suffix):
    rows = [{"item_id": 7, "title": "A", "price": 1.5}, {"item_id": 8, "title": "B", "price": None}]
    path = tmp_path / f"items.{suffix}"
    if suffix == "parquet":
        pl.DataFrame(rows).with_columns(pl.col("price").fill_null(float("nan"))).write_parquet(path)
    else:
        text = "\n".join(json.dumps(row).replace("null", "NaN") for row in rows)
        path.write_text(text, encoding="utf-8")
    result = tastegraph("import", shop, "--items", path)
    assert result.code == 0, result.err
    items = stored_items(shop)
    assert dict(items["7"].attributes) == {"price": ("1.5",)}
    assert dict(items["8"].attributes) == {}


@pytest.mark.parametrize(
    "cell",
    [
        '["horror", "sci-fi"]',
        "['horror', 'sci-fi']",
        "horror|sci-fi",
        '[{"id": 27, "name": "horror"}, {"id": 878, "name": "sci-fi"}]',
        "[{'id': 27, 'name': 'horror'}, {'id': 878, 'name': 'sci-fi'}]",
    ],
    ids=["json", "python", "separator", "tmdb", "tmdb-python"],
)
def test_a_list_becomes_values_apart(tastegraph, shop, tmp_path, cell):
    (shop / "tastegraph.toml").write_text(GENRE_FACTS, encoding="utf-8")
    frame = pl.DataFrame({"item_id": ["a"], "title": ["A"], "genre": [cell]})
    frame.write_csv(tmp_path / "items.csv")
    assert tastegraph("import", shop, "--items", tmp_path / "items.csv").code == 0
    assert genres(shop) == {"genre:horror", "genre:sci-fi"}


def test_a_list_of_a_typed_file_is_that_list(tastegraph, shop, tmp_path):
    (shop / "tastegraph.toml").write_text(GENRE_FACTS, encoding="utf-8")
    frame = pl.DataFrame({"item_id": ["a"], "title": ["A"], "genre": [["horror", "a|b"]]})
    frame.write_parquet(tmp_path / "items.parquet")
    assert tastegraph("import", shop, "--items", tmp_path / "items.parquet").code == 0
    assert genres(shop) == {"genre:horror", "genre:a|b"}


def test_lists_in_a_column_without_facts_are_reported_with_the_setting(tastegraph, shop, tmp_path):
    frame = pl.DataFrame({
        "item_id": ["a", "b", "c"], "title": ["A", "B", "C"],
        "cast": ['["Ann", "Bob"]', '["Cid"]', None],
        "genre": ["horror|sci-fi", "crime|drama", "crime"],
    })  # fmt: skip
    frame.write_csv(tmp_path / "items.csv")
    report = report_of(tastegraph("import", shop, "--items", tmp_path / "items.csv", "--json"))
    lists = finding(report, "cast", "lists")
    assert lists["count"] == 2
    assert '[items.facts] cast = { relation = "cast" }' in lists["remedy"]
    assert 'separator = "|"' in finding(report, "genre", "several values")["remedy"]


def test_html_is_read_as_text(tastegraph, shop, tmp_path):
    frame = pl.DataFrame({
        "item_id": ["a", "b"], "title": ["Salt &amp; Pepper", "R&D <3"],
        "text": ["<p>A <b>red</b> shoe.</p><p>New&nbsp;here</p><script>x()</script>", "3 < 4"],
    })  # fmt: skip
    frame.write_csv(tmp_path / "items.csv")
    report = report_of(tastegraph("import", shop, "--items", tmp_path / "items.csv", "--json"))
    items = stored_items(shop)
    assert items["a"].title == "Salt & Pepper"
    assert items["a"].text.split() == ["A", "red", "shoe.", "New", "here"]
    assert (items["b"].title, items["b"].text) == ("R&D <3", "3 < 4")
    assert finding(report, "text", "HTML")["count"] == 1


def test_an_empty_title_is_no_error_and_counted(tastegraph, shop, write):
    file = write("items.csv", "item_id,title,text\na,,A red shoe\nb,N/A,\nc,C,\n")
    report = report_of(tastegraph("import", shop, "--items", file, "--json"))
    assert report["items"] == 3
    assert finding(report, "title", "no title")["count"] == 2
    # They are called by the first words of their text; lists show the id of one without any.
    assert {key: item.title for key, item in stored_items(shop).items()} == {
        "a": "A red shoe", "b": "", "c": "C",
    }  # fmt: skip


def test_a_repeated_item_id_is_counted_and_the_last_row_counts(tastegraph, shop, write):
    file = write("items.csv", "item_id,title\na,Old\nb,B\na,New\n")
    report = report_of(tastegraph("import", shop, "--items", file, "--json"))
    (counts,) = report["files"]
    assert (counts["read"], counts["new"], counts["repeated"]) == (3, 2, 1)
    assert stored_items(shop)["a"].title == "New"
    again = report_of(
        tastegraph("import", shop, "--items", write("b.csv", "item_id,title\nb,B2\n"), "--json")
    )
    assert again["files"][0]["replaced"] == 1


def test_columns_of_a_catalogue_are_mapped_by_option_and_by_configuration(tastegraph, shop, write):
    file = write("items.csv", "sku;name\n7;Tee\n")
    result = tastegraph("import", shop, "--items", file)
    assert result.code == 1
    assert "--map item_id=sku" in result.err
    names = ("--map", "item_id=sku", "--map", "title=name")
    assert tastegraph("import", shop, "--items", file, *names).code == 0
    settings = '[imports.items.map]\nitem_id = "sku"\ntitle = "name"\n'
    (shop / "tastegraph.toml").write_text(settings, encoding="utf-8")
    other = write("more.csv", "sku;name\n8;Cap\n")
    assert tastegraph("import", shop, "--items", other).code == 0
    assert {key: item.title for key, item in stored_items(shop).items()} == {
        "7": "Tee", "8": "Cap",
    }  # fmt: skip
