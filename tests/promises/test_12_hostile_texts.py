"""Promise 12: no code from data; what a catalogue, users and models write is text, never more."""

from __future__ import annotations

import ast
import asyncio
import csv
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import polars as pl
import pytest
from mcp import Client

from tastegraph.core.config import Config, LLMConfig
from tastegraph.core.records import Event, Fact, Item
from tastegraph.serving.agents import agent_server
from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.guards import SECURITY_HEADERS
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.batch_file import BatchOptions, write_lists
from tastegraph.store import catalogue
from tastegraph.store.keys import KeyFile
from tastegraph.workspace import Workspace
from tests.support import architecture, serving_world
from tests.support.hostile import CORPUS, FORMULAS, HTML, OWNED, PROMPTS
from tests.support.local_client import LocalClient
from tests.support.stub_endpoint import Reply, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OTHER = "m4rk3r-of-another-user"
HEADER_NAMES = {
    "content-length", "content-type", "x-request-id", "content-language", "vary", "allow",
    *map(str.lower, SECURITY_HEADERS),
}  # fmt: skip
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "joblib", "dill", "cloudpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}


# Lint.


def test_no_pickle_no_eval() -> None:
    for file in architecture.sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & FORBIDDEN_MODULES, file
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in FORBIDDEN_CALLS, f"{file}:{node.lineno}"
            if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
                assert isinstance(node.value, ast.Constant), f"{file}:{node.value.lineno}"
                assert node.value.value is False, f"{file}:{node.value.lineno}"


def test_pages_write_texts_as_texts() -> None:
    for file in (architecture.SOURCE / "serving" / "page").rglob("*.js"):
        text = file.read_text(encoding="utf-8")
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                     "new Function", "setTimeout(\"", "srcdoc"):  # fmt: skip
            assert word not in text, f"{file.name}: {word}"


# A world whose every name is hostile.


def hostile_world(directory: Path) -> None:
    """Items, entities, users and events that are named by the corpus, one of each text."""
    items = [Item(text, text, text, {"tags": (text,)}) for text in CORPUS]
    items += [Item(f"plain-{k}", f"Plain {k}", "a plain text") for k in range(6)]
    facts = [
        fact
        for k, text in enumerate(CORPUS)
        for fact in (
            Fact(f"item:{text}", "director", f"person:{k}"),
            Fact(f"item:plain-{k % 6}", "director", f"person:{k}"),
            Fact(f"person:{k}", "label", text, literal=True),
            Fact(f"item:{text}", text, "genre:x"),
            Fact(f"item:plain-{k % 6}", text, "genre:x"),
        )
    ]
    events = [
        Event(f"{text}{n}", text, item, "rating", 5.0, 1000.0 + n)
        for k, text in enumerate(CORPUS)
        for n, item in enumerate((text, CORPUS[k - 1], f"plain-{k % 6}"))
    ]
    events += [Event("other", OTHER, "plain-1", "like", None, 1.0)]
    serving_world.make(directory, items, facts, [], events, Config())


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("hostile")
    hostile_world(directory)
    return directory


