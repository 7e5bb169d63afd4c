"""Last.fm in LightKG's fixed split: artists with a Freebase graph, played alike once or often.

The set names neither artists nor entities; where HetRec's own list is beside it, artists have
their names, which are then their texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.published.sets.files import folder_of, tsv
from benchmarks.published.sets.set import GIVEN, SPLITS, BenchmarkDataset, assembled
from tastegraph.core.config import Config
from tastegraph.core.records import Event, Item
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.rejected_rows import RejectedRows

ARTISTS = "lastfm_ctr/hetrec/artists.dat"


def lastfm_lightkg(data: Path) -> BenchmarkDataset:
    """The set in its three published parts."""
    folder, rejects = folder_of(data, "lastfm_lightkg"), RejectedRows("raise")
    links = list(read_links(folder / "lastfm.link", rejects))
    names = artists(data)
    items = [Item(link.item_id, names.get(link.item_id, "")) for link in links]
    facts = read_facts(folder / "lastfm.kg", rejects)
    config = Config(evaluation=GIVEN)
    return assembled("lastfm-lightkg", items, facts, links, _plays(folder), config)


def artists(data: Path) -> Mapping[str, str]:
    """Number → name, where the list is at hand."""
    file = data / ARTISTS
    return {row["id"]: row["name"] for row in tsv(file)} if file.is_file() else {}


def _plays(folder: Path) -> Iterator[Event]:
    for part in SPLITS:
        for row in tsv(folder / f"lastfm.{part}.inter"):
            user, item = row["user_id:token"], row["item_id:token"]
            yield Event(f"{user}-{item}", user, item, "like", None, None, part)
