"""The page of the HTTP API: its table of routes, and the requests and answers that it shows.

``python -m tests.support.http_page`` (``make docs``) writes the table from the OpenAPI document
into docs/http.md. A route that is new needs a page in :data:`PAGES`.
"""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.local_client import LocalClient

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
BEGIN, END = "<!-- routes -->", "<!-- end of routes -->"
PAGES = {
    r"/v1/recommendations": ("filters.md", "steering.md"),
    r"/v1/recommendations:batch|.*:bulk|.*/next": ("batch.md",),
    r"/v1/recommendations/\{\w+\}(/replay)?": ("loop.md#lists",),
    r"/v1/rank|/v1/lists/.*|.*/(similar|bought-together|audience|recent|buy-again)": (
        "#lists-of-other-kinds",
    ),
    r"/v1/explain": ("reasons.md",),
    r"/v1/associations|/v1/items(/\{\w+\})?|/v1/users(/\{\w+\}(/profile)?)?": ("#items-and-users",),
    r"/v1/fields": ("filters.md",),
    r"/v1/events.*": ("loop.md",),
    r"/v1/wishes|.*/interests.*": ("steering.md",),
    r".*/export": ("loop.md#erasure",),
    r"/v1/kg/(review|decisions.*|facts/\{\w+\}/votes)": ("knowledge.md#review",),
    r"/v1/kg/.*": ("knowledge.md#facts-and-entities-over-http",),
    r"/v1/(models|jobs).*": ("loop.md#retraining-and-the-gate",),
    r"/v1/experiments": ("experiments.md",),
    r"/healthz|/readyz|/metrics": ("deployment.md#what-can-be-seen",),
}
"""Pattern of a whole path → the pages to read on; the first that matches counts."""
_ELLIPSIS = re.compile(r",?\s*…")


def table(document: dict[str, Any]) -> str:
    """A row for each operation of the OpenAPI document, those of one resource together."""
    rows = ["| method and path | scope | what it does | more |", "|---|---|---|---|"]
    operations = [
        (operation["tags"][0], method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    order = {tag: k for k, tag in enumerate(dict.fromkeys(row[0] for row in operations))}
    for _, method, path, operation in sorted(operations, key=lambda row: order[row[0]]):
        security = operation["security"]
        scope = next(iter(security[0].values()))[0] if security else "–"
        summary = operation["description"].split("\n")[0].rstrip(".").replace("|", r"\|")
        links = ", ".join(f"[{_name(page)}]({page})" for page in pages_of(path))
        rows.append(f"| `{method} {path}` | {scope} | {summary} | {links} |")
    return "\n".join(rows)


def pages_of(path: str) -> tuple[str, ...]:
    """The pages to read on about a path.

    Raises:
        KeyError: no page is named.
    """
    for pattern, pages in PAGES.items():
        if re.fullmatch(pattern, path):
            return pages
    raise KeyError(f"{path}: add a page to PAGES in {__file__}")


def _name(page: str) -> str:
    file, _, section = page.partition("#")
    return file.removesuffix(".md") or section.replace("-", " ")


@dataclass(frozen=True)
class Example:
    """A request that the page shows, and the answer below it with what is left out."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    answer: Any


def examples(text: str) -> Iterator[Example]:
    """The curl lines of the page in order, each with its answer."""
    pattern = r"```bash\n(curl .*?)```\n+```json\n(.*?)```"
    for command, answer in re.findall(pattern, text, flags=re.DOTALL):
        words = iter(shlex.split(command.replace("\\\n", " "))[1:])
        url, body, headers, method = "", None, {}, None
        for word in words:
            if word in ("-d", "--json"):
                body = next(words)
            elif word == "-H":
                name, _, value = next(words).partition(":")
                headers[name.strip()] = value.strip()
            elif word == "-X":
                method = next(words)
            elif not word.startswith("-"):
                url = word
        if body is not None:
            headers.setdefault("content-type", "application/json")
        yield Example(
            method or ("GET" if body is None else "POST"), url, headers, body,
            json.loads(_ELLIPSIS.sub("", answer)),
        )  # fmt: skip


def openapi(directory: Path) -> dict[str, Any]:
    """The OpenAPI document of a new small world in ``directory``."""
    with LocalClient(create_app(serving_world.open_engine(directory))) as client:
        document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def with_table(text: str, rows: str) -> str:
    """The page with these rows between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{rows}\n{END}{tail}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        rows = table(openapi(Path(folder)))
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
