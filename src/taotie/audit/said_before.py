"""What is said before a number that belongs to it? A period (每天耗电, annual use of) and what it is for (each query uses, 每张图片)."""

from __future__ import annotations

from taotie.audit.nouns import FLOWS, PERIODS, noun_at
from taotie.audit.quantity_said import Quantity
from taotie.audit.unit_phrase import phrase_at
from taotie.quantity.copied import replace
from taotie.quantity.number_text import CHINESE_WORDS, ENGLISH_WORDS, number_at
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re

_PERIOD_BEFORE = re.compile(
    r"(?=\b[a-z]|[每日一单天月年全周])(?:(?P<s>\b(?:each(?: and every)?|every(?: single)?|per|a) second\b|每秒钟?)|(?P<min>\b(?:each(?: and every)?|every(?: single)?|per|a) minute\b|每分钟)|(?P<h>\b(?:each(?: and every)?|every(?: single)?|per|an) hour\b|\bhourly\b|每小时)|(?P<d>\b(?:each(?: and every)?|every(?: single)?|per|a|one|single) day\b|\ban? (?:ordinary|average|typical|normal|given|usual|working) day\b|\bdaily\b|每天|每日|日均|(?<![节假生当昨今次同工作休即周期])日(?:均)?(?:耗|用|取|排|发|产|供|调用|访问|请求|处理)[电水能气碳热]?量|(?<![节假生当昨今次同工作休即周期])日(?:均)?(?:处理|调用|生成|访问|接待|发电|用水|取水|耗水)|(?<![节假生当昨今次同工作休即周期])日(?:耗|用)电|(?<![节假生当昨今次同工作休即周期])日(?=(?:收入|收益|营收|营收额|成本|电费|产量|均|发电|利润|开支|支出|租金|流水))|(?<![节假生当昨今次同工作休即周期])日耗|一天|单日|全天|一昼夜|天天)"
    r"|(?P<month>\b(?:each(?: and every)?|every(?: single)?|per|a) month\b|\bmonthly\b|每月|月均|月(?:耗|用|取|排|发|产|供)[电水能气碳热]?量|月(?:耗|用)电|(?<![0-9一二三四五六七八九十上下本当个每岁])月(?=(?:收入|收益|营收|成本|电费|产量|发电|利润|开支|支出|租金|流水)))|(?P<week>\b(?:each(?: and every)?|every(?: single)?|per|a) week\b|\bweekly\b|(?<![上下本每一两几多当数])周(?:均|(?:用|耗|发|供)[电水气])|每周|每星期)"
    r"|(?P<a>\b(?:each(?: and every)?|every(?: single)?|per|a|one|full) year\b|\b(?:annual(?:ly)?|yearly)\b|\ball year\b|\byear-round\b|\b(?:whole|entire) year\b|每年|年均|一年|年(?:耗|用|发|总)[电用]?[电量]{0,2}|(?<![0-9去今明前后昨近每当往同几两三四五六七八九十半本多])年(?=[收营产发用耗排节减费利供总均电支水][^，。；]{0,3})|全年|年度))",
    re.IGNORECASE,
)
_STOPS = re.compile(r"[.;:。；\n]")
_YEAR_IN = re.compile(
    r"\b(?:in|during|for|throughout|over)\s(?:all of\s|fiscal\s|the year\s)?(?:19|20)[0-9]{2}\b|(?:19|20)[0-9]{2}年|全年|\bthat year\b|\blast year\b|去年|\bthis year\b|今年|\ban? year\b|\bannual|\byearly|每年|一年|\b[0-9]{4}\b"
)
_DETERMINER = re.compile(
    r"\b(?:an?|each|every|one|single|average|typical|median|per|the)\s(?=[A-Za-z])|(?:每一?|单|一|平均每)(?=[次张台户个条人块颗卡座])",
    re.IGNORECASE,
)


