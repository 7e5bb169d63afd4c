"""What the reasons of a workspace speak of: ``python -m benchmarks.details.reasons WORKSPACE``.

Lists of users drawn by a seed, as the service shows them: how many of the reasons are of each kind,
which part of the shares each kind has, how many name a stored fact, and how many of the listed
items have such a reason. Printed as JSON.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tastegraph.explain.worded import WordedReason
from tastegraph.store.event_columns import read_columns
from tastegraph.workspace import Workspace

USERS = 100


def summary(reasons_of_items: Iterable[Iterable[WordedReason]]) -> dict[str, Any]:
    """The figures, of the reasons of each listed item."""
    lists = [list(reasons) for reasons in reasons_of_items]
    reasons = [reason for of_item in lists for reason in of_item]
    shares: dict[str, float] = defaultdict(float)
    for reason in reasons:
        shares[reason.kind] += reason.share
    total = sum(shares.values())
    largest_first = sorted(shares, key=lambda kind: -shares[kind])
    return {
        "items": len(lists),
        "items with a fact": sum(any(reason.path for reason in of_item) for of_item in lists),
        "reasons": len(reasons),
        "reasons with a fact": sum(bool(reason.path) for reason in reasons),
        "by kind": dict(Counter(reason.kind for reason in reasons).most_common()),
        "share by kind": {kind: round(shares[kind] / total, 3) for kind in largest_first},
    }


def main() -> None:
    """Print the figures of one workspace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    workspace = Workspace(arguments.workspace)
    with workspace.database.reading() as connection:
        users = sorted(read_columns(connection).user_ids)
    rng = np.random.default_rng(arguments.seed)
    sample = rng.choice(users, min(arguments.users, len(users)), replace=False).tolist()
    items = [item for user in sample for item in workspace.recommend(user).items]
    workspace.close()
    print(json.dumps(summary(item.reasons for item in items), indent=1))


if __name__ == "__main__":
    main()
