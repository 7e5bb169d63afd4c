"""The page of details: every figure from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from benchmarks.details.attention_tables import CONTENT, TARGET, content_tables, target_table
from benchmarks.published.cells import grid

Found = Mapping[str, Any]

INTRODUCTION = """# What lists miss, and what training costs

Made by `make benchmark-details DATA=…`; every figure is from `benchmarks/results/details.json`."""

RESIDUALS = """## What the lists miss

The whole system under seed 1. *Listed* is the share of all wanted items that the list has, *just
missed* that of those behind it up to place 100. Then the same for the least popular quarter of the
wanted items to the most popular one, and from the users with the shortest history to those with
the longest. *Theirs* is the share of our misses that the lists of a simpler model have."""

FLOOR = """## How near a training step is to what the machine can do

A step of the graph network is two things above all: products of the propagation matrix (*entries*,
forward and back), bound by memory or by arithmetic, whichever takes longer, and the products under
the softmax, bound by how fast matrices are multiplied. Bytes are the fewest there can be: every
entry once, every row once in and once out. Both rates were measured in the same run; *floor* is
what a step must take at these rates, *reached* its share of the seconds that a step takes
(optimiser, attention and averaging included)."""

CONVOLUTIONS = """## Which layers the graph network has

`[model] convolution`: NDCG@10 of the network alone on validation data, trained on the train split
with its default size, mean over the seeds (lowest to highest), and the processor seconds of one
thread that choosing it took, all temperatures together. *linear* is the default: each edge weighs
what its relation is worth, and layers have no parameters. `LGConv` counts each edge alike;
`GCNConv`, `RGCNConv` and `GATConv` have parameters and a leaky rectifier. All are layers of PyTorch
Geometric over CSR matrices. What is no wider than the range of the seeds is no difference."""

STAGES = """## Where the time of a build goes

Processor seconds of one thread, by stage: choosing everything on validation data, then fitting it
to all events, without the encoding of texts. *Rest* is what takes less than 1 % everywhere.
`tastegraph build --profile` prints the same of any build, and its manifest holds it."""
MIN_STAGE_SHARE = 0.01

FIDELITY = """## What happens when the fact behind a reason is taken away