def add_context(text: str, offset: int, found: list[Quantity], first: int) -> None:
    """Periods and counts that stand before a number: 每天耗电, annual use of, each query uses."""
    if len(found) == first:
        return
    annual: bool | None = None
    last_end = 0
    for i in range(first, len(found)):
        q = found[i]
        at = q.start - offset
        if q.kind in ("amount", "money", "count") and q.kind != "year":
            before = text[max(0, at - 90) : at]
            q = _with_period_before(q, before, at - last_end)
            q = _with_period_behind(q, text[q.end - offset : q.end - offset + 60])
            q = _with_count_before(q, before, at - last_end)
            q = _with_count_behind(q, text[q.end - offset : q.end - offset + 50])
            q = _with_unit_before(q, before)
            if q.kind == "money" and q.period and not q.count and _PRICE.search(q.bare.text):
                q = replace(q, unit=q.bare, period="")  # 全年平均每度0.27元: no price is for a year
            if (
                q.kind in ("amount", "money")
                and not q.count
                and not q.counts
                and _EACH_ONE.search(before)
            ):
                counted = next(
                    (b for b in reversed(found[max(0, i - 4) : i]) if b.kind == "count"), None
                )
                if counted is not None and q.start - counted.end < 120:
                    q = replace(q, counts=(counted.count,))
            if (
                i > first
                and found[i - 1].text in ("一度", "一度电")
                and q.kind == "money"
                and "/kWh" in q.unit.text
            ):
                found[i - 1] = replace(
                    found[i - 1], role="from"
                )  # 一度电八毛: what the price is for
            q = _with_many_before(q, before)
            q = _per_counted(q, found[i - 1] if i > first else None, text, offset)
            if not q.period and q.kind == "amount" and q.firm:
                annual = bool(_YEAR_IN.search(text)) if annual is None else annual
                q = replace(q, firm=False) if annual else q
            if (
                q.kind != "count"
                and q.value in (1.0, 10.0, 100.0, 1e3, 1e4)
                and _EVERY.search(before)
            ):
                q = replace(q, role="from")  # of every dollar: no claim
            if i > first:
                q = _as_the_first(q, found[i - 1])
                q = _as_much_dearer(q, found[i - 1], text, offset)
            found[i] = q
        elif q.kind == "thing" and (named := _THING_BEFORE.search(text, max(0, at - 12), at)):
            found[i] = _counted(q, str(named.lastgroup), text, offset)
        elif q.kind in ("number", "thing") and not q.is_range:
            q = found[i] = _of_them(q, found[max(0, i - 12) : i], text, offset)
            q = found[i] = _of_the_same(q, found[first:i], text, offset)
            if i + 1 < len(found):
                q = found[i] = _of_all(q, found[i + 1], text, offset)
            if i > first and _of_every(found[i - 1], text, offset, q.start):
                q = found[i] = _share_of(q, found[i - 1].value)
            q = found[i] = _in_a_unit_named(q, text[: q.start - offset], text[q.end - offset :])
            q = found[i] = _money_again(q, found[first:i], text, offset)
            if i > first and q.kind == "number":
                q = found[i] = _in_the_same_unit(q, found[i - 1], text, offset)
        elif q.kind in ("share", "times") and q.hedge == "none":
            hedge = _MORE_THAN_OF.search(text, max(0, at - 40), at)
            if hedge is not None:
                found[i] = replace(q, hedge=str(hedge.lastgroup))
        if q.kind not in ("year",):
            last_end = q.end - offset
    _listed(found, first, text, offset)
    _with_apiece(found, first, text, offset)
    _of_so_many(found, first, text, offset)


_PRICE = re.compile(r"/[kMGT]?Wh\Z")
# 加速卡2.5万张, 服务器3000台
_THING_BEFORE = re.compile(
    r"(?:(?P<accelerator>(?:加速|算力|智算|显|计算|推理|训练|AI|GPU)(?:芯片|卡)|GPU|芯片)|(?P<server>服务器))(?:共|约|近|超|总计|合计|达|有){0,2}\s?\Z"
)
_CLASSIFIER = re.compile(r"[张块颗枚片台]")


def _counted(q: Quantity, count: str, text: str, offset: int) -> Quantity:
    """What a number counts, where the thing stands before it and only its classifier behind."""
    if q.short or not _CLASSIFIER.match(text, q.end - offset):
        return q
    unit = Unit(count)
    return replace(q, kind="count", unit=unit, bare=unit, count=count, noun=count, end=q.end + 1)


# 超过全年预算90亿度的一半: the bound is said of the half
_MORE_THAN_OF = re.compile(
    r"(?:(?P<at_least>(?<![不未没])(?:超过|超出|高于|大于|多于)了?)|(?P<at_most>不到|不足|低于|少于|(?:不|未|没有?)超过))(?![^，。；,;]{0,30}(?:的[^，。；,;]{1,14}的|[比是占为达]))[^，。；,;]{2,30}的\Z"
)


