"""The page in a real browser: a user, a list, a reason, a path; a like changes the list."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.core.test_messages import CHINESE
from tests.support import serving_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_world.served(tmp_path_factory.mktemp("world")) as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(120_000)  # a busy machine is no fault of the page
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()
    # A stranger's profile is a 404 by design, and the browser logs it.
    assert [text for text in complaints if "404" not in text] == []


def titles(page: Page) -> list[str]:
    page.wait_for_selector("main:not([aria-busy]) .item")
    return page.locator(".item h3").evaluate_all("all => all.map(h => h.firstChild.textContent)")


def test_an_interest_can_be_liked_and_is_in_the_history(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=space-7")
    titles(page)
    interest = page.locator(".interest", has_text="The space director").first
    interest.get_by_role("button", name="Like The space director").click()
    page.locator(".past", has_text="The space director").wait_for()
    first = page.locator(".past").first
    assert first.locator(".title").text_content() == "The space director"
    assert first.locator(".did").text_content() == "liked"
    interest = page.locator(".interest", has_text="The space director").first
    assert "you said so" in (interest.locator(".phrase").text_content() or "")
    reason = page.locator(".reason", has_text="because you like the director").first
    reason.locator(".opener").click()
    stations = reason.locator(".station").all_text_contents()
    assert stations[0] == "The space director"
    reason.locator(".opener").hover()
    assert page.locator(".past.lit .title").all_text_contents() == ["The space director"]


def test_history_interests_list_and_reasons_are_shown(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    page.get_by_label("User").fill("western-1")
    page.get_by_role("button", name="Show").click()
    assert titles(page)[0] in {"Western No. 0", "Western No. 5"}
    assert page.url.endswith("?user=western-1")
    assert page.locator(".past .title").all_text_contents() == [
        f"Western No. {k}" for k in (4, 3, 2, 1)
    ]
    assert page.locator(".past .did").first.text_content() == "rated 5"
    assert "Western" in page.locator(".interest .label").all_text_contents()
    assert page.locator(".interest").first.get_attribute("title") == "from 4 events"
    cited = page.locator(".reason cite").first
    assert (cited.text_content() or "").startswith("Western No.")
    assert "*" not in (page.locator("#items").text_content() or "")


def test_reason_opens_its_path_by_keyboard(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=western-1")
    first = titles(page)[0]
    opener = page.locator(".opener").first
    opener.focus()
    page.keyboard.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    stations = page.locator(".path:visible .station").all_text_contents()
    assert len(stations) == 3
    assert stations[0].startswith("Western No.")
    assert stations[-1] == first
    assert page.locator(".past.lit").count() == 1


def test_the_page_says_why_an_item_is_not_in_the_list(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=western-1")
    titles(page)
    page.locator("#lacking").fill("western-1")
    page.get_by_role("button", name="Why not?").click()
    answer = page.locator("#why-not-answer")
    answer.locator("p").wait_for()
    assert answer.locator("h3").text_content() == "Western No. 1"
    assert "as something that you know: rated 5" in (answer.locator("p").text_content() or "")
    assert "without what you did with" in (answer.locator("li").first.text_content() or "")


def test_fact_on_a_path_can_be_disputed(page: Page, url: str) -> None:
    """The id comes whole, though it has more bits than a number of the browser's."""
    requests: list[tuple[str, object]] = []

    def answer(route: Route) -> None:
        requests.append((route.request.url, route.request.post_data_json))
        route.fulfill(json={"votes": 1})

    page.route("**/v1/kg/facts/*/votes", answer)
    page.goto(f"{url}/?user=western-1")
    titles(page)
    page.locator(".opener").first.click()
    button = page.locator(".path:visible .dispute").first
    assert (button.get_attribute("aria-label") or "").startswith("Say that this is wrong: ")
    number = re.search(r"#(\d+)\)$", button.get_attribute("title") or "")
    assert number is not None
    button.click()
    page.wait_for_selector("#notice.on")
    assert requests == [(f"{url}/v1/kg/facts/{number[1]}/votes", {"user_id": "western-1"})]
    assert button.is_disabled()