Of items in users' lists, the feature with the largest share of the score, and the fact that gives
the item this feature. *Held*: the fact is taken from the item alone, and all else is as it was;
scores are sums, so the score must fall by the share, and the largest error, as a part of the
largest share, is what rounding leaves. *Same lengths*: the fact is taken from the graph and the
model assembled anew of what was learned, but the item's rows keep their lengths. *Assembled*: they
have length 1 again, as in any build, so that what the item's other facts say grows; no shares that
sum to a cosine can foresee that. The columns are rank correlations (Spearman) of shares and falls
over all pairs of a user and an item; *lowered* is how often the score falls once all is assembled,
and *falls by* the middle of that fall as a part of the share."""


def page(results: Found) -> str:
    """Markdown."""
    parts = [INTRODUCTION]
    if "residuals" in results:
        parts += [RESIDUALS, *_missed(results["residuals"])]
    if "floor" in results:
        parts += [FLOOR, _near(results["floor"])]
    if "convolutions" in results:
        parts += [CONVOLUTIONS, _compared(results["convolutions"])]
    if "target" in results:
        parts += [TARGET, target_table(results["target"])]
    if "content" in results:
        parts += [CONTENT, *content_tables(results["content"])]
    if "stages" in results:
        parts += [STAGES, _by_stage(results["stages"])]
    if "fidelity" in results:
        parts += [FIDELITY, _faithful(results["fidelity"])]
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, {machine['threads']} threads, Python {machine['python']}.")
    return "\n\n".join(parts) + "\n"


def _missed(sets: Mapping[str, Found]) -> Iterator[str]:
    whole = [["set", "list", "listed", "just missed", "further", "theirs: popularity", "ItemKNN"]]
    quarters = [["set", *(["1", "2", "3", "4"]), *(["1", "2", "3", "4"])]]
    for name, entry in sets.items():
        theirs = entry["misses_listed_by"]
        shares = [entry[share] for share in ("listed", "just_missed", "beyond")]
        shares += [theirs["popularity"], theirs["itemknn"]]
        whole.append([name, str(entry["cutoff"]), *(f"{share:.1%}" for share in shares)])
        quarters.append([name, *_listed(entry["by_popularity"]), *_listed(entry["by_history"])])
    yield grid(whole)
    yield "Listed, by the item's popularity (rare to popular), then by the length of a history:"
    yield grid(quarters)


def _listed(quarters: Sequence[Found]) -> list[str]:
    """Four cells; where values are too much alike for four quarters the last ones stay empty."""
    cells = [f"{entry['listed']:.1%} ({entry['from']:,}–{entry['to']:,})" for entry in quarters]
    return cells + ["–"] * (4 - len(cells))


def _compared(sets: Mapping[str, Found]) -> str:
    rows = [["set", "layers", "convolution", "NDCG@10", "to linear", "seeds", "epochs", "CPU s"]]
    for name, by_convolution in sets.items():
        means = {
            convolution: mean(run["ndcg"] for run in runs)
            for convolution, runs in by_convolution.items()
        }
        for convolution, runs in by_convolution.items():
            ndcg, first = [run["ndcg"] for run in runs], runs[0]
            rows.append([
                name, f"{first['layers']} of {first['heads']} × {first['dimensions']}", convolution,
                f"{means[convolution]:.4f} ({min(ndcg):.4f}–{max(ndcg):.4f})",
                "–" if convolution == "linear"
                else f"{means[convolution] / means['linear'] - 1:+.1%}",
                str(len(runs)),
                f"{mean(run['epochs'] for run in runs):.0f}",
                f"{mean(run['cpu_seconds'] for run in runs):.0f}",
            ])  # fmt: skip
    return grid(rows)


def _by_stage(sets: Mapping[str, Found]) -> str:
    """One row a stage, one column a set."""
    seconds = {
        name: {stage: times["processor_seconds"] for stage, times in entry["stages"].items()}
        for name, entry in sets.items()
    }
    whole = {name: sum(of_set.values()) for name, of_set in seconds.items()}
    stages = sorted(
        {stage for of_set in seconds.values() for stage in of_set},
        key=lambda stage: -sum(of_set.get(stage, 0.0) for of_set in seconds.values()),
    )
    long = [
        stage
        for stage in stages
        if any(seconds[name].get(stage, 0.0) >= MIN_STAGE_SHARE * whole[name] for name in sets)
    ]
    rows = [["stage", *sets], ["events", *(f"{entry['events']:,}" for entry in sets.values())]]
    rows += [[stage, *(f"{seconds[name].get(stage, 0.0):.1f}" for name in sets)] for stage in long]
    rest = {
        name: whole[name] - sum(seconds[name].get(stage, 0.0) for stage in long) for name in sets
    }
    rows.append(["rest", *(f"{rest[name]:.1f}" for name in sets)])
    rows.append(["all", *(f"{whole[name]:.0f}" for name in sets)])
    rows.append(["NDCG@10 on validation data", *(f"{e['ndcg']:.4f}" for e in sets.values())])
    return grid(rows)


def _faithful(sets: Mapping[str, Found]) -> str:
    rows = [[
        "set", "pairs", "facts", "held", "largest error", "same lengths", "assembled", "lowered",
        "falls by",
    ]]  # fmt: skip
    for name, entry in sets.items():
        rows.append([
            name, f"{entry['pairs']:,}", f"{entry['deletions']:,}",
            f"{entry['held']:.3f}", f"{entry['largest_error']:.1%}",
            f"{entry['same_lengths']:.3f}", f"{entry['assembled']:.3f}",
            f"{entry['lowered']:.1%}", f"{entry['median_ratio']:.0%}",
        ])  # fmt: skip
    return grid(rows)


def _near(sets: Mapping[str, Found]) -> str:
    rows = [[
        "set", "heads × width, layers", "entries", "propagation, GFLOP / GB", "s", "floor",
        "softmax, GFLOP", "s", "floor", "step, s", "floor", "reached",
    ]]  # fmt: skip
    for name, entry in sets.items():
        one, other = entry["propagation"], entry["softmax"]
        rows.append([
            name, f"{entry['heads']} × {entry['dimensions']}, {entry['layers']}",
            f"{entry['entries']:,}", f"{one['gigaflop']:.2f} / {one['gigabytes']:.2f}",
            f"{one['seconds']:.3f}", f"{one['floor_seconds']:.3f}", f"{other['gigaflop']:.2f}",
            f"{other['seconds']:.3f}", f"{other['floor_seconds']:.3f}",
            f"{entry['step_seconds']:.3f}", f"{entry['step_floor_seconds']:.3f}",
            f"{entry['step_floor_seconds'] / entry['step_seconds']:.0%}",
        ])  # fmt: skip
    return grid(rows)
