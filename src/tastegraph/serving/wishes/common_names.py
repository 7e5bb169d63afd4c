"""Common things by other words than a graph names them with, in English and Chinese.

A graph calls a genre *Sci-Fi*, a user says *science fiction* or 科幻. The words of one line are one
thing; they count only where the graph has a name that is in the line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from tastegraph.kg.names import normalize_name

_KINDS = """
comedy; comedies; funny; funnier; funniest; humour; humor; humorous; hilarious; laugh; laughs;
  喜剧; 喜剧片; 搞笑; 搞笑片; 好笑; 幽默; 爆笑
drama; dramas; dramatic; 剧情; 剧情片; 戏剧
romance; romances; romantic; love story; love stories; 爱情; 爱情片; 浪漫; 言情; 爱情故事; 恋爱
action; action packed; actioners; 动作; 动作片; 打斗
thriller; thrillers; thrilling; suspense; suspenseful; 惊悚; 惊悚片; 悬念
crime; crimes; gangster; gangsters; mafia; 犯罪; 犯罪片; 黑帮; 黑帮片; 警匪; 警匪片
adventure; adventures; adventurous; 冒险; 冒险片; 探险
fantasy; fantastic; 奇幻; 魔幻; 奇幻片; 幻想
mystery; mysteries; mysterious; whodunit; whodunits; 悬疑; 悬疑片; 推理; 侦探
horror; scary; scarier; scariest; frightening; creepy; spooky; terrifying; 恐怖; 恐怖片; 吓人;
  鬼片; 惊吓
sci fi; science fiction; sf; scifi; futuristic; 科幻; 科幻片; 科学幻想
childrens; children; kids; kid; child; for children; 儿童; 儿童片; 孩子; 小孩; 少儿
war; wars; warfare; military; 战争; 战争片; 军事; 打仗
family; families; family friendly; 家庭; 家庭片; 合家欢; 亲子
musical; musicals; 歌舞; 歌舞片; 音乐剧; 音乐片
music; 音乐
biography; biographies; biopic; biopics; biographical; 传记; 传记片
documentary; documentaries; docs; nonfiction; documentary films; 纪录; 纪录片; 记录片; 纪实
animation; animated; cartoon; cartoons; animations; anime; 动画; 动画片; 卡通; 动漫
history; historical; 历史; 历史片; 古装
western; westerns; cowboy; cowboys; 西部; 西部片; 牛仔片
film noir; noir; films noirs; noirs; 黑色电影
sport; sports; sporting; 体育; 体育片; 运动; 运动片
poetry; poems; 诗歌; 诗
novel; novels; 小说; 长篇小说
classical; classical music; 古典; 古典音乐
jazz; 爵士; 爵士乐
rock; rock music; 摇滚; 摇滚乐
pop; pop music; 流行音乐
politics; political; 政治
science; scientific; 科学
travel; travelling; traveling; 旅行; 旅游
cooking; cookery; 烹饪; 美食
red; 红; 红色
blue; 蓝; 蓝色
green; 绿; 绿色
black; 黑; 黑色
white; 白; 白色
yellow; 黄; 黄色
grey; gray; 灰; 灰色
brown; 棕; 棕色; 褐色
pink; 粉; 粉色; 粉红; 粉红色
purple; violet; 紫; 紫色
orange; 橙; 橙色; 橘色
gold; golden; 金色
silver; silvery; 银色
wool; woollen; woolen; 羊毛
cotton; 棉; 纯棉; 棉质
leather; 皮革; 皮; 真皮; 皮质
nylon; 尼龙
silk; 丝绸; 真丝
linen; 亚麻
polyester; 涤纶
down; 羽绒; 鸭绒
wood; wooden; 木; 木头; 木质
steel; 钢; 不锈钢
plastic; 塑料
running; jogging; 跑步
hiking; trekking; 徒步
camping; 露营
climbing; 攀岩; 登山
cycling; biking; 骑行; 自行车
swimming; 游泳
"""
_COUNTRIES = """
united states; usa; us; america; united states of america; u s; 美国 | american; americans;
  hollywood; 美国片; 好莱坞
