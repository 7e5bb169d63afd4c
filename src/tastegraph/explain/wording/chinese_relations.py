"""Relations in Chinese: common ones by their English names, others as they are configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tastegraph.core.config import RelationConfig
from tastegraph.text.languages import contains_han
from tastegraph.text.relations import grammatical_phrase

_NOUNS = {
    "导演": "director; directed by; film director",
    "演员": "actor; actress; actors; cast; cast member; starring; stars; star; performer; "
    "performance; actor in",
    "配音演员": "voice actor",
    "编剧": "writer; screenwriter; written by; screenplay by; story by",
    "制片人": "producer; produced by; executive produced by; executive producer",
    "制作公司": "production company; production companies; studio; studios; produced by company",
    "发行公司": "distributor; distributed by; film distributor",
    "摄影": "cinematography; cinematographer; director of photography",
    "剪辑": "editor; edited by; film editor; editing",
    "作曲": "composer; music composer; composed by; music; music by; music contributor",
    "类型": "genre; genres; class; type; form; art form",
    "作者": "author; authors; creator; created by; authored by; by",
    "译者": "translator; translated by",
    "出版社": "publisher; published by",
    "品牌": "brand; brands",
    "厂商": "manufacturer; manufactured by; maker; made by",
    "类别": "category; categories; subcategory; department; product category",
    "商品类型": "product type",
    "颜色": "color; colour",
    "材质": "material; materials; made from material; made of",
    "款式": "style; design",
    "尺寸": "size",
    "价格": "price",
    "歌手": "artist; singer; performed by; musical artist; sung by; band",
    "专辑": "album; from album; on album",
    "唱片公司": "record label; label; music label",
    "乐器": "instrument; instruments",
    "国家/地区": "country; countries; country of origin; nationality; origin; location country",
    "城市": "city; town",
    "地点": "location; place; setting; narrative location; featured film locations; set in; "
    "filming location; film location",
    "出生地": "birth place; place of birth; birthplace; born in",
    "语言": "language; languages; original language; language of work; in language; "
    "original language of work",
    "主题": "subject; subjects; theme; themes; main subject; topic; topics; about",
    "年份": "year; release year; years; publication year; year released; released in",
    "日期": "date; release date; initial release date; publication date; published; released",
    "年代": "decade; period; era",
    "时长": "duration; runtime; length; running time",
    "系列": "series; film series; part of series; franchise; in series; book series",
    "标签": "tag; tags; keyword; keywords",
    "分级": "rating; age rating; content rating; certificate; mpaa rating",
    "奖项": "award; awards; award won; awards won; prize; award received",
    "提名": "nomination; award nomination; nominated for; award nominations",
    "角色": "character; characters; role; fictional character",
    "续集": "sequel",
    "前传": "prequel",
    "格式": "format; file format; film format",
    "平台": "platform; platforms; console",
    "开发商": "developer; developed by; development studio",
    "频道": "channel; network; broadcaster; original network",
    "来源": "source; based on source",
    "组织": "organization; organisation; company; organisations",
    "性别": "gender; sex",
    "职业": "profession; occupation; job",
    "学科": "field; discipline; subject area",
    "期刊": "journal; venue; conference; published in",
    "人物": "person; people; persons",
    "菜系": "cuisine; cuisines",
    "食材": "ingredient; ingredients",
    "成分": "ingredient list; composition",
    "作品": "work; works; film; films; notable work; notable works; book; books",
    "成员": "member; members; band member",
    "后续作品": "followed by",
    "灵感来源": "influenced by; inspired by",
    "相关内容": "related to; links to",
    "相似内容": "similar to",
    "同购商品": "bought along with; bought together with",
    "同看商品": "viewed along with",
    "看后购买的商品": "viewed before",
    "风格": "music genre; musical style; musical genre",
}
_VERBS = {
    "提到": "mentions; mentioned; mention; refers to; references; names",
    "包含": "contains; includes; has part; consists of; comprises",
    "改编自": "based on; adapted from; adaptation of; derivative work of; after a work by",
    "属于": "part of; belongs to; member of; in category; is part of; subclass of; instance of; "
    "a kind of",
    "描绘": "depicts; portrays; shows",
    "接续": "follows; sequel of; continues; preceded by",
    "翻拍自": "remake of; remade from",
    "影响了": "influences; influenced; inspired",
    "执导": "directed; directs",
    "创作": "wrote; writes; created",
    "出演": "acted in; starred in; stars in; appears in; played in",
    "使用": "uses; used; employs; requires",
    "引用": "cites; quotes",
    "来自": "from; comes from; originates from",
    "位于": "located in; lies in; situated in; in",
    "适合": "suitable for; for; suits",
}
_BY_ENGLISH = {
    **{name: (text, False) for text, names in _NOUNS.items() for name in names.split("; ")},
    **{name: (text, True) for text, names in _VERBS.items() for name in names.split("; ")},
}
_VERB_ENDINGS = ("自", "于", "到", "了", "给", "为", "过", "着", "：")
_VERB_WORDS = """
包含 包括 描绘 引用 使用 适合 提及 涉及 介绍 讲述 接续 参考 翻拍 改编 喜欢 推荐
"""


@dataclass(frozen=True, slots=True)
class ChineseName:
    """A relation's name.

    Attributes:
        text: 「导演」, 「提到」; in quotes where there is only the English one.
        verb: whether it stands before its object.
        opaque: whether it is an id that nobody could read.
    """

    text: str
    verb: bool = False
    opaque: bool = False


def chinese_name(relation: str, relations: Mapping[str, RelationConfig]) -> ChineseName:
    """How ``relation`` is called: as configured, else by its English name, else in quotes."""
    configured = relations.get(relation)
    if configured is not None and configured.phrase_zh:
        text = configured.phrase_zh
        return ChineseName(text, verb=text in _VERB_WORDS.split() or text.endswith(_VERB_ENDINGS))
    phrase = grammatical_phrase(relation, relations)
    if phrase.form == "opaque":
        return ChineseName(phrase.text, opaque=True)
    entry = _BY_ENGLISH.get(phrase.text.lower())
    if entry is not None:
        return ChineseName(*entry)
    if contains_han(phrase.text):
        text = phrase.text
        return ChineseName(text, verb=text in _VERB_WORDS.split() or text.endswith(_VERB_ENDINGS))
    return ChineseName(f"“{phrase.text}”")
