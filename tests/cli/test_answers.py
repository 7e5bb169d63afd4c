"""Commands that answer: recommend, explain, info; and build where nothing changed."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command_line import is_one_line_error


def test_recommend_takes_a_user_or_a_history(tastegraph, cinema):
    for arguments in ([], ["western-fan-0", "--history", "space-01"]):
        done = tastegraph("recommend", cinema.directory, *arguments)
        assert is_one_line_error(done, "either a USER or --history ITEM,ITEM")


def test_recommend_prints_a_ranked_list(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "western-fan-3", "-n", 4)
    lines = done.out.splitlines()
    assert [line[:4] for line in lines] == ["  1.", "  2.", "  3.", "  4."]
    assert all("[western-" in line for line in lines)


def test_recommend_for_a_history(tastegraph, cinema):
    done = tastegraph(
        "recommend", cinema.directory, "--history", "space-01, space-05,", "-n", 3, "--explain"
    )
    lists = [line for line in done.out.splitlines() if line[3] == "."]
    reasons = [line for line in done.out.splitlines() if line[3] != "."]
    assert len(lists) == 3
    assert all("[space-" in line and "space-05" not in line for line in lists)
    assert any("which you liked" in line for line in reasons)
    assert all(line.lstrip()[0] in "+-" for line in reasons)


def test_recommend_explain_prints_reasons(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "space-fan-1", "-n", 5, "--explain")
    assert "like *Space " in done.out
    assert "which you rated 5" in done.out
    plain = tastegraph("recommend", cinema.directory, "space-fan-1", "-n", 5)
    assert len(plain.out.splitlines()) == 5


def test_recommend_for_an_unknown_user_says_so(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "nobody", "-n", 1)
    first, second = done.out.splitlines()
    assert first == "Nothing is known about this user: here is what most users like."
    assert second.startswith("  1. ")


def test_lang_option_sets_the_language(tastegraph, cinema):
    """What readers of lists are told beside reasons; titles stay what they are."""
    where = cinema.directory
    first, second = tastegraph("recommend", where, "nobody", "-n", 1, "--lang", "zh").out.split(
        "\n", 1
    )
    assert first == "还不了解这位用户的喜好，以下为热门内容。"
    assert "得分" in second
    done = tastegraph("explain", where, "western-fan-3", "western-00", "--lang", "zh")
    assert re.match(r"Western 0  \[western-00\]：得分 -?\d\.\d{4}，排名第 \d+\n", done.out)
    user = tastegraph("info", where, "--user", "western-fan-0", "--lang", "zh").out
    assert user.startswith("western-fan-0：10 条事件，最新的在前\n")
    assert user.count("  打了 ") == 10
    assert "兴趣图谱：" in user
    assert "（据文本推断）" in tastegraph("info", where, "--item", "western-01", "--lang", "zh").out
    assert tastegraph("info", where, "--lang", "zh").out.startswith("      物品  24\n")
    done = tastegraph("recommend", where, "nobody", "--lang", "fr")
    assert done.code == 2
    assert "'fr' is none of en, zh" in done.err


def test_workspace_has_a_configured_language(tastegraph, shop):
    with (shop / "tastegraph.toml").open("a") as file:
        file.write('\n[serving]\nlanguage = "zh"\n')
    assert tastegraph("info", shop).out.splitlines()[-1] == "      快照  尚未构建"
    assert "none yet" in tastegraph("info", shop, "--lang", "en").out
    text = (shop / "tastegraph.toml").read_text()
    (shop / "tastegraph.toml").write_text(text.replace('"zh"', '"fr"'))
    assert is_one_line_error(tastegraph("info", shop), "serving.language")


def test_lists_and_explanations_as_json(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "western-fan-3", "-n", 2, "--json")
    answer = json.loads(done.out)
    assert [item["rank"] for item in answer["items"]] == [1, 2]
    assert answer["personal"] is True
    assert answer["items"][0]["reasons"]
    first = answer["items"][0]
    done = tastegraph("explain", cinema.directory, "western-fan-3", first["item_id"], "--json")
    explained = json.loads(done.out)
    assert explained["score"] == pytest.approx(first["score"])
    assert sum(r["share"] for r in explained["reasons"]) == pytest.approx(first["score"], abs=1e-3)


def test_explain_prints_every_reason(tastegraph, cinema):
    done = tastegraph("explain", cinema.directory, "western-fan-3", "western-03")
    first, *reasons, why_not = done.out.splitlines()
    assert first.startswith("Western 3  [western-03]: score ")
    assert "the list of 10" in why_not or "the 10 places" in why_not
    assert reasons
    assert all(line.split()[0][0] in "+-" for line in reasons)
    done = tastegraph("explain", cinema.directory, "western-fan-3", "nothing")
    assert is_one_line_error(done, "no item 'nothing'")


@pytest.mark.parametrize("n", ["0", "1001", "ten"])
def test_list_length_out_of_range_is_refused(tastegraph, cinema, n):
    assert tastegraph("recommend", cinema.directory, "western-fan-3", "-n", n).code == 2


def test_user_id_that_is_not_unicode_is_an_error(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "\udcff")
    assert is_one_line_error(done)


def test_info_prints_counts(tastegraph, cinema):
    lines = tastegraph("info", cinema.directory).out.splitlines()
    fields = dict(line.split(maxsplit=1) for line in lines)
    assert fields == {
        "items": "24", "facts": "52", "links": "0", "events": "600", "users": "60",
        "snapshot": "000001",
        "fitted": "events of weight > 0; ratings 1 to 5: from 4 on they count for an item",
    }  # fmt: skip


def test_info_prints_a_user_and_an_item(tastegraph, cinema):
    user = tastegraph("info", cinema.directory, "--user", "western-fan-0").out
    assert user.startswith("western-fan-0: 10 events, newest first\n")
    assert user.count("  rated ") == 10
    assert "interest graph:" in user
    assert "Old western hand" in user
    item = tastegraph("info", cinema.directory, "--item", "western-00").out
    title, *ties, nameless = item.splitlines()
    assert title == "content graph of Western 0:"
    edges = {line.split(maxsplit=1)[1] for line in ties}
    stated = {"director: Old western hand", "genre: western"}
    assert {line for line in edges if "(not stated)" not in line} == stated
    assert "person:western-1" not in item
    assert nameless == "  and 3 more to what has no name, which count in ranking"
    other = tastegraph("info", cinema.directory, "--item", "western-01").out
    assert "director: Old western hand (not stated)" in other


def test_info_of_an_unknown_user_or_item_is_an_error(tastegraph, cinema):
    done = tastegraph("info", cinema.directory, "--user", "nobody")
    assert is_one_line_error(done, "no event of user 'nobody'")
    done = tastegraph("info", cinema.directory, "--item", "nothing")
    assert is_one_line_error(done, "no item 'nothing'")


def test_unknown_stage_is_an_error(tastegraph, cinema):
    done = tastegraph("build", cinema.directory, "--only", "grap")
    assert is_one_line_error(done, "no such stage: grap")


def test_build_does_nothing_where_nothing_changed(tastegraph, cinema):
    assert tastegraph("build", cinema.directory).out == "in service: snapshot 000001\n"


def test_damaged_snapshot_is_named(tastegraph, cinema):
    file = next((cinema.directory / "snapshots" / "000001").glob("graph.items*.npy"))
    file.write_bytes(file.read_bytes()[:-1])
    done = tastegraph("recommend", cinema.directory, "western-fan-0")
    assert is_one_line_error(done, file.name, "was altered")