def _as_the_first(q: Quantity, before: Quantity) -> Quantity:
    """From 3 joules per inference to half a joule: both ends of a change are for the same."""
    if (
        q.change
        and not q.role
        and not q.count
        and before.role == "to"
        and "/" in before.bare.text
        and "/" not in q.bare.text
    ):
        below = Unit(before.bare.text.split("/", 1)[1])  # from 512 to 438 g/kWh, by 74 grams
        if (q.bare / below).same_dimension(before.bare):
            return replace(q, unit=q.unit / below, bare=q.bare / below)
    if before.role != "from" or q.role != "to" or not q.bare.same_dimension(before.bare):
        return q
    if before.counts and not q.counts and not q.count:
        q = replace(q, counts=before.counts)
    if before.count and not q.count and before.kind == q.kind == "amount":
        q = replace(q, counts=(before.count,))
    return q


# 每度0.55元，比合同价高出0.17元; 18 cents a kWh, 4 cents more than
_DEARER = re.compile(r"[，,]\s?比[^，。；,;0-9]{1,14}?(?:高出?|低|贵|便宜|多|少)了?[约近]?")


def _as_much_dearer(q: Quantity, before: Quantity, text: str, offset: int) -> Quantity:
    """The difference of two prices is for what the first of them is."""
    if q.kind != "money" or "/" in q.bare.text or q.period or before.kind != "money":
        return q
    if not _DEARER.fullmatch(text, before.end - offset, q.start - offset):
        return q
    name, _slash, below = before.bare.text.partition("/")
    if not below or not q.bare.same_dimension(Unit(name)):
        return q
    return replace(q, unit=q.bare / Unit(below), bare=q.bare / Unit(below), count=before.count)


_OF_EVERY = re.compile(r"(?:\b(?:out of|of|for|in) (?:every|each)\s|每)\Z", re.IGNORECASE)


def _of_every(before: Quantity, text: str, offset: int, at: int) -> bool:
    """Of every 100 units, 4.4: is the number before it what the share is of?"""
    start = before.start - offset
    return (
        before.value in (10.0, 100.0, 1000.0, 10000.0)
        and before.kind in ("number", "thing")
        and at - before.end <= 40
        and bool(_OF_EVERY.search(text[max(0, start - 16) : start]))
    )


def _share_of(q: Quantity, whole: float) -> Quantity:
    return replace(q, low=q.low / whole, high=q.high / whole, half=q.half / whole, kind="share")


_EACH_OF_IT = re.compile(r"\s(?:each|apiece)\b", re.IGNORECASE)
_AND_NOW = re.compile(
    r",?\s(?:up |down )?(?:to|from|against|versus|compared (?:with|to)|instead of|rather than|not)\s(?:just |only |about |around |some |roughly |nearly |almost |over |more than |the )*",
    re.IGNORECASE,
)


_OF_ALL = re.compile(
    r"\s(?:out )?of (?:(?:the|its|their|some|all|a total of|about|around|roughly|past|last|planned|proposed|promised) ){0,3}"
    r"(?:(?<=the )|(?<=its )|(?<=their ))?(?:(?:original|initial|former|entire|whole|full|available|national|total|annual|country['’]s|city['’]s|state['’]s) ){0,2}",
    re.IGNORECASE,
)


_SORT_OF = re.compile(
    r"[ -](?:[a-z-]{3,12} )?(?:reactor|turbine|engine|module|unit|generator|plant|server|rack|hall|campus|site|transformer|bulb|charger|car|truck|batter|cabinet|machine|station|farm|building|panel)"
)


def _of_all(q: Quantity, behind: Quantity, text: str, offset: int) -> Quantity:
    """3,900 of the 11,800 megawatts: the first number is in the unit of the second."""
    if (
        q.kind not in ("number", "thing")
        or q.short
        or behind.kind not in ("amount", "money", "count")
    ):
        return q
    if not _OF_ALL.fullmatch(text, q.end - offset, behind.start - offset):
        return q
    if behind.kind == "amount" and _SORT_OF.match(text, behind.end - offset):
        return q  # 12 of the 77 MW reactors are no 12 MW
    return replace(
        q, unit=behind.unit, bare=behind.bare, period=behind.period, kind=behind.kind, count=behind.count, role="to"
    )  # fmt: skip


