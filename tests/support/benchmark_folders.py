"""Made-up folders in the formats that the benchmark's publishers chose."""

import gzip
import json
from pathlib import Path

import numpy as np


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def lastfm(data: Path, users: int = 6) -> None:
    """Six artists; user k plays k, k+1, k+2 in train, k+3 in valid, k+4 in test."""
    parts = {"train": (0, 1, 2), "valid": (3,), "test": (4,)}
    folder = data / "lastfm_lightkg"
    for part, steps in parts.items():
        rows = [f"{u + 1}\t{10 + (u + s) % 6}\t7.0" for u in range(users) for s in steps]
        header = "user_id:token\titem_id:token\trating:float"
        write(folder, **{f"lastfm.{part}.inter": "\n".join([header, *rows]) + "\n"})
    links = [f"{10 + k}\t{k}" for k in range(6)]
    facts = [f"{k}\tmusic.origin\t{6 + k % 2}" for k in range(6)]
    write(folder, **{
        "lastfm.link": "\n".join(["item_id:token\tentity_id:token", *links]) + "\n",
        "lastfm.kg": "\n".join(["head_id:token\trelation_id:token\ttail_id:token", *facts]) + "\n",
    })  # fmt: skip


def artists(data: Path) -> None:
    rows = [f"{10 + k}\tArtist {k}\thttp://x\thttp://y" for k in range(6)]
    write(data / "lastfm_ctr/hetrec", **{
        "artists.dat": "\n".join(["id\tname\turl\tpictureURL", *rows]) + "\n"
    })  # fmt: skip


def ctr(data: Path) -> None:
    """Ten users; each clicked four of eight items and left four alone."""
    rows = [f"{u}\t{i}\t{int((u + i) % 2)}" for u in range(10) for i in range(8)]
    write(data / "lastfm_ctr/mcclk", **{
        "ratings_final.txt": "\n".join(rows) + "\n",
        "item_index2entity_id.txt": "".join(f"{10 + k}\t{k}\n" for k in range(8)),
        "kg.txt": "".join(f"{k}\tmusic.origin\t{8 + k % 2}\n" for k in range(8)),
    })  # fmt: skip
    folder = data / "bookcrossing_ctr/mcclk"
    write(folder, **{"kg_final.txt": "".join(f"{k} 0 {8 + k % 2}\n" for k in range(8))})
    ratings = np.array([[int(cell) for cell in row.split()] for row in rows], dtype=np.int32)
    np.save(folder / "ratings_final.npy", ratings)


def amazon_book(data: Path) -> None:
    """Two users of eleven and two training events; the second has nothing to find."""
    items = [f"B{k:03}" for k in range(14)]
    listed = [f"{asin} {k} m.{k}" for k, asin in enumerate(items)]
    write(data / "amazon_book_kgat/kgin", **{
        "item_list.txt": "\n".join(["org_id remap_id freebase_id", *listed]) + "\n",
        "train.txt": "0 " + " ".join(map(str, range(11))) + "\n1 0 1\n",
        "test.txt": "0 11 12\n1\n",
    })  # fmt: skip


def amazon_beauty(data: Path) -> None:
    """Three products; one user bought all three in the order 2, 0, 1."""
    folder = data / "amazon_beauty"
    asins = ["A0", "A1", "A2"]
    write(folder / "dhr", **{
        "item_id_to_int.json": json.dumps({asin: k + 5 for k, asin in enumerate(asins)}),
        "products_lookup.csv": "global_product_id,name\n5,Soap\n6,Comb\n7,Oil\n",
    })  # fmt: skip
    datamaps = {
        "id2user": {"1": "ann"},
        "id2item": {str(k + 1): asin for k, asin in enumerate(asins)},
    }
    write(folder / "rdrec", **{"datamaps.json": json.dumps(datamaps)})
    write(folder / "s3rec", **{"Beauty.txt": "1 3 1 2\n"})
    zipped(folder / "pgpr/product.txt.gz", "A0\nA1\nA2\n")
    zipped(folder / "pgpr/brand.txt.gz", "Nice\nFine\n")
    zipped(folder / "pgpr/category.txt.gz", "Hair\nSkin\n")
    zipped(folder / "pgpr/brand_p_b.txt.gz", "0\n1\n0\n")
    zipped(folder / "pgpr/category_p_c.txt.gz", "1\n0\n0 1\n")
    zipped(folder / "pgpr/related_product.txt.gz", "A2\nelsewhere\nA0\nA1\n")
    zipped(folder / "pgpr/also_bought_p_p.txt.gz", "0 1\n2\n1\n")
    zipped(folder / "pgpr/also_viewed_p_p.txt.gz", "\n0 2\n\n")
    zipped(folder / "pgpr/bought_together_p_p.txt.gz", "\n\n2 3\n")


