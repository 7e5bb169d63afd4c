"""``tastegraph import`` with options that say how files are written: facts and links."""

from __future__ import annotations


def test_facts_and_links_are_read_as_the_options_say(tastegraph, shop, tmp_path):
    facts = tmp_path / "kg.txt"
    facts.write_bytes("某人;导演;霸王别姬\n".encode("gbk"))
    result = tastegraph(
        "import", shop, "--facts", facts, "--encoding", "gbk", "--columns", "tail,relation,head"
    )
    assert result.code == 0, result.err
    assert "1 facts" in result.out
    links = tmp_path / "links.csv"
    links.write_text("product,qid\nx,霸王别姬\n", encoding="utf-8")
    result = tastegraph("import", shop, "--links", links)
    assert result.code == 1
    assert "--map item_id=product" in result.err
    result = tastegraph(
        "import", shop, "--links", links, "--map", "item_id=product", "--map", "entity=qid"
    )
    assert "1 links" in result.out