def _in_the_same_unit(q: Quantity, before: Quantity, text: str, offset: int) -> Quantity:
    """By 54 gigawatts to 226, 4.7 cents against 12: the second number is in the unit of the first."""
    if q.kind != "number" or before.kind not in ("amount", "money", "share") or q.short:
        return q
    between = _AND_NOW.fullmatch(text, before.end - offset, q.start - offset)
    near = q.sentence == before.sentence and q.start - before.end <= 24 and before.kind != "share"
    if between is None and near and _EACH_OF_IT.match(text, q.end - offset):
        return replace(  # 60 cubic metres an hour, 30 each
            q, unit=before.unit, bare=before.bare, period=before.period, kind=before.kind
        )
    if between is None:
        return q
    role = "to" if between[0].lower().strip(" ,").startswith(("to", "up to", "down to")) else "from"
    scale = 0.01 if before.kind == "money" and "cent" in before.text else 1.0
    return replace(
        q, low=q.low * scale, high=q.high * scale, half=q.half * scale, unit=before.unit, bare=before.bare, period=before.period,
        kind=before.kind, count=before.count, role=role,
    )  # fmt: skip


_CALL_IT = re.compile(
    r"(?:,?\sor|call it|that is|that's|i\.e\.|which is|namely)\s(?:about |around |some |roughly |nearly |almost |only |just )?\Z"
)
_IN_ALL = re.compile(r"\s(?:in all|altogether|in total|all told)\b")
_CURRENCIES = ("USD", "EUR", "GBP", "CNY")


def _money_again(q: Quantity, before: list[Quantity], text: str, offset: int) -> Quantity:
    """1.9 billion euros, or 8.6 million for each megawatt; 720 million pounds, call it 12 million a month."""
    if q.kind != "number" or q.short or not any(w in ENGLISH_WORDS for w in q.words):
        return q
    paid = next((b for b in reversed(before) if b.kind == "money"), None)
    if paid is None or q.start - paid.end > 120:
        return q
    currency = next((c for c in _CURRENCIES if c in re.split("[*/]", paid.bare.text)), "")
    phrase = phrase_at(text, q.end - offset, money=True)
    per = phrase is not None and (phrase.period or phrase.count)
    at = q.start - offset
    if not currency or not (
        per or _CALL_IT.search(text[max(0, at - 24) : at]) or _IN_ALL.match(text, q.end - offset)
    ):
        return q
    unit = Unit(currency)
    if phrase is None or not per:
        return replace(q, kind="money", unit=unit, bare=unit)
    low, high, half = (x * phrase.scale for x in (q.low, q.high, q.half))
    return replace(
        q, kind="money", unit=unit * phrase.unit, bare=unit * phrase.bare, period=phrase.period, count=phrase.count, low=low,
        high=high, half=half, text=text[at : phrase.end], end=offset + phrase.end,
    )  # fmt: skip


# in megajoules the clip needs 3.4; 以兆焦计, 需3.4; (单位：亿千瓦时)
_UNIT_NAMED = re.compile(
    r"(?:\b(?:in|measured in|expressed in|counted in)\s(?P<en>[A-Za-z]+(?:[- ]hours?)?)(?=[,:]?\s)|(?:以|按)(?P<zh>[\u4e00-\u9fff]{1,4})(?:计|为单位|来?算|表示|计算))[^.;。；0-9]{0,60}\Z",
    re.IGNORECASE,
)


def _in_a_unit_named(q: Quantity, before: str, behind: str) -> Quantity:
    """A bare number whose unit the sentence named before it."""
    if q.kind != "number" or q.short or not re.match(r"\s?(?:[.,;!?。，；！？)）]|\Z)", behind):
        return q
    found = _UNIT_NAMED.search(before)
    if found is None:
        return q
    phrase = phrase_at(f"1 {found['en'] or found['zh']} ", 2)
    if (
        phrase is None
        or phrase.kind not in ("amount", "money")
        or phrase.unit.same_dimension(Unit("h"))
    ):
        return q
    low, high, half = (x * phrase.scale for x in (q.low, q.high, q.half))
    return replace(
        q, low=low, high=high, half=half, unit=phrase.unit, bare=phrase.bare, kind=phrase.kind
    )


_OF_SO_MANY = re.compile(
    r"(?:\A|[\s\"“(])(?:of|out of|among)\s(?:the |its |their |all )?\Z", re.IGNORECASE
)


