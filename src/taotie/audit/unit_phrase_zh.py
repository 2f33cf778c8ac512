"""What stands behind a number in a Chinese text? `亿千瓦时电`, `个德国家庭`, `张B200`, `卡集群`, `个百分点`."""

from __future__ import annotations

from taotie.audit.nouns import CHINESE_NOUNS, GPU_NAME, Phrase, amount
from taotie.quantity import unit as physical_units
from taotie.quantity.copied import replace
from taotie.quantity.unit_text import PLAIN, WORDS, Unit
from taotie.words import patterns as re

_CJK_UNITS = sorted((w for w in WORDS if not w.isascii() and w not in "€¥" and WORDS[w][1] not in ("request", "image", "household", "person", "server", "accelerator", "site", "token") and w not in ("天", "日", "年", "月", "元")), key=len, reverse=True)  # fmt: skip
_CJK_UNIT = re.compile(
    "方(?![面式向法案便才位圆针程形块格言])|"
    + "|".join(
        map(
            re.escape,
            [
                *_CJK_UNITS,
                "太瓦",
                "拍瓦时",
                "毫升",
                "亿千瓦",
                "加仑",
                "立方",
                "英镑",
                "日元",
                "毫瓦",
                "千卡",
                "毫秒",
                "分钱",
                "毛钱",
                "美分",
            ],
        )
    )
    + "|[毛角](?![利坯发重笔衣巾病孩细色度落逐])"
)
_CJK_MORE = {
    "毛": (0.1, "CNY"),
    "角": (0.1, "CNY"),
    "太瓦": (1.0, "TW"),
    "拍瓦时": (1.0, "PWh"),
    "毫升": (1.0, "mL"),
    "加仑": (3.785411784, "L"),
    "立方": (1.0, "m3"),
    "方": (1.0, "m3"),
    "毫瓦": (1.0, "mW"),
    "毫秒": (1e-3, "s"),
    "分钱": (0.01, "CNY"),
    "毛钱": (0.1, "CNY"),
    "美分": (0.01, "USD"),
}
# 瓦·时 and 瓦小时 are printed in papers
_HOURS_ZH = {
    f"{prefix}瓦{dot}时": (1.0, f"{latin}Wh")
    for prefix, latin in (("", ""), ("千", "k"), ("兆", "M"), ("吉", "G"), ("太", "T"))
    for dot in ("*", "小", "•")
}
_CJK_MORE.update(_HOURS_ZH)
_HOUR_ZH = re.compile("|".join(map(re.escape, _HOURS_ZH)))
_CJK_TIME = re.compile(
    r"个?(小时|钟头|分钟|刻钟|个月|昼夜|天|年|星期|周|秒|季度|世纪)(?![代级度底初末均活期边])"
)
_TIMES_ZH = {
    "小时": (1.0, "h"), "钟头": (1.0, "h"), "分钟": (1.0, "min"), "刻钟": (15.0, "min"), "个月": (1.0, "month"), "昼夜": (1.0, "d"),
    "天": (1.0, "d"), "年": (1.0, "a"), "星期": (1.0, "week"), "周": (1.0, "week"), "秒": (1.0, "s"), "季度": (3.0, "month"), "世纪": (100.0, "a"),
}  # fmt: skip
_CJK_SHARE = re.compile(
    r"个?百分点|个?基点|个点(?![钟位击半心子])|成(?!本|为|立|功|果|交|长|都|员|熟)"
)
_CJK_MEASURE = re.compile(
    r"多?(户|人|台|张|块|颗|片|枚|个|座|次|条|家|卡|辆|道|棵|株|头|匹|只|支|套|列|艘|架|桶|瓶|盏|部|幅|篇|本|所)"
)
_CJK_CARBON = re.compile(r"(?:的)?(?:二氧化碳|CO2|碳排放|碳|温室气体)(?:当量)?")
CJK_ELECTRIC = re.compile(r"(?:的)?(?:电量|电力|电能|电(?!力|网|站|厂|动|池|费|价)|水(?!电|平|力))")


# 日取水2万方
_WET = re.compile(r"水|天然气|燃气|用气|土方|立方")


