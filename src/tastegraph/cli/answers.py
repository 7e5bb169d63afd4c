"""Commands that answer from the snapshot in service: recommend, explain, info, serve."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import (
    AsJson,
    Directory,
    LanguageOption,
    print_line,
    print_message,
    right_aligned,
)
from tastegraph.core.errors import SnapshotError, TastegraphError
from tastegraph.core.messages import Message

if TYPE_CHECKING:
    from tastegraph.core.config import Config
    from tastegraph.core.languages import Language
    from tastegraph.core.records import Event
    from tastegraph.explain.worded import InterestEdge, WordedReason
    from tastegraph.models.fitted_config import FittedConfig
    from tastegraph.serving.engine import Engine
    from tastegraph.workspace import Workspace

MAX_PRINTED_EVENTS = 20
Count = Annotated[int, typer.Option("-n", min=1, max=1000, help="how many")]


def recommend(
    directory: Directory,
    user: Annotated[str | None, typer.Argument(help="who")] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", min=1, max=1000, help="how many; by default what the surface says, or 10"
        ),
    ] = None,
    history: Annotated[
        str | None, typer.Option(help="ITEM,ITEM liked by a user not in the data")
    ] = None,
    filter_text: Annotated[
        str | None,
        typer.Option("--filter", help="which items, as: price < 30 and not genre in ['Horror']"),
    ] = None,
    surface: Annotated[
        str | None, typer.Option(help="of the configuration, whose policy holds")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="say why")] = False,
    steer: Annotated[
        str | None, typer.Option(help='a wish for this list: "less crime, more seventies"')
    ] = None,
    json: AsJson = False,
    lang: LanguageOption = None,
) -> None:
    """Print the best items for a user."""
    from tastegraph.serving.policies.policy import PolicyOptions

    user_or_session = _user_or_session(user, history)
    workspace = terminal.open_workspace(directory)
    engine, language = workspace.engine, lang or workspace.config.serving.language
    if not isinstance(user_or_session, str):
        engine.require(event.item_id for event in user_or_session)
    reasons = 3 if explain or json else 0
    policy = PolicyOptions(surface=surface, filter=filter_text)
    answer = engine.recommend(
        user_or_session, n, reasons=reasons, steer=steer, policy=policy, language=language
    )
    if json:
        print_line(answer.model_dump_json(indent=1))
        return
    if answer.steer is not None:
        for chip in answer.steer.parsed:
            print_message(language, "steer.chip", chip=chip.text)
        for entry in answer.steer.ignored:
            print_message(language, "steer.ignored", words=entry.words, reason=entry.reason)
    if answer.filter is not None:
        print_message(language, "list.filtered", count=answer.filter.matching)
        for note in answer.filter.notes:
            print_line(note)
    if answer.relaxed:
        print_message(language, "list.relaxed", names=answer.relaxed)
    if not answer.items:
        print_message(language, "list.empty")
    elif not answer.personal:
        print_message(language, "list.popular" if answer.stranger else "list.unrelated")
    for item in answer.items:
        fields = {"rank": item.rank, "title": item.title, "item": item.item_id}
        print_message(language, "list.item", score=item.score, **fields)
        _print_reasons(item.reasons, indent=7)


def explain(
    directory: Directory,
    user: Annotated[str, typer.Argument(help="who")],
    item: Annotated[str, typer.Argument(help="which item")],
    n: Annotated[
        int | None,
        typer.Option(
            "-n", min=1, max=1000, help="places of the list; by default as the surface, or 10"
        ),
    ] = None,
    why_not: Annotated[
        bool,
        typer.Option(
            "--why-not", help="search what would bring it into the list, each change computed"
        ),
    ] = False,
    llm: Annotated[
        bool, typer.Option("--llm", help="let the configured language model word the paths")
    ] = False,
    filter_text: Annotated[
        str | None, typer.Option("--filter", help="of the list, as: price < 30")
    ] = None,
    surface: Annotated[
        str | None, typer.Option(help="of the configuration, whose policy the list has")
    ] = None,
    json: AsJson = False,
    lang: LanguageOption = None,
) -> None:
    """Print every reason for and against one item, and why a list has it or lacks it."""
    from tastegraph.serving.lists.list_maker import ListOptions
    from tastegraph.serving.policies.policy import PolicyOptions

    workspace = terminal.open_workspace(directory)
    language = lang or workspace.config.serving.language
    options = ListOptions(policy=PolicyOptions(surface=surface, filter=filter_text))
    answer = workspace.engine.explain(
        user, item, n=n, options=options, search_changes=why_not,
        wording="llm" if llm else "template", language=language,
    )  # fmt: skip
    if json:
        print_line(answer.model_dump_json(indent=1))
        return
    fields = {"title": answer.title, "item": answer.item_id, "rank": answer.rank}
    print_message(language, "explain.header", score=answer.score, **fields)
    _print_reasons(answer.reasons, indent=2)
    notes = {r.wording_note for r in answer.reasons if r.path and r.wording_note}
    for note in sorted(notes):
        print_message(language, "wording.by_template", note=note)
    report = answer.why_not
    missing, changes = ([part.text for part in p] for p in (report.missing, report.changes))
    for line in (report.text, *missing, *changes):
        print_line(line)
    if why_not and report.place is None and not changes:
        print_message(language, "why_not.no_change", count=report.lists_computed)


def info(
    directory: Directory,
    user: Annotated[str | None, typer.Option(help="a user's history and interest graph")] = None,
    item: Annotated[str | None, typer.Option(help="an item's content graph")] = None,
    lang: LanguageOption = None,
) -> None:
    """Print what the workspace holds, or one user's or item's profile."""
    workspace = terminal.open_workspace(directory)
    language = lang or workspace.config.serving.language
    if user is None and item is None:
        _print_workspace(workspace, language)
    if user is not None:
        profile = workspace.engine.profile(user, language=language)
        print_message(language, "info.history", user=user, count=len(profile.events))
        for event in profile.events[:MAX_PRINTED_EVENTS]:
            print_line(f"  {event.did}  {event.title}  [{event.entity or event.item_id}]")
        heading = Message("info.interests")
        _print_edges(heading, profile.interests, profile.nameless, language)
    if item is not None:
        answer = workspace.engine.content(item, language=language)
        heading = Message("info.content", title=answer.title)
        _print_edges(heading, answer.content, answer.nameless, language)


def serve(
    directory: Directory,
    host: Annotated[
        str, typer.Option(help="address to listen at; other than loopback only with API keys")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    host_name: Annotated[
        list[str] | None,
        typer.Option(help="a further name that requests may be sent to, such as a proxy's"),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="processes that share the snapshot")
    ] = 1,
    uds: Annotated[
        Path | None, typer.Option(help="a Unix socket to listen at, in place of host and port")
    ] = None,
    require_keys: Annotated[
        bool, typer.Option("--require-keys", help="needs API keys here too, as behind a proxy")
    ] = False,
    access_log: Annotated[
        bool,
        typer.Option(
            "--access-log",
            help="a line of JSON for each request; by default as tastegraph.toml says",
        ),
    ] = False,
) -> None:
    """Serve the HTTP API and the page.

    SIGTERM or Ctrl-C finishes the answers that are under way; a second one ends at once.
    """
    terminal.single_threaded_numpy()
    from tastegraph.serving.process.service import Address
    from tastegraph.serving.process.service import serve as run

    workspace = terminal.open_workspace(directory)
    _print_config_changes(workspace.fitted(), workspace.config)
    address, names = Address(host, port, uds, require_keys), host_name or ()
    if workers == 1:
        run(_open_engine(directory, access_log), address, names)
        return
    from tastegraph.serving.process.supervisor import serve_workers

    seconds = workspace.config.serving.shutdown_seconds
    opener = partial(_open_engine, directory, access_log)
    serve_workers(opener, directory, address, workers, names, seconds)


def _open_engine(directory: Path, access_log: bool) -> Engine:
    engine = terminal.open_workspace(directory).engine
    if access_log:
        serving = engine.config.serving.model_copy(update={"access_log": True})
        engine.config = engine.config.model_copy(update={"serving": serving})
    return engine


def _user_or_session(user: str | None, history: str | None) -> str | list[Event]:
    from tastegraph.core.records import Event

    if (user is None) == (history is None):
        raise TastegraphError("give either a USER or --history ITEM,ITEM")
    if user is not None:
        return user
    items = [item.strip() for item in (history or "").split(",") if item.strip()]
    return [Event(f"given-{k}", "", item, "like") for k, item in enumerate(items)]


def _print_workspace(workspace: Workspace, language: Language) -> None:
    version = workspace.snapshots.current()
    counts = {name: f"{count:,}" for name, count in workspace.counts().items()}
    shown_version = version or Message("info.no_snapshot").text(language)
    for name, value in {**counts, "snapshot": shown_version}.items():
        print_line(f"{right_aligned(Message(f'info.{name}').text(language), 10)}  {value}")
    if version is None:
        return
    try:
        fitted = workspace.fitted()
    except SnapshotError as error:
        print_line(f"it cannot be served: {error}")
        return
    print_line(f"{'fitted':>10}  {fitted.meaning.in_words()}")
    _print_config_changes(fitted, workspace.config)


def _print_config_changes(fitted: FittedConfig, config: Config) -> None:
    if changed := fitted.changes(config):
        print_line(
            f"what is in service was made before {', '.join(changed)} changed in tastegraph.toml, "
            "and answers as it was made: 'tastegraph build' takes that up"
        )


def _print_reasons(reasons: Iterable[WordedReason], indent: int) -> None:
    for reason in reasons:
        print_line(f"{' ' * indent}{reason.share:>+9.4f}  {reason.text}")


def _print_edges(
    heading: Message, edges: Iterable[InterestEdge], nameless: int, language: Language
) -> None:
    print_message(language, "info.heading", what=heading)
    for edge in edges:
        key = "info.tie" if edge.stated else "info.near"
        fields = {"phrase": edge.phrase, "label": edge.label}
        print_message(language, key, strength=edge.strength, **fields)
    if nameless:
        print_message(language, "info.nameless", count=nameless)
