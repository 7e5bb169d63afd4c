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


def test_events_are_read_as_the_options_and_the_configuration_say(tastegraph, shop, tmp_path):
    events = tmp_path / "clicks.dat"
    events.write_text("1::7::view_item::978300760\n2::8::purchase::978302109\n", encoding="utf-8")
    result = tastegraph("import", shop, "--events", events)
    assert result.code == 1
    assert "--columns user_id,item_id" in result.err
    options = ["--columns", "uid,item_id,type,ts", "--map", "user_id=uid", "--map", "timestamp=ts"]
    result = tastegraph("import", shop, "--events", events, *options, "--type", "view=view_item")
    assert result.code == 0, result.err
    config = shop / "tastegraph.toml"
    config.write_text(
        config.read_text(encoding="utf-8")
        + '\n[imports.events]\nseparator = ";"\nmap = { user_id = "uid" }\n'
        + 'types = { view = ["seen"] }\n',
        encoding="utf-8",
    )
    more = tmp_path / "more.csv"
    more.write_text("uid;item_id;type\n1;9;seen\n", encoding="utf-8")
    result = tastegraph("record", shop, "--events", more)
    assert "1 events recorded" in result.out, result.err


def test_a_format_reads_its_files(tastegraph, shop, tmp_path):
    ratings = tmp_path / "ratings.dat"
    ratings.write_text("1::31::2.5::1260759144\n", encoding="utf-8")
    result = tastegraph("import", shop, "--events", ratings, "--format", "movielens")
    assert result.code == 0, result.err
    result = tastegraph("import", shop, "--events", ratings, "--format", "movilens")
    assert result.code == 1
    assert "amazon-reviews" in result.err
