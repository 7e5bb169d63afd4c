"""Formats by name: a small file of each shape gives the records that it states."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.data.mapping.formats import FORMATS, format_reading
from tastegraph.data.mapping.mapped_tables import PLAIN, MappedTable
from tastegraph.data.mapping.names import Kind
from tests.support.source_files import STRICT, write


def records(path: Path, name: str, kind: Kind) -> list[dict[str, object]]:
    table = MappedTable(path, kind, STRICT, format_reading(name, path, kind))
    return [row for batch in table for row in batch.frame.iter_rows(named=True)]


def pairs(path: Path, name: str) -> list[tuple[object, ...]]:
    return [(row["user_id"], row["item_id"]) for row in records(path, name, "events")]


RATING = {"user_id": "1", "item_id": "31", "rating": "2.5", "timestamp": "1260759144"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n"),
        ("ratings.dat", "1::31::2.5::1260759144\n"),
        ("u.data", "1\t31\t2.5\t1260759144\n"),
        ("u1.base", "1\t31\t2.5\t1260759144\n"),
    ],
)
def test_movielens_ratings(tmp_path: Path, file: str, text: str) -> None:
    assert records(write(tmp_path / file, text), "movielens", "events") == [RATING]


def test_movielens_films(tmp_path: Path) -> None:
    film = {"item_id": "73", "title": "Misérables, Les (1995)"}
    text = 'movieId,title,genres\n73,"Misérables, Les (1995)",Drama|War\n'
    path = write(tmp_path / "movies.csv", text)
    assert records(path, "movielens", "items") == [film | {"genres": "Drama|War"}]
    text = "73::Misérables, Les (1995)::Drama|War\n"
    for encoding in ("latin-1", "utf-8"):
        path = write(tmp_path / "movies.dat", text.encode(encoding))
        assert records(path, "movielens", "items") == [film | {"genres": "Drama|War"}]


def test_movielens_films_with_flags(tmp_path: Path) -> None:
    flags = "|".join("1" if name in ("Drama", "War") else "0" for name in (
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime",
        "Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance",
        "Sci-Fi", "Thriller", "War", "Western",
    ))  # fmt: skip
    text = f"73|Misérables, Les (1995)|01-Jan-1995||http://x|{flags}\n"
    path = write(tmp_path / "u.item", text.encode("latin-1"))
    assert records(path, "movielens", "items") == [{
        "item_id": "73", "title": "Misérables, Les (1995)", "release_date": "01-Jan-1995",
        "video_release_date": "", "url": "http://x", "genres": ["Drama", "War"],
    }]  # fmt: skip


def test_recbole(tmp_path: Path) -> None:
    inter = write(tmp_path / "ml.inter", "user_id:token\titem_id:token\trating:float\n1\t2\t3\n")
    assert records(inter, "recbole", "events") == [{"user_id": "1", "item_id": "2", "rating": "3"}]
    item = write(tmp_path / "ml.item", "item_id:token\tmovie_title:token_seq\n2\tToy Story\n")
    assert records(item, "recbole", "items") == [{"item_id": "2", "title": ["Toy", "Story"]}]
    kg = write(tmp_path / "ml.kg", "head_id:token\trelation_id:token\ttail_id:token\na\tr\tb\n")
    assert records(kg, "recbole", "facts") == [{"head": "a", "relation": "r", "tail": "b"}]


def test_gorse(tmp_path: Path) -> None:
    text = "feedback_type,user_id,item_id,time_stamp\nstar,u,i,2022-02-24\nread,u,j,2022-02-25\n"
    path = write(tmp_path / "feedback.csv", text)
    assert [row["type"] for row in records(path, "gorse", "events")] == ["like", "view"]
    feedback = {"FeedbackType": "like", "UserId": "u", "ItemId": "i", "Timestamp": "2022-02-24"}
    path = write(tmp_path / "feedback.json", json.dumps([feedback]))
    assert records(path, "gorse", "events") == [
        {"type": "like", "user_id": "u", "item_id": "i", "timestamp": "2022-02-24"}
    ]
    item = {"ItemId": "i", "IsHidden": False, "Categories": ["a"], "Timestamp": "2022-02-24",
            "Labels": {"tags": ["x"]}, "Comment": "A title"}  # fmt: skip
    path = write(tmp_path / "items.jsonl", json.dumps(item))
    assert records(path, "gorse", "items") == [{
        "item_id": "i", "hidden": False, "categories": ["a"], "available_from": "2022-02-24",
        "labels": '{"tags": ["x"]}', "title": "A title",
    }]  # fmt: skip


PRODUCTS = """Handle,Title,Body (HTML),Vendor,Tags,Option1 Value,Variant SKU,Variant Price,Image Src
shirt,Shirt,"<p>Soft,
warm</p>",Acme,"blue, soft",S,SH-S,10,http://1
shirt,,,,,M,SH-M,10,
shirt,,,,,,,,http://2
mug,Mug,,Acme,,Default Title,,5,
"""
ORDERS = """Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem sku
#1,a@x,2023-01-02 10:00:00 -0500,1,Shirt - M,SH-M
#1,,,2,Mug,
#2,b@x,2023-01-03 10:00:00 -0500,1,Mug,
"""


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_shopify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("tastegraph.data.tables.delimited.ROWS_PER_BATCH", rows)
    path = write(tmp_path / "products_export.csv", PRODUCTS)
    table = MappedTable(path, "items", STRICT, format_reading("shopify", path, "items"))
    batches = list(table)
    items = pl.concat(batch.frame for batch in batches).rows(named=True)
    text = "<p>Soft,\nwarm</p>"
    assert [(i["item_id"], i["title"], i["text"], i["tags"]) for i in items] == [
        ("SH-S", "Shirt", text, "blue, soft"), ("SH-M", "Shirt", text, "blue, soft"),
        ("Mug", "Mug", "", ""),
    ]  # fmt: skip
    assert [line for batch in batches for line in batch.lines] == [2, 4, 6]
    assert (table.rows_without_record, table.unused) == (1, ["Image Src"])
    path = write(tmp_path / "orders_export.csv", ORDERS)
    events = records(path, "shopify", "events")
    assert [(row["user_id"], row["item_id"], row["type"]) for row in events] == [
        ("a@x", "SH-M", "purchase"), ("a@x", "Mug", "purchase"), ("b@x", "Mug", "purchase"),
    ]  # fmt: skip
    assert events[1]["timestamp"] == datetime(2023, 1, 2, 15, tzinfo=UTC)


def test_ga4(tmp_path: Path) -> None:
    lines = [
        {"event_name": "page_view", "event_timestamp": "1700000000000000", "user_pseudo_id": "u",
         "items": []},
        {"event_name": "view_item", "event_timestamp": "1700000001500000", "user_pseudo_id": "u",
         "items": [{"item_id": "i", "item_name": "I"}, {"item_id": "j", "item_name": "J"}]},
        {"event_name": "purchase", "event_timestamp": "1700000002000000", "user_pseudo_id": "u",
         "items": [{"item_id": "i", "item_name": "I"}]},
    ]  # fmt: skip
    path = write(tmp_path / "events.jsonl", "\n".join(map(json.dumps, lines)))
    events = [
        {"user_id": "u", "item_id": item, "type": kind, "timestamp": time}
        for item, kind, time in [
            ("i", "view", 1700000001.5), ("j", "view", 1700000001.5), ("i", "purchase", 1700000002),
        ]
    ]  # fmt: skip
    rows = records(path, "ga4", "events")
    assert [dict(sorted(row.items())) for row in rows] == [dict(sorted(e.items())) for e in events]
    assert records(path, "ga4", "items") == [
        {"title": "J", "item_id": "j", "item_brand": None, "item_category": None},
        {"title": "I", "item_id": "i", "item_brand": None, "item_category": None},
    ]
    frame = pl.DataFrame(lines).with_columns(pl.col("event_timestamp").cast(pl.Int64))
    frame.write_parquet(tmp_path / "events.parquet")
    rows = records(tmp_path / "events.parquet", "ga4", "events")
    assert [dict(sorted(row.items())) for row in rows] == [dict(sorted(e.items())) for e in events]
    text = "event_timestamp,event_name,user_pseudo_id,item_id\n1700000001500000,view_item,u,i\n"
    path = write(tmp_path / "flat.csv", text)
    assert pairs(path, "ga4") == [("u", "i")]


def test_mind(tmp_path: Path) -> None:
    text = "1\tU1\t11/15/2019 9:05:58 AM\tN5 N6\tN1-0 N2-1\n2\tU2\t11/15/2019 12:00:00 PM\t\tN3-1\n"
    events = records(write(tmp_path / "behaviors.tsv", text), "mind", "events")
    assert [(row["user_id"], row["item_id"], row["type"]) for row in events] == [
        ("U1", "N1", "impression"), ("U1", "N2", "click"), ("U2", "N3", "click"),
    ]  # fmt: skip
    assert events[0]["timestamp"] == datetime(2019, 11, 15, 9, 5, 58)
    text = 'N1\tnews\tworld\t"Quoted" title\tText\thttp://x\t[]\t[{"WikidataId": "Q1"}]\n'
    (item,) = records(write(tmp_path / "news.tsv", text), "mind", "items")
    assert (item["item_id"], item["title"], item["text"]) == ("N1", '"Quoted" title', "Text")


def test_lastfm(tmp_path: Path) -> None:
    path = write(tmp_path / "user_artists.dat", "userID\tartistID\tweight\n2\t51\t13883\n")
    assert records(path, "lastfm", "events") == [
        {"user_id": "2", "item_id": "51", "value": "13883"}
    ]
    path = write(tmp_path / "artists.dat", 'id\tname\turl\tpictureURL\n1\tMALICE "MIZER\tu\tp\n')
    assert records(path, "lastfm", "items")[0] == {
        "item_id": "1", "title": 'MALICE "MIZER', "url": "u", "pictureURL": "p",
    }  # fmt: skip
    path = write(tmp_path / "usersha1-artmbid-artname-plays.tsv", "u\ta\tBob\t13\n")
    assert records(path, "lastfm", "events") == [{"user_id": "u", "item_id": "a", "value": "13"}]
    path = write(
        tmp_path / "userid-timestamp-artid-artname-traid-traname.tsv",
        "u\t2009-05-04T23:08:57Z\ta\tBob\tt\tSong\n",
    )
    assert records(path, "lastfm", "events") == [
        {"user_id": "u", "item_id": "a", "timestamp": "2009-05-04T23:08:57Z"}
    ]


def test_amazon_reviews(tmp_path: Path) -> None:
    new = {"rating": 5.0, "title": "Nice", "asin": "B1", "parent_asin": "B0", "user_id": "A",
           "timestamp": 1588687728923}  # fmt: skip
    path = write(tmp_path / "All_Beauty.jsonl", json.dumps(new))
    assert records(path, "amazon-reviews", "events") == [
        {"rating": 5.0, "item_id": "B0", "user_id": "A", "timestamp": 1588687728923}
    ]
    old = {"overall": 4.0, "reviewerID": "A", "asin": "B1", "unixReviewTime": 1376611200}
    path = write(tmp_path / "Beauty.json.gz", json.dumps(old))
    assert records(path, "amazon-reviews", "events") == [
        {"rating": 4.0, "user_id": "A", "item_id": "B1", "timestamp": 1376611200}
    ]
    text = "user_id,parent_asin,rating,timestamp\nA,B0,5.0,1588687728923\n"
    assert pairs(write(tmp_path / "All_Beauty.csv", text), "amazon-reviews") == [("A", "B0")]
    meta = {"parent_asin": "B0", "title": "Soap", "description": ["Soft", "Warm"], "price": None}
    path = write(tmp_path / "meta_All_Beauty.jsonl", json.dumps(meta))
    assert records(path, "amazon-reviews", "items") == [
        {"item_id": "B0", "title": "Soap", "text": ["Soft", "Warm"], "price": None}
    ]


def test_an_unknown_format_is_an_error_and_another_kind_is_read_plainly(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n")
    with pytest.raises(TastegraphError, match=", ".join(FORMATS)):
        format_reading("movilens", path, "events")
    assert format_reading("mind", path, "links") == PLAIN


def test_a_file_of_another_format_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n1,2\n")
    for name in ("shopify", "ga4"):
        for kind in ("events", "items"):
            with pytest.raises(RowError, match=r"columns of its format|a column named"):
                records(path, name, kind)  # type: ignore[arg-type]
