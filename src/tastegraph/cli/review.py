"""``tastegraph kg review`` and the other decisions of people, each with author and undo."""

from __future__ import annotations

import getpass
import json as json_text
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli.kg import kg_app as kg_app
from tastegraph.cli.terminal import AsJson, Directory
from tastegraph.cli.terminal import open_workspace as _open
from tastegraph.cli.terminal import print_line as _print
from tastegraph.core.errors import DecisionError

if TYPE_CHECKING:
    from tastegraph.core.records import Fact
    from tastegraph.kg.review.knowledge import KnowledgeBase
    from tastegraph.kg.review.queue import ReviewTask
    from tastegraph.store.decision_log import Decision

Author = Annotated[str | None, typer.Option(help="who decides; by default, the logged-in user")]
Literal = Annotated[bool, typer.Option("--literal", help="the object is a value, not an entity")]
KEYS = "[a]ccept  [r]eject  [e]dit  [s]kip  [u]ndo  [q]uit"


@kg_app.command()
def review(
    directory: Directory,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="how many facts to review")] = 20,
    author: Author = None,
    list_only: Annotated[bool, typer.Option("--list", help="print them only")] = False,
    json: AsJson = False,
) -> None:
    """Review uncertain facts, first those whose review would change most."""
    knowledge = _open(directory).knowledge
    queue = knowledge.review_queue(n)
    if json:
        tasks = [asdict(task) for task in queue]
        _print(json_text.dumps(tasks, ensure_ascii=False, indent=1))
        return
    made_decisions: list[int] = []
    for place, task in enumerate(queue, 1):
        _print(f"\n{place}/{len(queue)}")
        _show(task)
        if not list_only and not _decide(knowledge, task, _author(author), made_decisions):
            break
    if not queue:
        _print("nothing to ask: every fact is certain or judged")
    elif not list_only:
        _print(f"{len(made_decisions)} decisions kept; 'tastegraph kg decisions' lists them")


@kg_app.command()
def decisions(directory: Directory, json: AsJson = False) -> None:
    """Print the decisions of people, the newest first."""
    log = _open(directory).knowledge.decisions()
    if json:
        entries = [_as_json(decision) for decision in log]
        _print(json_text.dumps(entries, ensure_ascii=False, indent=1))
        return
    for decision in log:
        undone = f"  (undone by {decision.undone_by})" if decision.undone is not None else ""
        _print(f"{decision.seq:>6}  {decision.kind:<7} {decision.author}{undone}")
        for sign, facts in (("+", decision.affirmed), ("-", decision.denied)):
            for fact in facts:
                _print(f"        {sign} {_line(fact)}")


@kg_app.command()
def add(
    directory: Directory,
    subject: str,
    relation: str,
    value: Annotated[str, typer.Argument(metavar="OBJECT")],
    literal: Literal = False,
    author: Author = None,
) -> None:
    """State a fact."""
    from tastegraph.kg.review.decisions import validated_fact

    fact = validated_fact(subject, relation, value, literal=literal)
    _done(_open(directory).knowledge.add(fact, _author(author)))


@kg_app.command()
def merge(directory: Directory, one: str, other: str, author: Author = None) -> None:
    """Decide that two ids are one thing."""
    _done(_open(directory).knowledge.merge(one, other, _author(author)))


@kg_app.command()
def split(directory: Directory, one: str, other: str, author: Author = None) -> None:
    """Decide that two ids are two things, whatever sources join them."""
    _done(_open(directory).knowledge.split(one, other, _author(author)))


@kg_app.command()
def undo(directory: Directory, decision: int, author: Author = None) -> None:
    """Undo a decision."""
    undone = _open(directory).knowledge.undo(decision, _author(author))
    _print(f"decision {undone.seq} ({undone.kind} by {undone.author}) is taken back")


def _decide(
    knowledge: KnowledgeBase, task: ReviewTask, author: str, made_decisions: list[int]
) -> bool:
    """Prompt until one task is decided or skipped; ``False`` ends the review."""
    from tastegraph.kg.review.decisions import with_object

    while True:
        key = typer.prompt(KEYS, default="s").strip().lower()[:1]
        if key == "a":
            made_decisions.append(knowledge.accept(task.fact_id, author))
        elif key == "r":
            made_decisions.append(knowledge.reject(task.fact_id, author))
        elif key == "e":
            new_object = typer.prompt("what is right instead", default=task.fact.object)
            if new_object == task.fact.object:
                continue
            try:
                new = with_object(task.fact, new_object)
            except DecisionError as error:
                _print(str(error))
                continue
            made_decisions.append(knowledge.edit(task.fact_id, new, author))
        elif key == "u":
            if made_decisions:
                _print(f"decision {knowledge.undo(made_decisions.pop(), author).seq} is taken back")
            continue
        elif key == "q":
            return False
        elif key != "s":
            continue
        return True


def _show(task: ReviewTask) -> None:
    fact = task.fact
    _print(f"  {task.subject_name or fact.subject}  —{fact.relation}→  "
           f"{task.object_name or fact.object}")  # fmt: skip
    if task.subject_name or task.object_name:
        _print(f"  ({fact.subject} → {fact.object})")
    for source, confidence in task.sources:
        _print(f"  {confidence:.0%} by {source}")
    for excerpt in task.excerpts:
        words = f"…{excerpt.before}[{excerpt.words}]{excerpt.after}…".replace("\n", " ")
        _print(f"  {excerpt.document}: {words}")
    if task.votes:
        _print(f"  users who said that it is wrong: {task.votes:,}")
    if task.rivals:
        _print(f"  others say: {', '.join(task.rivals)}")


def _author(author: str | None) -> str:
    try:
        return getpass.getuser() if author is None else author
    except (KeyError, OSError):
        raise DecisionError("nobody is logged in by name: say who decides with --author") from None


def _done(seq: int) -> None:
    _print(f"decision {seq} is kept; 'tastegraph kg undo' takes it back")


def _line(fact: Fact) -> str:
    value = repr(fact.object) if fact.literal else fact.object
    return f"{fact.subject}  {fact.relation}  {value}"


def _as_json(decision: Decision) -> dict[str, object]:
    return {
        "seq": decision.seq,
        "kind": decision.kind,
        "author": decision.author,
        "made": decision.decided,
        "undone": decision.undone,
        "undone_by": decision.undone_by,
        "affirmed": [asdict(fact) for fact in decision.affirmed],
        "denied": [asdict(fact) for fact in decision.denied],
    }