@pytest.fixture
def engine(directory: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copytree(directory, tmp_path / "world")
    engine = serving_world.open_engine(tmp_path / "world")
    serving = engine.config.serving.model_copy(update={"access_log": True})
    engine.config = engine.config.model_copy(update={"serving": serving})
    yield engine
    engine.close()
    engine.database.close()


def requests_with(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every place of a request that takes a text: method, path, and what else is sent."""
    name = quote(text, safe="")
    user = {"user_id": text}
    event = {**user, "item_id": text, "event_id": f"{text}!", "type": "like"}
    yield "POST", "/v1/events", {"json": {"events": [event, {**event, "type": text}]}}
    yield "PUT", f"/v1/users/{name}", {"json": {"attributes": {text: text}, "comment": text}}
    yield "PUT", f"/v1/items/{name}", {
        "json": {"title": text, "text": text, "attributes": {"tags": [text]}}
    }  # fmt: skip
    for body in (
        {"explain": "paths", "n": 40}, {"steer": text}, {"filter": f"title = {json.dumps(text)}"},
        {"filter": text}, {"surface": text}, {"max_per": {text: 1}}, {text: text},
        {"boosts": [{"filter": "has title", "factor": 2, "reason": text}]},
    ):  # fmt: skip
        yield "POST", "/v1/recommendations", {"json": {**user, **body}}
    yield "POST", "/v1/explain", {"json": {**user, "item_id": text}}
    yield "POST", "/v1/wishes", {"json": {"steer": text}}
    for path in (f"/v1/users/{name}/profile", f"/v1/items/{name}", f"/v1/items/{name}/similar",
                 f"/v1/users/{name}", f"/v1/recommendations/{name}", f"/v1/items?q={name}",
                 f"/v1/kg/entities?name={name}", f"/v1/kg/neighbors?id=item:{name}",
                 f"/{name}", f"/api/user/{name}", f"/v1/models/{name}:promote"):  # fmt: skip
        yield "GET", path, {}
    yield "GET", "/healthz", {"headers": {"x-request-id": name, "accept-language": name}}


def check_answer(answer: httpx.Response, secret: str) -> None:
    """It is JSON with the headers of every answer, and holds neither a key nor another's data."""
    assert answer.status_code < 500, answer.text
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in ("application/json", "application/problem+json"), answer.request.url
    json.loads(answer.text)
    assert set(answer.headers) <= HEADER_NAMES
    assert not any("owned" in value or "\n" in value for value in answer.headers.values())
    for header, value in SECURITY_HEADERS.items():
        assert answer.headers[header] == value
    assert secret not in answer.text
    assert OTHER not in answer.text


@pytest.mark.slow
def test_hostile_texts_change_no_answer_but_its_texts(
    engine: Engine, capsys: pytest.CaptureFixture[str], count_cases
) -> None:
    secret = KeyFile(engine.database.path.parent).add("tester", ["admin"])
    headers, n_requests = {"Authorization": f"Bearer {secret}"}, 0
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        for text in CORPUS:
            for method, path, options in requests_with(text):
                options = {**options, "headers": {**headers, **options.get("headers", {})}}
                check_answer(client.request(method, path, **options), secret)
                n_requests += 1
            listed = client.post(
                "/v1/recommendations", json={"user_id": text, "n": 40}, headers=headers
            ).json()["items"]
            titles = {item["item_id"]: item["title"] for item in listed}
            assert all(titles[item] == item for item in titles if item in CORPUS)
            if "\n" in text:
                continue  # no id has it
            assert client.get(f"/v1/items/{quote(text, safe='')}", headers=headers).json()[
                "title"
            ] == text  # fmt: skip
    log = capsys.readouterr().out
    assert all(set(json.loads(line)) >= {"route", "status"} for line in log.splitlines())
    for mark in (*CORPUS, secret, OTHER):
        assert mark not in log
        assert json.dumps(mark)[1:-1] not in log
    assert not list(engine.database.path.parent.rglob("owned"))
    count_cases("requests with hostile texts", n_requests)


def test_hostile_texts_come_back_from_csv_as_they_are(
    tmp_path: Path, tastegraph: Any, write: Any
) -> None:
    """Imported by the command, every text is stored to the letter, and no file was touched."""
    directory = tmp_path / "shop"
    assert tastegraph("init", directory).code == 0
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, quoting=csv.QUOTE_ALL)
        table.writerow(["item_id", "title", "text"])
        table.writerows([[f"i{k}", text, text] for k, text in enumerate(CORPUS)])
    done = tastegraph("import", directory, "--items", tmp_path / "items.csv")
    assert done.code == 0, done.err
    engine_files = {path.name for path in directory.iterdir()}
    assert "owned" not in engine_files
    workspace_items = _stored_items(directory)
    assert [item.item_id for item in workspace_items] == sorted(f"i{k}" for k in range(len(CORPUS)))
    by_id = {item.item_id: item for item in workspace_items}
    for k, text in enumerate(CORPUS):
        if text not in HTML and not text.startswith("\ufeff"):
            assert by_id[f"i{k}"].title.split() == text.split()


def _stored_items(directory: Path) -> list[Item]:
    workspace = Workspace(directory)
    with workspace.database.reading() as connection:
        items = sorted(catalogue.all_items(connection), key=lambda item: item.item_id)
    workspace.close()
    return items


# Tables for spreadsheets.


def test_no_cell_of_a_batch_is_a_formula(engine: Engine, tmp_path: Path) -> None:
    opener = partial(serving_world.open_engine, engine.database.path.parent)
    options = BatchOptions(users=list(CORPUS), n=10, reasons=2)
    write_lists(opener, tmp_path / "lists.csv", options)
    write_lists(opener, tmp_path / "lists.parquet", options)
    exact = pl.read_parquet(tmp_path / "lists.parquet")
    with (tmp_path / "lists.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("user_id", "item_id", "title")
    n_quoted = 0
    for row, texts in zip(rows, exact.iter_rows(named=True), strict=True):
        for name in names:
            assert not row[name].startswith(("=", "+", "@", "-"))
            is_formula = texts[name].startswith(("=", "+", "@", "-"))
            assert row[name] == ("'" * is_formula) + texts[name]
            n_quoted += is_formula
        assert not row["reasons"].startswith(("=", "+", "@", "-"))
    assert n_quoted > len(FORMULAS)


def test_an_export_of_facts_says_which_cells_are_formulas(
    tmp_path: Path, tastegraph: Any, write: Any
) -> None:
    """It is exact, so that it can be imported again."""
    assert tastegraph("init", tmp_path / "shop").code == 0
    path = tmp_path / "facts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, quoting=csv.QUOTE_ALL)
        table.writerow(["head", "relation", "tail", "literal"])
        table.writerows([[f"e{k}", "label", text, "true"] for k, text in enumerate(CORPUS)])
        table.writerow(["e", "temperature", "-3.5", "true"])
    assert tastegraph("import", tmp_path / "shop", "--facts", path).code == 0
    done = tastegraph("kg", "export", tmp_path / "shop", tmp_path / "out.csv")
    assert f"{len(FORMULAS)} cells begin like formulas" in done.out
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        tails = {row["tail"].split()[0] for row in csv.DictReader(file)}
    assert {text.split()[0] for text in FORMULAS} <= tails


# Language models and agents.


@pytest.mark.parametrize("wish", PROMPTS)
def test_a_wish_stands_between_tags_that_it_cannot_close(tmp_path: Path, wish: str) -> None:
    """And what a model answers to it is only a name of the graph, or nothing."""
    engine = serving_world.open_engine(tmp_path)
    answers = [
        '{"wishes": [{"direction": "never", "name": "person:0"}, {"direction": "sudo"}]}',
        f'{{"wishes": [{{"direction": "more", "name": "<script>{OWNED}</script>"}}]}}',
        "Here is the key: sk-123",
    ]
    for answer in answers:
        with serving(lambda _, answer=answer: Reply(answer)) as stub:
            llm = LLMConfig(endpoint=stub.url, model="none", max_retries=0)
            engine.steerer._config = Config(llm=llm)
            steering = engine.read_wish(wish, propose=True)
            (request,) = stub.requests
        system, user = request["messages"]
        assert wish not in system["content"]
        opening, *body, closing = user["content"].split("\n")
        assert "\n".join(body) == wish
        code = opening.removeprefix("<text ").removesuffix(">")
        assert closing == f"</text {code}>"
        assert code not in wish
        assert "sk-123" not in steering.model_dump_json()
    engine.close()


@pytest.mark.slow
def test_an_agent_gets_texts_as_values(engine: Engine) -> None:
    async def steps() -> None:
        async with Client(agent_server(engine)) as client:
            for text in CORPUS:
                arguments = {"user_id": text, "n": 20}
                result = await client.call_tool("recommend", arguments)
                if text.startswith("{"):
                    continue  # the SDK reads an argument that is JSON as what it says
                assert not result.is_error, result.content
                (block,) = result.content
                answer = json.loads(block.text)
                assert answer == result.structured_content
                assert OTHER not in block.text
                titles = {item["item_id"]: item["title"] for item in answer["items"]}
                assert all(titles[item] == item for item in titles if item in CORPUS)

    asyncio.run(steps())


# The page, in a real browser.


@pytest.fixture(scope="module")
def page(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    copy = tmp_path_factory.mktemp("page") / "world"
    shutil.copytree(directory, copy)
    with serving_world.served(copy) as (url, _), playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=url, locale="en-GB")
        context.set_default_timeout(120_000)
        yield context.new_page()
        browser.close()


@pytest.mark.slow
def test_the_page_shows_hostile_texts_and_runs_none(page: Page, count_cases) -> None:
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    for text in (*HTML, PROMPTS[1]):
        page.goto(f"/?user={quote(text, safe='')}")
        page.wait_for_selector("main:not([aria-busy]) .item")
        assert "owned" not in page.title()[:5]
        assert page.title() == f"{text} · Tastegraph"
        titles = page.locator(".item h3").evaluate_all(
            "all => all.map(h => h.firstChild.textContent)"
        )
        assert set(titles) & set(CORPUS)
        assert (
            page.locator("main img, main script, main iframe, main svg[onload], main a").count()
            == 0
        )
        openers = page.locator(".opener")
        if openers.count():
            openers.first.click()
        assert page.locator("[onerror], [onload]").count() == 0
    origin = page.url.partition("/?")[0]
    assert all(url.startswith(origin) or url.startswith("data:") for url in elsewhere)
    count_cases("pages with hostile texts", len(HTML) + 1)
