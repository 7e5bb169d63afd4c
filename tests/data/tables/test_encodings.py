"""Encodings: certain by a mark, else the likely one is proposed; other bytes are marked."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.errors import TastegraphError
from tastegraph.data.tables.encodings import as_utf8, marked_encoding, proposed_encoding

TEXTS = {
    "gbk": "id,标题\n1,霸王别姬\n2,活着\n",
    "gb18030": "id,标题\n1,霸王别姬\n2,㐀㐁\n",
    "big5": "id,標題\n1,臥虎藏龍\n2,無間道\n",
    "cp1252": "item_id,title\n1,Amélie — “le fabuleux destin”\n2,Léon\n3,Señorita €5\n",
    "shift_jis": "id,題名\n1,千と千尋の神隠し\n2,となりのトトロ\n",
    "euc_kr": "id,제목\n1,기생충\n2,올드보이\n",
    "cp1251": "id,название\n1,Солярис\n2,Сталкер и другие фильмы\n",
    "utf-16-le": "user_id,item_id\n1,2\n",
    "utf-16-be": "user_id,title\n1,Amélie\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_likely_encoding_is_proposed(encoding: str) -> None:
    assert proposed_encoding(TEXTS[encoding].encode(encoding)) == encoding


def test_latin_1_is_read_by_the_proposal_too() -> None:
    text = "1::Misérables, Les (1995)\n2::Cité des enfants perdus, La (1995)\n"
    proposal = proposed_encoding(text.encode("latin-1"))
    assert proposal is not None
    assert text.encode("latin-1").decode(proposal) == text


def test_bytes_that_are_no_text_have_no_proposal() -> None:
    assert proposed_encoding(bytes(range(256)) * 4) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_is_certain(encoding: str) -> None:
    marked = marked_encoding("a,b\n".encode(encoding))
    assert marked == encoding.removesuffix("-sig")
    assert marked_encoding(b"a,b\n") is None


@given(st.text(st.characters(codec="gb18030")), st.sampled_from(["gb18030", "utf-16", "utf-8"]))
def test_text_of_any_encoding_becomes_utf_8(text: str, encoding: str) -> None:
    stream = as_utf8(io.BytesIO(text.encode(encoding)), encoding)
    assert stream.read().decode() == text


def test_a_line_that_cannot_be_decoded_is_no_utf_8_and_the_others_are() -> None:
    data = "一\n二".encode("gbk") + b"\xff\n" + "三\n".encode("gbk")
    lines = as_utf8(io.BytesIO(data), "gbk").read().split(b"\n")
    assert lines[0].decode() == "一"
    assert lines[2].decode() == "三"
    with pytest.raises(UnicodeDecodeError):
        lines[1].decode()


@pytest.mark.parametrize("name", ["utf-9", "base64", "", "a\0b"])
def test_an_unknown_encoding_is_an_error(name: str) -> None:
    with pytest.raises(TastegraphError, match="usual ones"):
        as_utf8(io.BytesIO(b""), name)