def _of_so_many(found: list[Quantity], first: int, text: str, offset: int) -> None:
    """Of 3,100 residents 1,240 backed it: what follows counts the same."""
    whole = next(
        (q for q in found[first:] if q.kind == "count" and not q.period and _OF_SO_MANY.search(text[max(0, q.start - offset - 20) : q.start - offset])),
        None,
    )  # fmt: skip
    if whole is None:
        return
    for i in range(first, len(found)):
        q = found[i]
        if (
            q.kind in ("number", "thing")
            and q.start > whole.end
            and 10 <= q.value <= whole.value
            and not q.short
        ):
            unit = Unit(whole.count)
            found[i] = replace(q, kind="count", unit=unit, bare=unit, count=whole.count)


_NEXT_OF_LIST = re.compile(r"\s?(?:,|、|,?\s?\b(?:and|or)\b|和|及)\s?")


def _listed(found: list[Quantity], first: int, text: str, offset: int) -> None:
    """Of 140, 95 and 65 megawatts: the unit of the last is that of all."""
    for i in range(len(found) - 1, first, -1):
        q, before = found[i], found[i - 1]
        if (
            q.kind not in ("amount", "money", "share")
            or q.is_range
            or q.role
            or before.kind != "number"
            or before.is_range
        ):
            continue
        if (
            before.words
            or before.short
            or before.role
            or not _NEXT_OF_LIST.fullmatch(text, before.end - offset, q.start - offset)
        ):
            continue
        printed = number_at(q.text)
        if printed is None or not printed.value or printed.words:
            continue
        scale = q.value / printed.value
        found[i - 1] = replace(
            before, low=before.low * scale, high=before.high * scale, half=before.half * scale, unit=q.unit, bare=q.bare, kind=q.kind,
            period=q.period, count=q.count, counts=q.counts, substance=q.substance,
        )  # fmt: skip


_EACH_ONE = re.compile(
    r"(?:\A|[.;]\s)(?:Each|Every one|Each one|Each of (?:them|these))\s(?:us|need|draw|consum|tak|cost|earn|burn|emit|pay|get)\w*\s(?:about |some |around |roughly |nearly |up )?\Z"
)
_APIECE = re.compile(r"\s(?:apiece|each)\b|\s?(?:/|每)[张台个次户人](?![0-9])", re.IGNORECASE)


def _with_apiece(found: list[Quantity], first: int, text: str, offset: int) -> None:
    """5,120 images, 0.2 watt-hours apiece: what was counted is what it is for."""
    counted = tuple(dict.fromkeys(q.count for q in found[first:] if q.kind == "count" and q.count))
    for i in range(first, len(found)):
        q = found[i]
        if q.kind in ("amount", "money") and not q.count and _APIECE.match(text, q.end - offset):
            found[i] = replace(q, counts=(*q.counts, *(c for c in counted if c not in q.counts)))


_EVERY = re.compile(r"(?:\b(?:every|each|per)\s|每)\Z", re.IGNORECASE)
_OF_THEM = re.compile(
    r"\s(?:of (?:them|these|those|which)|such (?:machines|units|devices))\b", re.IGNORECASE
)


def _of_them(q: Quantity, before: list[Quantity], text: str, offset: int) -> Quantity:
    """One hundred thousand chips ... 16,384 of them: the things counted last."""
    if q.short or q.value < 2 or not _OF_THEM.match(text, q.end - offset):
        return q
    last = next(
        (b for b in reversed(before) if b.kind == "count" and q.start - b.start < 600), None
    )
    if last is None:
        return q
    unit = Unit(last.count)
    return replace(q, kind="count", unit=unit, bare=unit, count=last.count, noun=last.noun)


_A_DAY = re.compile(
    r"(?:\s(?:hundred|thousand|million|billion|trillion))?\s(?:(?:an?|each|every|per)\s(?P<unit>day|hour|week|month|year|minute|second)\b|(?P<adverb>daily|hourly|weekly|monthly|yearly|annually)\b)"
)


