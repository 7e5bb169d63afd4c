"""The command on experiments: the rate of each variant, and which is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import AsJson, Directory, print_line
from tastegraph.core.durations import DAY

if TYPE_CHECKING:
    from tastegraph.evaluation.experiments import ExperimentFeedback


def experiments(
    directory: Directory,
    days: Annotated[float | None, typer.Option(min=0, help="the last days alone")] = None,
    kind: Annotated[
        str | None,
        typer.Option("--type", help="events of this type alone are a response, such as purchase"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Print how often lists of each variant of an experiment got a response, and who is better.

    The verdicts hold however often one looks.
    """
    import time

    since = 0.0 if days is None else time.time() - DAY * days
    reports = terminal.open_workspace(directory).experiments(since, kind)
    if json:
        print_line("[" + ",\n ".join(report.model_dump_json() for report in reports) + "]")
        return
    if not reports:
        print_line("no experiment is configured, and no list of one is stored")
    for report in reports:
        _print(report)


def _print(report: ExperimentFeedback) -> None:
    ended = "" if report.running else " (not in tastegraph.toml any more)"
    print_line(f"experiment {report.experiment}{ended}")
    width = max(len(variant.variant) for variant in report.variants)
    for variant in report.variants:
        share = "" if variant.share is None else f", share {variant.share:.0%}"
        events = ", ".join(f"{kind} {count:,}" for kind, count in variant.events.items())
        rate = "–" if variant.rate is None else f"{variant.rate:.2%}"
        print_line(
            f"  {variant.variant:<{width}}  {rate} ({variant.low:.2%} to {variant.high:.2%}) of "
            f"{variant.lists:,} lists with a response; {variant.users:,} users, {variant.items:,} "
            f"items shown{f' ({events})' if events else ''}{share}"
        )
    for comparison in report.comparisons:
        difference = "" if comparison.difference is None else (
            f": {100 * comparison.difference:+.2f} points "
            f"({100 * comparison.low:+.2f} to {100 * comparison.high:+.2f})"
        )  # fmt: skip
        print_line(f"  {comparison.text}{difference}")
    if report.mixed_users:
        print_line(
            f"  {report.mixed_users:,} users were shown lists of more than one variant and are "
            "left out: the shares were changed meanwhile. A new name begins anew"
        )
