"""Planted duplicates: copies with altered names and thinned facts, and mere namesakes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.knowledge.scores import scores
from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.fusion.matching import find_duplicates
from tastegraph.kg.fusion.profiles import entity_profiles
from tastegraph.kg.names import name_from_id

COPIES, NAMESAKES = 500, 300
FEWEST_FACTS = 3
KEPT = 0.7
PERSON_RELATIONS = frozenset(
    [
        "cinematography",
        "composer",
        "director",
        "editing",
        "musicComposer",
        "producer",
        "producers",
        "starring",
        "writer",
        "writing",
    ]
)
Triple = tuple[str, str, str]


def planted(folder: Path, seed: int) -> dict[str, Any]:
    """Scores over what touches a planted id, and how much else was merged."""
    facts, names, copies, others = plant(folder, seed)
    merged = {
        frozenset((m.left, m.right))
        for m in find_duplicates(entity_profiles(facts, [LABEL]))
        if m.accepted
    }
    return _row(merged, copies, others, names)


def plant(
    folder: Path, seed: int
) -> tuple[list[Fact], dict[str, str], dict[str, str], dict[str, str]]:
    """The facts with what was planted, all names, and copy → original, namesake → bearer."""
    rng = np.random.default_rng(seed)
    triples, names = _graph(folder)
    around = _around(triples)
    able = sorted(entity for entity, those in around.items() if len(those) >= FEWEST_FACTS)
    chosen = [able[k] for k in rng.permutation(len(able))[: COPIES + NAMESAKES]]
    kinds = {entity: _kind(entity, those) for entity, those in around.items()}
    alike = defaultdict(list)
    for entity in able:
        alike[kinds[entity]].append(entity)
    copies: dict[str, str] = {}
    for entity in chosen[:COPIES]:
        copy = f"copy/{len(copies)}"
        copies[copy] = entity
        names[copy] = _altered(names[entity], kinds[entity].lstrip("^") in PERSON_RELATIONS, rng)
        incident = sorted(t for t in triples if entity in (t[0], t[2]))
        ours, theirs = _thinned(incident, rng), _thinned(incident, rng)
        triples -= set(incident)
        triples |= set(ours) | {_renamed(t, entity, copy) for t in theirs}
    others: dict[str, str] = {}
    for entity in chosen[COPIES:]:
        other = f"namesake/{len(others)}"
        others[other] = entity
        names[other] = names[entity]
        pool = alike[kinds[entity]]
        for _ in range(len(around[entity])):
            lender = pool[int(rng.integers(len(pool)))]
            if lender != entity:
                lent = around[lender][int(rng.integers(len(around[lender])))]
                triples.add(_renamed(lent, lender, other))
    facts = [Fact(*triple) for triple in sorted(triples)]
    facts += [Fact(id_, LABEL, name, literal=True) for id_, name in sorted(names.items())]
    return facts, names, copies, others


def _row(
    merged: set[frozenset[str]],
    copies: dict[str, str],
    others: dict[str, str],
    names: dict[str, str],
) -> dict[str, Any]:
    right = {frozenset(pair): pair[0] for pair in copies.items()}
    touching = Counter(
        id_
        for pair in merged
        if pair not in right
        for id_ in sorted(pair & (copies.keys() | others.keys()))[:1]
    )
    units = [
        (int(frozenset(pair) in merged), touching[pair[0]], int(frozenset(pair) not in merged))
        for pair in copies.items()
    ] + [(0, touching[other], 0) for other in others]
    unplanted = [pair for pair in merged if not pair & (copies.keys() | others.keys())]
    row = scores(units)
    row["namesakes merged with their namesake"] = sum(
        frozenset(pair) in merged for pair in others.items()
    )
    row["unplanted merged"] = len(unplanted)
    row["unplanted merged, of equal names"] = sum(
        len({names.get(id_, id_).casefold() for id_ in pair}) == 1 for pair in unplanted
    )
    return row


def _graph(folder: Path) -> tuple[set[Triple], dict[str, str]]:
    triples: set[Triple] = set()
    for path in sorted((folder / "entity2rec").glob("*.edgelist")):
        relation = path.stem.partition(":")[2]
        for line in path.read_text(encoding="utf-8").splitlines():
            subject, object_ = line.split()
            triples.add((subject, relation, object_))
    entities = _table(folder / "pearlm/e_map.txt", 0, 2)
    relations = _table(folder / "pearlm/r_map.txt", 0, 1)
    for line in (folder / "pearlm/kg_final.txt").read_text(encoding="utf-8").splitlines()[1:]:
        head, relation, tail = line.split("\t")
        triples.add((entities[head], name_from_id(relations[relation]), entities[tail]))
    triples = {t for t in triples if t[0] != t[2]}
    return triples, {id_: name_from_id(id_) for t in triples for id_ in (t[0], t[2])}


def _table(path: Path, key: int, value: int) -> dict[str, str]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return {row[key]: row[value] for row in rows}


def _around(triples: set[Triple]) -> dict[str, list[Triple]]:
    around: dict[str, list[Triple]] = defaultdict(list)
    for triple in sorted(triples):
        around[triple[0]].append(triple)
        around[triple[2]].append(triple)
    return around


def _kind(entity: str, those: list[Triple]) -> str:
    """The commonest relation, with ``^`` where it leads here."""
    roles = Counter(r if s == entity else f"^{r}" for s, r, _ in those)
    return min(roles, key=lambda role: (-roles[role], role))


def _thinned(triples: list[Triple], rng: np.random.Generator) -> list[Triple]:
    remaining = [t for t in triples if rng.random() < KEPT]
    return remaining or ([triples[int(rng.integers(len(triples)))]] if triples else [])


def _renamed(triple: Triple, old: str, new: str) -> Triple:
    subject, relation, object_ = triple
    return (new if subject == old else subject, relation, new if object_ == old else object_)


def _altered(name: str, person: bool, rng: np.random.Generator) -> str:
    """The name with a slip or, where it has accents or is a person's, as others write it."""
    ways = [_slip(name, rng)]
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    ways += [bare] if bare != name else []
    words = re.sub(r"\s*\([^()]*\)$", "", name).split()
    if person and len(words) > 1:
        ways += [" ".join([f"{words[0][0]}.", *words[1:]])]
        ways += [f"{words[-1]}, {' '.join(words[:-1])}"]
        ways += [f"{words[0]} {words[-1]}"] if len(words) > 2 else []
    return ways[int(rng.integers(len(ways)))]


def _slip(name: str, rng: np.random.Generator) -> str:
    """One letter left out, doubled, or changed with the next."""
    places = [k for k, c in enumerate(name[:-1]) if c.isalpha() and k]
    if not places:
        return f"{name}s"
    k = places[int(rng.integers(len(places)))]
    kind = int(rng.integers(3))
    middle = ("", name[k] * 2, name[k + 1] + name[k])[kind]
    return name[:k] + middle + name[k + 1 + (kind == 2) :]