def _of_the_same(q: Quantity, before: list[Quantity], text: str, offset: int) -> Quantity:
    """12,000 questions in a week, or 1,700 a day: the second number counts what the first did."""
    behind = _A_DAY.match(text, q.start - offset + len(q.text.split()[0]))
    counted = next(
        (
            b
            for b in reversed(before)
            if (b.kind == "count" and b.count in FLOWS) or (b.kind == "amount" and b.period)
        ),
        None,
    )
    if behind is None or counted is None:
        return q
    name, unit = PERIODS[behind["unit"] or behind["adverb"]], counted.bare
    return replace(
        q, kind=counted.kind, unit=unit / Unit(name), bare=unit, period=name, count=counted.count, noun=counted.noun, end=offset + behind.end()
    )  # fmt: skip


def _flows(q: Quantity) -> bool:
    """May this be said per day or per year?"""
    if q.kind == "count":
        return q.count in FLOWS
    if q.bare.same_dimension(Unit("h")) or q.bare.same_dimension(Unit("%")):
        return False
    return q.count not in ("parameter",)


def _last_period(before: str) -> tuple[str, str, int] | None:
    """The last word of a period before a number: its name, what stands between, and where it starts."""
    found = list(_PERIOD_BEFORE.finditer(before))
    if not found:
        return None
    last = found[-1]
    gap = before[last.end() :]
    if len(gap) > 60 or _STOPS.search(gap):
        return None
    return str(last.lastgroup), gap, last.start()


_LOAD = re.compile(
    r"负荷|功率|平均|均为|高峰|峰值|最[大高]|容量|\b(?:average|peak|load|capacity|power|mean|constant|steady|up to)",
    re.IGNORECASE,
)


# On an ordinary day, therefore, the towers breathe out
_IN_FRONT = re.compile(r"(?:\A|[.!?]\s)\s*(?:on|in|over|during)\s\Z", re.IGNORECASE)


def _with_period_before(q: Quantity, before: str, since: int) -> Quantity:
    if q.period or not _flows(q):
        return q
    found = _last_period(before)
    if found is None:
        return q
    name, gap, start = found
    near = not re.search(r"[,，][^,，]*\S|[0-9]", gap) and len(before) - start <= since + 1
    power = any(q.bare.same_dimension(Unit(u)) for u in ("W",))
    told = name == "h" and not gap.strip()  # 每小时20兆瓦
    used = re.search(r"[耗用]电|\bus|consum|draw", gap) and not _LOAD.search(gap)
    if power and not (near and (told or used)):
        return q
    unit = q.bare / Unit(name)
    at_it = (
        name == "a"
        and before[start:].startswith(("每年", "一年", "全年"))
        and len(gap.strip()) <= 1
    )
    firm = near and (name != "a" or power or at_it) and q.kind in ("amount", "money")
    in_front = _IN_FRONT.search(before[:start]) and not re.search("[0-9]", gap)
    if not near and name != "a" and not (q.kind == "amount" and (len(gap) < 30 or in_front)):
        return q
    return replace(q, unit=unit, period=name, firm=firm)


# $12 million in capacity charges a month
_PERIOD_BEHIND = re.compile(
    r"(?:\s(?:in|of|on|worth of))?(?:\s(?!(?:and|or|but|to|for|which|that|who|if|when|as|at|by|is|was|are|were|will|would|can|could|than|from|a|an|the|per|each|every)\b)[A-Za-z0-9-]{2,14}){1,4}"
    r"\s(?:an?|per|each|every)\s(?P<unit>day|hour|week|month|year)(?![A-Za-z-])"
)


def _with_period_behind(q: Quantity, behind: str) -> Quantity:
    """A period that stands behind what the number is of, and not behind its unit."""
    if q.period or not _flows(q) or q.bare.same_dimension(Unit("W")) or q.kind == "count":
        return q
    found = _PERIOD_BEHIND.match(behind)
    if found is None:
        return q
    name = PERIODS[found["unit"]]
    return replace(q, unit=q.bare / Unit(name), period=name, firm=True)


