"""Chinese cues: the characters of an example around its object, and where a name begins and ends.

Chinese puts no space between words. A name is bounded by the cue, by punctuation, by a word that is
in no name, and by a surname at its beginning; where its end is not clear, it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tastegraph.core.config.phrase_examples import PhraseExample
from tastegraph.core.kinds import PERSON, VALUE_KINDS
from tastegraph.text.languages import HAN, character_class, contains_han

Form = Literal["between", "before", "after"]
"""Where the words of a cue stand: on both sides of the names, before them, or after them."""

MAX_SEGMENT = 60
"""Characters between two words of a cue, at most."""
MAX_LIST_LENGTH = 20
"""Names of one list, at most."""
MAX_NAME_LENGTH = 12
"""Characters of a name that is no person's, at most."""
_AGENTS = (
    # words after the names (执导), words before them too (导演)
    (("执导", "自编自导", "导演", "指导"), ("导演",)),
    (("主演", "领衔主演", "联袂主演", "联合主演", "出演"), ("主演",)),
    (("饰演", "扮演"), ()),
    (("编剧", "编写"), ("编剧",)),
    (("所著", "创作", "撰写"), ("作者",)),
    (("作曲", "谱曲", "配乐"), ("作曲",)),
    (("演唱", "主唱"), ("演唱",)),
    (("出品", "发行", "出版"), ()),
)  # fmt: skip
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤"
    "花方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄穆萧尹姚邵汪祁毛禹狄米贝明臧"
    "计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房"
    "裘缪解应宗丁宣邓郁单杭洪包诸左石崔吉钮龚程嵇邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦巴牧山谷车侯全班仰秋仲伊宫宁仇"
    "栾甘厉祖武符刘景詹束龙叶司黎薄印白蒲台鄂索赖卓蔺屠蒙池乔闻党翟谭劳姬申冉桑桂牛边燕冀浦尚农温庄晏柴瞿阎慕连习容"
    "古易戈廖庾步耿满匡文寇东欧沃利越隆师巩聂曾沙鞠丰关相查红游竺权盖桓公肖覃辛佟"
)
_COMPOUND_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "夏侯",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
)
_NO_NAME = frozenset(
    "的在与和及是将把被为由因以并而后等也都又从到向对这那其但则即自让带用拍凭曾还说称"
)
"""Characters that end a name."""
_TITLES = re.compile(
    r"^.*(?:导演|演员|作家|影星|新人|影后|影帝|歌手|编剧|小说家|诗人|明星|影片|电影|该片|本片|由)"
)
_SEPARATORS = re.compile(r"[、,和与及&]|以及")
_SENTENCE = re.compile(r"[^。！？；\n]+")
_HAN_CLASS = character_class(HAN)
_STOPS = "，。！？；：:（）()“”「」…\n"
_FOREIGN = re.compile(rf"[{_HAN_CLASS}A-Za-z]{{1,10}}(?:[·•・][{_HAN_CLASS}A-Za-z]{{1,10}})+")
_LATIN = re.compile(r"[A-Z][\w.'-]*(?: [A-Z][\w.'-]*)*")
_TITLE_MARKS = re.compile(r"《([^《》]{1,30})》")
_ASIDES = ("翻拍", "前作", "曾执导", "曾主演", "致敬", "原版", "此前", "曾由")
_NEGATIONS = ("不", "未", "非", "没有", "并非", "不是")


@dataclass(frozen=True, slots=True)
class ChineseCue:
    """Characters around names that state one relation.

    Attributes:
        form: where they stand.
        before, after: the characters; one of them is empty unless they stand on both sides.
        is_example: whether an example has them, rather than other words for the same.
    """

    form: Form
    before: str
    after: str
    is_example: bool = True

    def __str__(self) -> str:
        """The cue in words: ``"由NAME执导"``."""
        return f"{self.before}NAME{self.after}"

    def names(self, sentence: str, kind: str) -> Iterator[tuple[int, int, bool]]:
        """Half-open spans of the names of a kind, and whether each is a further one of a list."""
        if kind in VALUE_KINDS:
            pattern = rf"{re.escape(self.before)}(\d[\d.,]*){re.escape(self.after)}"
            yield from ((*match.span(1), False) for match in re.finditer(pattern, sentence))
        elif self.form == "between":
            segment = rf"([^{_STOPS}]{{1,{MAX_SEGMENT}}}?)"
            pattern = f"{re.escape(self.before)}{segment}{re.escape(self.after)}"
            for match in re.finditer(pattern, sentence):
                if not _is_negated(sentence, match.start()):
                    yield from _segment(sentence, *match.span(1), kind)
        elif self.form == "before":
            for match in re.finditer(rf"{re.escape(self.before)}[：:是为由]{{0,2}}", sentence):
                if not _is_negated(sentence, match.start()):
                    yield from _names_after(sentence, match.end(), kind)
        else:
            for match in re.finditer(re.escape(self.after), sentence):
                yield from _names_before(sentence, match.start(), kind)


def chinese_cues(examples: Iterable[PhraseExample]) -> list[ChineseCue]:
    """The cues of examples in Chinese, those that the examples have first."""
    exact = [_cue(example) for example in examples]
    variants = [variant for cue in exact for variant in _variants(cue)]
    known: dict[tuple[str, str], ChineseCue] = {}
    for cue in [*exact, *variants]:
        known.setdefault((cue.before, cue.after), cue)
    return list(known.values())