def chinese(text: str, at: int) -> Phrase | None:
    share = _CJK_SHARE.match(text, at)
    if share:
        size = {"百分点": 1.0, "基点": 0.01, "点": 1.0}.get(share[0].removeprefix("个"), 10.0)
        return amount(size, Unit("%"), share.end(), share[0], "share")
    carbon = None
    unit = _HOUR_ZH.match(text, at) or _CJK_UNIT.match(text, at)
    if unit and unit[0] == "方" and not _WET.search(text[max(0, at - 40) : at]):
        unit = None
    if unit and unit[0] == "倍":
        return amount(1.0, PLAIN, unit.end(), "倍", "times")
    if (
        unit
        and unit[0] == "度"
        and re.search(r"摄氏|气温|温度|水温|升温|华氏", text[max(0, at - 14) : at])
    ):
        return amount(1.0, Unit("1", (("degree", 1),)), unit.end(), "度")
    if unit:
        scale, name = _CJK_MORE.get(unit[0]) or WORDS.get(unit[0], (1.0, "1"))
        found = Unit(physical_units.canonical(name))
        kind = "money" if found.physical in ("USD", "EUR", "CNY") else "amount"
        made = amount(float(scale), found, unit.end(), unit[0], kind)
        if found.physical in ("t", "kg", "g"):
            carbon = _CJK_CARBON.match(text, unit.end())
            if carbon:
                return replace(
                    made,
                    unit=Unit(found.physical + "CO2e"),
                    bare=Unit(found.physical + "CO2e"),
                    substance="carbon",
                    end=carbon.end(),
                )
        return with_chinese_rest(text, made)
    if text.startswith("元", at):
        return with_chinese_rest(text, amount(1.0, Unit("CNY"), at + 1, "元", "money"))
    fen = _FEN.match(text, at)
    if fen and _PRICED.search(text[max(0, at - 20) : at]):
        return with_chinese_rest(text, amount(0.01, Unit("CNY"), at + 1, "分", "money"))
    bucks = _BUCKS_ZH.match(text, at)
    if bucks:
        return with_chinese_rest(text, amount(1.0, Unit("CNY"), bucks.end(), bucks[0], "money"))
    time = _CJK_TIME.match(text, at)
    if time:
        many, name = _TIMES_ZH[time[1]]
        return amount(many, Unit(name), time.end(), time[0])
    return chinese_count(text, at)


# 每度便宜7分: hundredths of a yuan, where a price is spoken of
_FEN = re.compile(r"分(?![钟之析成布别数公米贝钱点红期位])")
_PRICED = re.compile(r"(?:每度|每千瓦时|度电|电价|电费|价格|便宜|[涨降贵])[^，。；,;]{0,10}\Z")
# 5000块钱, 两块一度; but 3万块GPU
_BUCKS_ZH = re.compile(
    r"块(?:钱|(?=[，。；、,.!！？)）]|\Z|左右|上下|多(?![张个])|[一每/](?:度|千瓦时|吨|年|月|天)))"
)
_PER_ZH = re.compile(
    r"(?:/|每(?!天|日|年|月|周|小时|分|秒)|(?P<one>一)(?=度|千瓦时|吨))(次|户|人|台|张|千瓦时|度电?|兆瓦时|千瓦|兆瓦|吉瓦|吨|立方米|升|公里)(?![0-9])"
)
_PER_UNITS_ZH = {
    "次": "request", "户": "household", "人": "person", "台": "server", "张": "image", "千瓦时": "kWh", "度": "kWh", "度电": "kWh",
    "兆瓦时": "MWh", "千瓦": "kW", "兆瓦": "MW", "吉瓦": "GW", "吨": "t", "立方米": "m3", "升": "L", "公里": "km",
}  # fmt: skip


def with_chinese_rest(text: str, made: Phrase) -> Phrase:
    """度/次, 元/千瓦时, 6毛一度, 0.6元每度."""
    per = _PER_ZH.match(text, made.end)
    if per is None or (per["one"] and made.kind != "money"):
        return made
    name = _PER_UNITS_ZH[per[2]]
    below = made.unit / Unit(name)
    return replace(made, unit=below, bare=below, end=per.end(), count=name)


_DIGITS_ZH = r"[0-9.,多余]{0,12}[万亿千百]{0,2}\Z"
# 算力卡约35万张, 照片两百张, 提问3条: what is counted stands before the number
_COUNTED_BEFORE = (
    (
        "accelerator",
        "张块颗片枚个",
        re.compile(rf"(?:卡|芯片|{GPU_NAME.pattern})[^，。；0-9]{{0,10}}\Z"),
    ),
    (
        "token",
        "个",
        re.compile(
            r"(?:词元|[Tt]oken)(?:[^，。；0-9]{0,6}|[0-9.]{1,8}[万亿]{0,2}个?[，,](?:折合|相当于|即|合|也就是)?(?:每(?:小时|天|秒|分钟|年|月)|日均)?[约近]?)"
            + _DIGITS_ZH
        ),
    ),
    ("image", "张幅", re.compile(r"(?:图|照片|画)[^，。；0-9]{0,10}" + _DIGITS_ZH)),
    (
        "request",
        "条个次",
        re.compile(r"(?:提问|问题|请求|查询|对话|问答)[^，。；0-9]{0,8}" + _DIGITS_ZH),
    ),
)
_CARD_HOURS = re.compile(
    rf"[个]?(?:{GPU_NAME.pattern})?\s?(?:GPU|卡|芯片|加速器)?[- ·]?(?<=[A-Za-z0-9卡片器 ·-])(?:小时|时)(?!间|代)"
)