united kingdom; uk; great britain; britain; england; 英国 | british; english; 英国片
france; 法国 | french; 法国片
italy; 意大利 | italian; 意大利片
germany; west germany; 德国 | german; 德国片
australia; 澳大利亚; 澳洲 | australian
canada; 加拿大 | canadian
japan; 日本 | japanese; 日本片; 日系
ireland; 爱尔兰 | irish
spain; 西班牙 | spanish
switzerland; 瑞士 | swiss
mexico; 墨西哥 | mexican
peoples republic of china; china; 中国; 中华人民共和国 | chinese; 国产; 国产片; 中国片; 华语
hong kong; 香港 | hong kong; 港片; 港产; 港产片
taiwan; 台湾 | taiwanese; 台湾片
russia; 俄罗斯; 俄国 | russian
soviet union; ussr; 苏联 | soviet; 苏联片
new zealand; 新西兰 | new zealand; kiwi
czech republic; czechia; czechoslovakia; 捷克 | czech
netherlands; the netherlands; holland; 荷兰 | dutch
belgium; 比利时 | belgian
sweden; 瑞典 | swedish
denmark; 丹麦 | danish
norway; 挪威 | norwegian
finland; 芬兰 | finnish
iceland; 冰岛 | icelandic
india; 印度 | indian; bollywood; 印度片
poland; 波兰 | polish
portugal; 葡萄牙 | portuguese
south africa; 南非 | south african
brazil; 巴西 | brazilian
argentina; 阿根廷 | argentine; argentinian
austria; 奥地利 | austrian
cuba; 古巴 | cuban
hungary; 匈牙利 | hungarian
vietnam; 越南 | vietnamese
iran; 伊朗 | iranian
korea; south korea; 韩国 | korean; 韩国片; 韩剧
thailand; 泰国 | thai
turkey; 土耳其 | turkish
greece; 希腊 | greek
israel; 以色列 | israeli
egypt; 埃及 | egyptian
"""
_LANGUAGES = """
english; 英语; 英文
french; 法语; 法文
spanish; 西班牙语; 西语
italian; 意大利语; 意语
german; 德语; 德文
russian; 俄语; 俄文
japanese; 日语; 日文
mandarin; mandarin chinese; standard chinese; putonghua; chinese; 普通话; 汉语; 中文; 国语; 华语
cantonese; yue chinese; 粤语; 广东话
portuguese; 葡萄牙语
swedish; 瑞典语
danish; 丹麦语
dutch; 荷兰语
polish; 波兰语
czech; 捷克语
korean; 韩语; 韩文
arabic; 阿拉伯语
hindi; 印地语
hebrew; 希伯来语
persian; farsi; 波斯语
turkish; 土耳其语
greek; 希腊语
latin; 拉丁语
"""
COMPOUNDS: Mapping[str, tuple[str, ...]] = {
    "rom com": ("romance", "comedy"),
    "rom coms": ("romance", "comedy"),
    "romcom": ("romance", "comedy"),
    "romcoms": ("romance", "comedy"),
    "romantic comedy": ("romance", "comedy"),
    "romantic comedies": ("romance", "comedy"),
    "爱情喜剧": ("romance", "comedy"),
    "dramedy": ("drama", "comedy"),
}
"""A phrase → the several things that it is about."""


def _lines(text: str) -> list[str]:
    """One for each thing; a line that begins with spaces goes on with the one before."""
    return text.strip().replace("\n  ", " ").split("\n")


def _groups(text: str) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for line in _lines(text):
        names = [normalize_name(name) for name in line.replace("|", ";").split(";")]
        for name in names:
            groups[name] += [n for n in names if n not in groups[name]]
    return {name: tuple(others) for name, others in groups.items()}


def _demonyms(text: str) -> dict[str, tuple[str, ...]]:
    countries: dict[str, tuple[str, ...]] = {}
    for line in _lines(text):
        names, _, adjectives = line.partition("|")
        places = tuple(normalize_name(name) for name in names.split(";"))
        for adjective in adjectives.split(";"):
            countries[normalize_name(adjective)] = places
    return countries


def _countries(text: str) -> dict[str, tuple[str, ...]]:
    return _groups("\n".join(line.partition("|")[0] for line in _lines(text)))


OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    **_groups(_LANGUAGES), **_countries(_COUNTRIES), **_groups(_KINDS),
}  # fmt: skip
"""A phrase in normal form → all words for the same thing."""
DEMONYMS: Mapping[str, tuple[str, ...]] = _demonyms(_COUNTRIES)
"""*French*, 国产 → the names of the country, which the word means unless a language is meant."""
MAX_COMMON_WORDS = 5
"""Tokens of such a phrase, at most."""
