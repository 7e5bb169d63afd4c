"""``tastegraph kg review`` and what else people do to the graph, each with its author and undo."""

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
    from tastegraph.kg.review.knowledge import Knowledge
    from tastegraph.kg.review.queue import Question

Author = Annotated[str | None, typer.Option(help="who decides; by default, who is logged in")]
Literal = Annotated[bool, typer.Option("--literal", help="the object is a value, no entity")]
KEYS = "[a]ccept  [r]eject  [e]dit  [s]kip  [u]ndo  [q]uit"


@kg_app.command()
def review(
    directory: Directory,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="how many are asked")] = 20,
    author: Author = None,
    list_only: Annotated[bool, typer.Option("--list", help="print them, ask nothing")] = False,
    json: AsJson = False,
) -> None:
    """Ask about unsure facts, first those on which an answer would change most."""
    knowledge = _open(directory).knowledge
    asked = knowledge.questions(n)
    if json:
        told = [asdict(question) for question in asked]
        _print(json_text.dumps(told, ensure_ascii=False, indent=1))
        return
    made: list[int] = []
    for place, question in enumerate(asked, 1):
        _print(f"\n{place}/{len(asked)}")
        _show(question)
        if not list_only and not _answered(knowledge, question, _named(author), made):
            break
    if not asked:
        _print("nothing to ask: every fact is certain or judged")
    elif not list_only:
        _print(f"{len(made)} decisions kept; 'tastegraph kg decisions' lists them")


@kg_app.command()
def decisions(directory: Directory, json: AsJson = False) -> None:
    """Print what people decided, the newest first."""
    found = _open(directory).knowledge.decisions()
    if json:
        _print(
            json_text.dumps([_as_json(d._asdict()) for d in found], ensure_ascii=False, indent=1)
        )
        return
    for decision in found:
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
    from tastegraph.kg.review.decisions import checked

    fact = checked(subject, relation, value, literal=literal)
    _done(_open(directory).knowledge.add(fact, _named(author)))


@kg_app.command()
def merge(directory: Directory, one: str, other: str, author: Author = None) -> None:
    """Say that two ids are one thing."""
    _done(_open(directory).knowledge.merge(one, other, _named(author)))


@kg_app.command()
def split(directory: Directory, one: str, other: str, author: Author = None) -> None:
    """Say that two ids are two things, whatever joins them."""
    _done(_open(directory).knowledge.split(one, other, _named(author)))


@kg_app.command()
def undo(directory: Directory, decision: int, author: Author = None) -> None:
    """Take a decision back."""
    taken = _open(directory).knowledge.undo(decision, _named(author))
    _print(f"decision {taken.seq} ({taken.kind} by {taken.author}) is taken back")


def _answered(knowledge: Knowledge, question: Question, author: str, made: list[int]) -> bool:
    """Put one question until it is answered or passed over; ``False`` ends the review."""
    from tastegraph.kg.review.decisions import with_value

    while True:
        key = typer.prompt(KEYS, default="s").strip().lower()[:1]
        if key == "a":
            made.append(knowledge.accept(question.fact_id, author))
        elif key == "r":
            made.append(knowledge.reject(question.fact_id, author))
        elif key == "e":
            right = typer.prompt("what is right instead", default=question.fact.object)
            if right == question.fact.object:
                continue
            try:
                new = with_value(question.fact, right)
            except DecisionError as error:
                _print(str(error))
                continue
            made.append(knowledge.edit(question.fact_id, new, author))
        elif key == "u":
            if made:
                _print(f"decision {knowledge.undo(made.pop(), author).seq} is taken back")
            continue
        elif key == "q":
            return False
        elif key != "s":
            continue
        return True


def _show(question: Question) -> None:
    fact = question.fact
    _print(f"  {question.subject_name or fact.subject}  —{fact.relation}→  "
           f"{question.object_name or fact.object}")  # fmt: skip
    if question.subject_name or question.object_name:
        _print(f"  ({fact.subject} → {fact.object})")
    for source, confidence in question.sources:
        _print(f"  {confidence:.0%} by {source}")
    for excerpt in question.excerpts:
        words = f"…{excerpt.before}[{excerpt.words}]{excerpt.after}…".replace("\n", " ")
        _print(f"  {excerpt.document}: {words}")
    if question.rivals:
        _print(f"  others say: {', '.join(question.rivals)}")


def _named(author: str | None) -> str:
    try:
        return getpass.getuser() if author is None else author
    except (KeyError, OSError):
        raise DecisionError("nobody is logged in by name: say who decides with --author") from None


def _done(seq: int) -> None:
    _print(f"decision {seq} is kept; 'tastegraph kg undo' takes it back")


def _line(fact: Fact) -> str:
    value = repr(fact.object) if fact.literal else fact.object
    return f"{fact.subject}  {fact.relation}  {value}"


def _as_json(told: dict[str, object]) -> dict[str, object]:
    return {
        name: [asdict(fact) for fact in value] if isinstance(value, tuple) else value
        for name, value in told.items()
    }