def _with_count_before(q: Quantity, before: str, since: int) -> Quantity:
    if q.kind == "money" and not q.count and (each := _PAID_FOR_EACH.search(before)):
        named = (
            noun_at(before, each.start("en"), 2)
            if each["en"]
            else phrase_at(before, each.start("zh"))
        )
        count = "" if named is None else named[0] if isinstance(named, tuple) else named.count
        return replace(q, counts=(count,)) if count else q
    if q.count or q.kind != "amount" or any(q.bare.same_dimension(Unit(u)) for u in ("h", "%")):
        return q
    power = q.bare.same_dimension(Unit("W"))
    counts: list[str] = []
    asked = _ANSWERING.search(before)
    if asked and not power:
        counts.append(_ANSWERED[asked["what"]])
    for match in _DETERMINER.finditer(before):
        if len(before) - match.start() > since + 1:
            continue
        if power and not _EACH.match(match[0]):
            continue  # "a server draws 10.2 kW" may be said of the server as such
        if match[0][-1:].isascii():
            noun = noun_at(before, match.end(), 3)
            if noun is not None and not noun[2].lower().endswith("s"):
                counts.append(noun[0])
        else:
            named = phrase_at(before, match.end())
            if named is not None and named.kind == "count":
                counts.append(named.count)
            else:
                counts.append(
                    {
                        "次": "request",
                        "条": "request",
                        "张": "image",
                        "台": "server",
                        "户": "household",
                        "人": "person",
                    }.get(before[match.end() : match.end() + 1], "")
                )
    counts = [c for c in dict.fromkeys(counts) if c]
    if not counts:
        return q
    return replace(q, counts=tuple(counts))


# 平均每个岗位背后是2000万元, each job costs $78,000
_PAID_FOR_EACH = re.compile(
    r"每(?P<zh>[个位名人户家台张][^，。；,;0-9]{0,10})\Z|\b(?:each|every)\s(?P<en>[a-z]{3,14}\s[^.;:,0-9]{0,30})\Z",
    re.IGNORECASE,
)
_FOR_MOST = re.compile(
    r"\s(?:for|on|with)\s(?:most|many|typical|ordinary|simple|usual|average|any|each|every|an?|the)\s(?=[a-z])"
)


def _with_count_behind(q: Quantity, behind: str) -> Quantity:
    """Between 0.2 and 0.4 Wh for most prompts: what it may be per stands behind it."""
    if q.count or q.counts or q.kind != "amount" or q.bare.same_dimension(Unit("W")):
        return q
    found = _FOR_MOST.match(behind)
    noun = noun_at(behind, found.end(), 2) if found else None
    if noun is None or noun[0] not in FLOWS:
        return q
    return replace(q, counts=(noun[0],))


_EACH = re.compile(r"each|every|per\b|每|平均每", re.IGNORECASE)
_ANSWERED = {
    "问题": "request", "提问": "request", "请求": "request", "查询": "request", "提示": "request", "对话": "request", "图": "image", "视频": "video",
}  # fmt: skip
_ANSWERING = re.compile(
    r"每(?:次)?(?:回答|答|处理|响应|生成|完成|画|发)一?[个次条张道段]?[^，。；,0-9]{0,6}?(?P<what>"
    + "|".join(_ANSWERED)
    + r")[^，。；,0-9]{0,20}\Z"
)
_PER_UNIT = re.compile(
    r"(?:(?:(?P<kwh0>度电|千瓦时|单位(?:电量|电能))(?=成本|电价|电费|价格|补贴|收入|利润)|(?P<gpuh0>卡时|单卡小时)(?=成本|价格|租金)|(?P<t0>吨水|吨煤|吨碳)(?=成本|价格|价))|(?P<one>一度电?)(?=[^，。；,;]{0,4}\Z)|每(?:一?度电?|(?P<kwh>千瓦时|度电?|度)|(?P<mwh>兆瓦时)|(?P<gpuh>(?:GPU|卡|芯片)小?时)|(?P<t>吨)|(?P<kw>千瓦)))[^，。；,;0-9每]{0,12}\s?\Z"
)


_USED_PER_KWH = re.compile(
    r"(?:每(?:使?用|消耗|耗|发|供)?(?:掉|去)?(?:一?度电?|千瓦时(?:电)?)|度电(?=碳?排|耗水|水耗|碳))[^，。；,;0-9]{0,8}(?:水|排放|碳|排|产生|蒸发)[^，。；,;0-9]{0,4}\Z"
)


# 按每度300克标准煤折算
_AT_EACH_KWH = re.compile(r"每(?:一?度电?|千瓦时)\s?[约近]?\Z")
# each kilowatt-hour carries 390 grams
_EACH_UNIT = re.compile(
    r"\b(?:each|every)\s(?:(?:kilowatt-?\s?hour|kWh)|(?P<mwh>megawatt-?\s?hour|MWh))\b[^.;,:0-9]{0,36}\b(?:carr(?:y|ies)|emits?|causes?|costs?|takes?|needs?|evaporates?|uses?|brings?|means|comes (?:with|at))\s(?:about |some |around |roughly |nearly |just )?\Z",
    re.IGNORECASE,
)