def ml1m(data: Path) -> None:
    """Three films 1, 2, 3 that PEARLM numbers 0, 1 (of 1, 2) and CoLaKG 2, 1, 0."""
    folder = data / "ml1m"
    (folder / "grouplens").mkdir(parents=True)
    (folder / "grouplens/movies.dat").write_text(
        "1::Amélie (2001)::Comedy\n2::Heat (1995)::Crime|Drama\n3::Ran (1985)::War\n", "latin-1"
    )
    write(
        folder / "dbpedia_abstracts", **{"dbpedia_abstracts.json": json.dumps({"1": "A waitress."})}
    )
    page = "http://dbpedia.org/resource/"
    write(folder / "pearlm", **{
        "i2kg_map.txt": f"eid\tpid\tname\tentity\n0\t1\tA\t{page}Amélie\n1\t2\tH\t{page}Heat\n",
        "r_map.txt": "id\tkb_relation\tname\n"
        "0\thttp://dbpedia.org/ontology/starring\tstars\n"
        "1\thttp://dbpedia.org/ontology/wikiPageWikiLink\tlinks\n",
        "e_map.txt": f"eid\tname\tentity\n0\tA\t{page}Amélie\n1\tH\t{page}Heat\n"
        f"2\tP\t{page}Al_Pacino\n",
        "kg_final.txt": "entity_head\trelation\tentity_tail\n1\t0\t2\n0\t1\t2\n",
    })  # fmt: skip
    mapped = "rating_id\tnew_id\n1\t0\n2\t1\n"
    write(folder / "pearlm/mapping", **{"product_mapping.txt": mapped})
    for part, row in (("train", "0\t0\t1\t100"), ("valid", "0\t1\t1\t200"), ("test", "1\t0\t1\t5")):
        zipped(folder / f"pearlm/mapping/{part}.txt.gz", row + "\n")
    write(folder / "entity2rec", **{
        "dbo:director.edgelist": f"{page}Ran {page}Akira_Kurosawa\n",
        "mappings.tsv": f"2\tHeat (1995)\t{page}Heat\n3\tRan (1985)\t{page}Ran\n",
    })  # fmt: skip
    write(folder / "colakg", **{
        "item_map.txt": "3 0\n2 1\n1 2\n",
        "train.txt": "0 0 1\n",
        "test.txt": "0 2\n",
        "llm_response_item.json": json.dumps({"3": "A king parts his lands."}),
    })  # fmt: skip


def zipped(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as opened:
        opened.write(text)


def mindreader(data: Path) -> None:
    """Films 1, 3, 5, a person 2 and a genre 4; ann and bob rate, and have a film held out each."""
    things = {
        1: ("http://www.wikidata.org/entity/Q1", "Heat", "Movie"),
        2: ("http://www.wikidata.org/entity/Q2", "Al Pacino", "Person|Actor"),
        3: ("http://www.wikidata.org/entity/Q3", "Ran", "Movie"),
        4: ("http://www.wikidata.org/entity/Q4", "Crime Film", "Category|Genre"),
        5: ("http://www.wikidata.org/entity/Q5", "Alien", "Movie"),
    }

    def rated(user: int, thing: int, value: int) -> dict[str, object]:
        film = things[thing][2] == "Movie"
        return {"u_idx": user, "e_idx": thing, "rating": value, "is_movie_rating": film}

    split = {
        "training": [
            [7, [rated(7, 1, 1), rated(7, 2, 1), rated(7, 4, -1)]],
            [8, [rated(8, 5, 1), rated(8, 1, -1), rated(8, 4, 1)]],
        ],
        "validation": [[7, [3, [5]]], [8, [3, [1]]]],
        "testing": [[7, [5, [3]]], [8, [3, [1, 5]]]],
    }
    rows = [f"{9 - k},{uri},{name},{kinds}" for k, (uri, name, kinds) in things.items()]
    write(data / "mindreader/mr_ntp_all_entities", **{
        "split.json": json.dumps(split),
        "entities.csv": "\n".join([",uri,name,labels", *rows]) + "\n",
    })  # fmt: skip
    numbers = {uri: number for number, (uri, _, _) in things.items()}
    write(data / "mindreader/mr_ntp_all_movies", **{
        "meta.json": json.dumps({"e_idx_map": numbers})
    })  # fmt: skip