def is_aside(sentence: str, position: int) -> bool:
    """Whether the words before ``position`` show that a sentence speaks of something else."""
    before = sentence[max(position - MAX_SEGMENT, 0) : position + 1]
    return any(word in before for word in _ASIDES)


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """Where each sentence begins, and its characters."""
    return ((match.start(), match.group()) for match in _SENTENCE.finditer(text))


def _cue(example: PhraseExample) -> ChineseCue:
    before, after = example.before.strip(" ：:"), example.after.strip(" ，。")
    form: Form = "between" if before and after else "before" if before else "after"
    return ChineseCue(form, before, after)


def _variants(cue: ChineseCue) -> Iterator[ChineseCue]:
    """Other words for the same: *由NAME执导*, *NAME导演*, *导演NAME*."""
    word = cue.after or cue.before
    for after, before in _AGENTS:
        if word in after or word in before:
            for other in after:
                yield ChineseCue("between", "由", other, is_example=False)
                yield ChineseCue("after", "", other, is_example=False)
            for other in before:
                yield ChineseCue("before", other, "", is_example=False)


def _is_negated(sentence: str, position: int) -> bool:
    return sentence[max(position - 2, 0) : position].endswith(_NEGATIONS)


def _segment(sentence: str, start: int, end: int, kind: str) -> Iterator[tuple[int, int, bool]]:
    """The names of a segment of which both ends are known."""
    place, listed = start, False
    for part in re.split(rf"({_SEPARATORS.pattern})", sentence[start:end]):
        if not _SEPARATORS.fullmatch(part):
            bare = _TITLES.sub("", part).strip() if kind == PERSON else part.strip()
            first = place + part.rfind(bare)
            if bare and is_name(bare, kind):
                yield first, first + len(bare), listed
                listed = True
        place += len(part)


def _names_after(sentence: str, start: int, kind: str) -> Iterator[tuple[int, int, bool]]:
    """The names from ``start`` on, as long as only separators stand between them."""
    listed = False
    while start < len(sentence):
        end = _end_of_name(sentence, start, kind)
        if end is None:
            return
        first = start + 1 if sentence[start] == "《" else start
        yield first, end, listed
        listed = True
        following = end + 1 if sentence[end : end + 1] == "》" else end
        separator = _SEPARATORS.match(sentence, following)
        if separator is None:
            return
        start = separator.end()


def _end_of_name(sentence: str, start: int, kind: str) -> int | None:
    """Where the name that begins at ``start`` ends; ``None`` where that is not clear."""
    for pattern in (_TITLE_MARKS, _FOREIGN, _LATIN):
        if match := pattern.match(sentence, start):
            return match.end(1) if pattern is _TITLE_MARKS else match.end()
    run = start + (sentence[start] in _SURNAMES)
    while run < min(len(sentence), start + MAX_SEGMENT) and _continues(sentence[run]):
        run += 1
    if is_name(sentence[start:run], kind):
        return run
    return None


def _names_before(sentence: str, end: int, kind: str) -> Iterator[tuple[int, int, bool]]:
    """The names that end at ``end``, and those listed before them."""
    spans: list[tuple[int, int]] = []
    while end > 0 and len(spans) < MAX_LIST_LENGTH:
        start = _start_of_name(sentence, end, kind)
        if start is None:
            break
        spans.append((start, end))
        separator = re.search(rf"(?:{_SEPARATORS.pattern})$", sentence[max(start - 2, 0) : start])
        if separator is None:
            break
        end = start - len(separator.group())
    first = spans[-1][0] if spans else 0
    if sentence[max(first - 3, 0) : first].rstrip("由").endswith(_NEGATIONS):
        return
    for place, (start, end) in enumerate(reversed(spans)):
        yield start, end, place + 1 < len(spans)


def _start_of_name(sentence: str, end: int, kind: str) -> int | None:
    window = max(end - MAX_SEGMENT, 0)
    if foreign := re.search(rf"{_FOREIGN.pattern}$", sentence[window:end]):
        run = window + foreign.start()
        before = [k for k in range(run, end) if sentence[k] in _NO_NAME]
        start = max([run, *(k + 1 for k in before if k < sentence.find("·", run, end))])
        return start if is_name(sentence[start:end], kind) else None
    if kind != PERSON:
        run = end
        while run > window and _continues(sentence[run - 1]):
            run -= 1
        return run if is_name(sentence[run:end], kind) else None
    for length in (4, 3, 2):
        start = end - length
        if start >= 0 and is_name(sentence[start:end], kind):
            return start
    return None


def _continues(character: str) -> bool:
    return contains_han(character) and character not in _NO_NAME


def is_name(words: str, kind: str) -> bool:
    """Whether Chinese words look like a name of a kind."""
    if _LATIN.fullmatch(words) or (_FOREIGN.fullmatch(words) and not _NO_NAME & {words[0]}):
        return True
    if not words or not contains_han(words[0]) or not all(map(_continues, words[1:])):
        return False
    if kind != PERSON:
        return _continues(words[0]) and 2 <= len(words) <= MAX_NAME_LENGTH
    if words.startswith(_COMPOUND_SURNAMES):
        return len(words) in (3, 4)
    return words[0] in _SURNAMES and len(words) in (2, 3)