_PICTURES = re.compile(r"[张幅](?:图|照片|画|海报)[^。；卡芯]*\Z")


def chinese_count(text: str, at: int) -> Phrase | None:
    measure = _CJK_MEASURE.match(text, at)
    start = measure.end() if measure else at
    clause = re.compile(r"[^，。；、！？,;（()）\n]{0,14}").match(text, start)
    tail = clause[0] if clause else ""
    word = measure[1] if measure else ""
    gpu = GPU_NAME.match(text, start + len(tail) - len(tail.lstrip()))
    hours = _CARD_HOURS.match(text, at)
    if hours:
        return amount(
            1.0,
            Unit("accelerator") * Unit("h"),
            hours.end(),
            hours[0],
            "count",
            count="accelerator",
            noun=hours[0],
        )
    if measure is not None and word == "卡":
        return amount(
            1.0, Unit("accelerator"), measure.end(), "卡", "count", count="accelerator", noun="卡"
        )
    if word and word in "张块颗" and re.match(r"(?:算力|智算|AI)?卡(?![车片通])", tail):
        end = start + tail.index("卡") + 1
        return amount(
            1.0,
            Unit("accelerator"),
            end,
            text[at:end],
            "count",
            count="accelerator",
            noun=text[at:end],
        )
    best: tuple[int, str, str] | None = None
    asked = re.match(r"(?:普通|常见|简单|复杂|日常)?的?(?:问题|提问|题(?![目材库型外]))", tail)
    if (
        asked
        and word in ("", "个", "条", "次", "道")
        and re.search(r"[回问答]", text[max(0, at - 16) : at])
    ):
        end = start + asked.end()
        return amount(
            1.0, Unit("request"), end, text[at:end], "count", count="request", noun=text[at:end]
        )
    for name, named in CHINESE_NOUNS:
        where = tail.find(name)
        if word in "块颗片枚" and word and named != "accelerator":
            continue
        if 0 <= where <= (10 if measure else 4) and (best is None or where < best[0]):
            best = (where, name, named)
    if (
        gpu
        and (best is None or gpu.start() - start <= best[0])
        and word in ("", "张", "块", "颗", "片", "枚", "个", "台")
    ):
        end = (
            gpu.end()
            if best is None or best[2] != "accelerator"
            else start + best[0] + len(best[1])
        )
        if word == "台" and best and best[2] == "server":
            return amount(
                1.0, Unit("server"), end, text[at:end], "count", count="server", noun=text[at:end]
            )
        return amount(
            1.0,
            Unit("accelerator"),
            max(end, gpu.end()),
            text[at:end],
            "count",
            count="accelerator",
            noun=text[at:end],
        )
    default = {
        "户": "household",
        "人": "person",
        "次": "request",
        "座": "site",
        "台": "server",
    }.get(word, "")
    if best is not None and not re.search(
        r"[用耗产能可需的]", tail[: best[0]].replace("的", "") if measure else ""
    ):
        if word == "次" and best[2] not in ("inference",):
            best = (best[0], best[1], "request")
        if word == "户" and best[2] == "person":
            best = (best[0], best[1], "household")  # 84万户居民
        end = start + best[0] + len(best[1])
        return amount(
            1.0, Unit(best[2]), end, text[at:end], "count", count=best[2], noun=text[at:end]
        )
    if default:
        return amount(1.0, Unit(default), start, word, "count", count=default, noun=word)
    if word == "张" and re.match(r"图|照", tail):
        return amount(1.0, Unit("image"), start + 1, word, "count", count="image", noun=word)
    for named, words, nouns in _COUNTED_BEFORE:
        if word and word in words and nouns.search(text[max(0, at - 20) : at]):
            return amount(1.0, Unit(named), start, word, "count", count=named, noun=word)
    if word in ("张", "幅") and _PICTURES.search(text[max(0, at - 40) : at]):
        return amount(1.0, Unit("image"), start, word, "count", count="image", noun=word)
    if measure:
        return Phrase(end=start, kind="thing", noun=word + tail[:4])
    return None