def test_like_changes_the_list_at_once(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=newcomer")
    before = titles(page)
    space = next(title for title in before if title.startswith("Space"))
    page.get_by_role("button", name=f"Like {space}", exact=True).click()
    page.wait_for_selector("#notice.on")
    after = titles(page)
    assert space not in after
    assert all(title.startswith("Space") for title in after[:5])
    assert page.locator(".past .did").all_text_contents() == ["liked"]


def test_dislike_removes_the_item(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=grumpy")
    first = titles(page)[0]
    page.get_by_role("button", name=f"Not for me: {first}").click()
    page.wait_for_selector("#notice.on")
    assert first not in titles(page)
    assert page.locator(".past.against").count() == 1


def test_hostile_title_stays_text(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=western-2")
    assert serving_world.HOSTILE in titles(page)
    assert page.locator("main img").count() == 0
    button = page.get_by_role("button", name=f"Like {serving_world.HOSTILE}", exact=True)
    button.click()
    page.wait_for_selector("#notice.on")
    assert serving_world.HOSTILE in page.locator(".past .title").all_text_contents()
    assert page.locator("main img").count() == 0
    assert page.title() == "western-2 · Tastegraph"


def recorded_calls(page: Page) -> list[tuple[str, str]]:
    """Every call of the API from now on, and the language that it asks for."""
    calls: list[tuple[str, str]] = []

    def keep(request: Request) -> None:
        if "/v1/" in request.url or "openapi" in request.url:
            path = re.sub(r"[0-9a-f]{32}", "ID", urlsplit(request.url).path)
            calls.append((path, request.headers.get("accept-language", "")))

    page.on("request", keep)
    return calls


def test_page_speaks_chinese(page: Page, url: str) -> None:
    """Labels, what was done, and the same list with its reasons; and it remembers."""
    page.goto(f"{url}/?user=western-1")
    before = titles(page)
    calls = recorded_calls(page)
    with page.expect_response("**/replay") as replayed:
        page.get_by_role("button", name="中文").click()
    assert replayed.value.headers["content-language"] == "zh"
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.locator("h1").text_content() == "推荐列表"
    page.locator(".past .did", has_text="打了 5 分").first.wait_for()
    assert titles(page) == before
    assert page.locator(".sentence").first.get_attribute("lang") == "zh"
    profile = ("/v1/users/western-1/profile", "zh")
    assert sorted(calls) == [("/v1/recommendations/ID/replay", "zh"), profile]
    page.reload()
    titles(page)
    assert page.locator("h1").text_content() == "推荐列表"
    assert sorted(calls)[0] == ("/v1/recommendations", "zh")
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").text_content() == "To see next"


def test_list_without_replay_is_made_anew_in_the_other_language(page: Page, url: str) -> None:
    page.route("**/replay", lambda route: route.fulfill(status=404, json={"detail": "gone"}))
    page.goto(f"{url}/?user=western-1")
    before = titles(page)
    calls = recorded_calls(page)
    with page.expect_response("**/v1/recommendations"):
        page.get_by_role("button", name="中文").click()
    assert titles(page) == before
    assert ("/v1/recommendations", "zh") in calls


def test_language_of_the_browser_is_used(browser: Browser, url: str) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    calls = recorded_calls(page)
    page.goto(f"{url}/?user=nobody")
    titles(page)
    assert page.locator("html").get_attribute("lang") == "zh"
    assert {language for _, language in calls} == {"zh"}
    context.close()


def test_both_languages_have_the_same_words(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    kinds = page.evaluate(
        """async () => {
            const { words } = await import("/page/words.js");
            const kind = (value) => (typeof value === "function" ? value.length : "text");
            return Object.values(words).map((language) =>
                Object.entries(language).map(([key, value]) => [key, kind(value)]));
        }"""
    )
    assert kinds[0] == kinds[1]
    assert len(kinds) == 2


def test_no_label_is_left_in_english(page: Page, url: str) -> None:
    """What the page says by itself, with what only screen readers hear; titles and ids may be."""
    page.goto(f"{url}/?user=western-1")
    titles(page)
    page.get_by_role("button", name="中文").click()
    page.locator(".past .did", has_text="打了 5 分").first.wait_for()
    labels = page.evaluate(
        """() => [...document.querySelectorAll(
                "[data-say], #about, .did, .verdict button, .reason .bar, .dispute, .sentence"
            )].flatMap((one) => one.matches(".dispute")
                ? [one.getAttribute("aria-label")]
                : [one.textContent, one.getAttribute("aria-label"), one.getAttribute("title")])
            .filter((text) => text)"""
    )
    assert len(labels) > 40
    assert [text for text in labels if not CHINESE.search(text)] == []


def test_api_description_is_in_chinese_for_a_chinese_reader(page: Page, url: str) -> None:
    page.goto(f"{url}/docs")
    page.wait_for_selector(".route")
    calls = recorded_calls(page)
    page.get_by_role("button", name="中文").click()
    page.locator(".route h3", has_text="请求").first.wait_for()
    assert calls == [("/openapi.json", "zh")]
    texts = page.locator("main h1, .route p, .route h3, .route button, #routes > p")
    english = re.compile("^[A-Za-z-]+$")  # the name of a body
    sentences = [text for text in texts.all_text_contents() if not english.match(text)]
    assert [text for text in sentences if not CHINESE.search(text)] == []
    limits = page.locator(".fields td:last-child").all_text_contents()
    assert [text for text in limits if text and not CHINESE.search(text)] == []
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.title() == "Tastegraph 接口文档"
    route = page.locator(".route", has_text="/v1/explain").first
    route.get_by_role("button", name="发送").click()
    route.locator("pre:visible").wait_for()
    assert "当前线上快照中没有物品" in (route.locator("pre").text_content() or "")


def test_interest_without_a_fact_is_marked_in_both_languages(page: Page, url: str) -> None:
    interest = {
        "relation": "mood",
        "phrase": "mood",
        "node": "x",
        "label": "X",
        "stated": True,
        "support": 1,
    }
    against = {"strength": -0.5, "stated": False}
    edges = [{"strength": 1.0}, {"strength": 0.5, "stated": False}, against]
    interests = [{**interest, **edge} for edge in edges]
    profile = {"events": [], "interests": interests, "nameless": 3}
    page.route("**/v1/users/*/profile", lambda route: route.fulfill(json=profile))
    page.goto(f"{url}/?user=western-1")
    titles(page)
    phrases = page.locator(".interest .phrase")
    marked = ["mood", "mood, by its texts", "mood, against, by its texts"]
    assert phrases.all_text_contents() == marked
    assert page.locator(".interest.unstated").count() == 2
    page.get_by_role("button", name="中文").click()
    assert phrases.all_text_contents()[1] == "mood，据文本推断"
    assert page.locator("#interests .none").text_content() == "另有 3 项没有名称"


def test_path_over_an_entity_without_a_name_shows_no_id(page: Page, url: str) -> None:
    def without_names(route: Route) -> None:
        answer = route.fetch().json()
        for item in answer["items"]:
            for reason in item["reasons"]:
                for step in reason["path"]:
                    end = "s" if step["s"].startswith("item:") else "o"
                    step.update({"so".replace(end, ""): "m.04t36"})
                    step.update({f"{'so'.replace(end, '')}_label": ""})
        route.fulfill(json=answer)

    page.route("**/v1/recommendations", without_names)
    page.goto(f"{url}/?user=western-1")
    titles(page)
    page.locator(".opener").first.click()
    stations = page.locator(".path:visible .station").all_text_contents()
    assert stations[1] == "no name"
    assert "m.04t36" not in page.locator("#items").inner_html()


@pytest.mark.parametrize("path", ["/?user=western-1", "/docs"])
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_screen(page: Page, url: str, width: int, path: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(url + path)
    page.wait_for_selector(".item, .route")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_api_description_can_be_tried(page: Page, url: str) -> None:
    page.goto(f"{url}/docs")
    route = page.locator(".route", has_text="/v1/recommendations").first
    route.get_by_role("button", name="Send").click()
    route.locator("pre:visible").wait_for()
    assert (route.locator("pre").text_content() or "").startswith("200")


def test_a_wish_in_words_becomes_a_chip_that_can_be_taken_back(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=western-3")
    before = titles(page)
    page.get_by_label("Wish").fill("more space opera, and something quite unreadable")
    page.get_by_role("button", name="Steer").click()
    page.locator(".chip.more").first.wait_for()
    steered = titles(page)
    assert [title.startswith("Space") for title in steered].index(True) < [
        *(title.startswith("Space") for title in before),
        True,
    ].index(True)
    assert "unreadable" in (page.locator(".ignored").first.text_content() or "")
    page.get_by_role("button", name="中文").click()
    page.locator("h1", has_text="推荐列表").wait_for()
    page.locator(".chip.more .back").first.click()
    page.locator(".chip.more").first.wait_for(state="detached")
    assert titles(page) == before


def test_a_wish_that_lasts_is_in_the_next_visit(page: Page, url: str) -> None:
    page.goto(f"{url}/?user=western-4")
    titles(page)
    page.get_by_label("Wish").fill("always less space opera")
    page.get_by_role("button", name="Steer").click()
    page.locator(".chip.lasting").first.wait_for()
    page.reload()
    titles(page)
    page.locator(".chip.lasting .back").first.click()
    page.locator(".chip.lasting").first.wait_for(state="detached")