def _with_unit_before(q: Quantity, before: str) -> Quantity:
    """每千瓦时0.36元, 每卡时2美元: what a price is for stands before it."""
    if (
        q.kind == "amount"
        and not q.count
        and (_USED_PER_KWH.search(before) or _AT_EACH_KWH.search(before))
    ):
        if any(q.bare.same_dimension(Unit(u)) for u in ("L", "g", "gCO2e")):
            below = Unit("kWh")
            return replace(q, unit=q.unit / below, bare=q.bare / below)
        return q
    if q.kind in ("amount", "money") and not q.count and "/" not in q.bare.text and not q.period:
        each = _EACH_UNIT.search(before)
        if each and (
            q.kind == "money" or any(q.bare.same_dimension(Unit(u)) for u in ("L", "g", "gCO2e"))
        ):
            below = Unit("MWh" if each["mwh"] else "kWh")
            return replace(q, unit=q.unit / below, bare=q.bare / below)
    if q.kind != "money" or q.count or "/" in q.bare.text:
        return q
    found = _PER_UNIT.search(before)
    if found is None:
        return q
    if found["gpuh"] or found["gpuh0"]:
        below = Unit("accelerator") * Unit("h")
    else:
        below = Unit(
            {"mwh": "MWh", "t": "t", "t0": "t", "kw": "kW"}.get(found.lastgroup or "", "kWh")
        )
    return replace(q, unit=q.unit / below, bare=q.bare / below)


_MANY_BEFORE = re.compile(r"每(?P<n>[十百千万亿]{1,3})(?=[次张条个户人台颗块词])")


def _with_many_before(q: Quantity, before: str) -> Quantity:
    """每万次查询3.4度, 每百张图片2.9度: a round number of things it is for."""
    if q.count or q.kind not in ("amount", "money"):
        return q
    found = next(iter(reversed([*_MANY_BEFORE.finditer(before)])), None)
    named = phrase_at(before, found.end()) if found else None
    if found is None or named is None or named.kind != "count":
        return q
    gap = before[named.end :]
    if len(gap) > 12 or re.search(r"[.;:。；，,0-9\n]", gap):
        return q
    n = 1.0
    for char in found["n"]:
        n *= CHINESE_WORDS[char]
    unit = Unit(named.count)
    return replace(
        q, low=q.low / n, high=q.high / n, half=q.half / n, unit=q.unit / unit, bare=q.bare / unit, count=named.count, counts=()
    )  # fmt: skip


def _per_counted(q: Quantity, before: Quantity | None, text: str, offset: int) -> Quantity:
    """每千次2.9千瓦时, for every 1,000 images 2.9 kWh: the count before it is what it is for."""
    if (
        before is None
        or before.kind not in ("count", "amount")
        or q.kind != "amount"
        or q.count
        or not before.low > 0
        or q.bare.same_dimension(Unit("h"))
    ):
        return q
    ahead = text[max(0, before.start - offset - 16) : before.start - offset]
    if before.kind == "amount" and before.value not in (1.0, 10.0, 100.0, 1000.0):
        return q
    if before.kind == "amount" and before.bare.same_dimension(q.bare):
        return q  # of each 100 kWh, 18 kWh: two amounts, whose share a formula may ask for
    if before.kind == "count" and before.low == before.high == 1 and q.start - before.end <= 40:
        return replace(q, counts=(*q.counts, before.count))  # one query takes 2.9 Wh
    if (
        not re.search(
            r"(?:每(?:当|次|回)?(?:生成|处理|回答|完成|训练|产生|画|发|跑|输出|执行|运行|进行)?了?|\bper|\bevery|\beach)\s?(?:single\s|extra\s|additional\s|further\s)?\Z",
            ahead,
            re.IGNORECASE,
        )
        or q.start - before.end > (60 if before.kind == "count" else 24)
        or re.search(r"[;；。]", text[before.end - offset : q.start - offset])
    ):
        return q
    n, unit = before.low, before.unit
    return replace(
        q, low=q.low / n, high=q.high / n, half=q.half / n, unit=q.unit / unit, bare=q.bare / unit, count=before.count, counts=()
    )  # fmt: skip
