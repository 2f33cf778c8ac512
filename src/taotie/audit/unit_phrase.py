"""What stands behind a number in a text? A unit, the thing that is counted, the period it is for.

`terawatt-hours of electricity a year`, `Nvidia H100 GPUs`, `GPU hours`, `per 1,000 images`; Chinese in `unit_phrase_zh.py`.
"""

from __future__ import annotations

from taotie.audit.nouns import FLOWS, PERIODS, STOP, Phrase, amount, known_unit, noun_at, noun_of
from taotie.audit.unit_phrase_zh import CJK_ELECTRIC, chinese, chinese_count
from taotie.errors import TaotieError
from taotie.quantity.copied import replace
from taotie.quantity.number_text import ENGLISH_WORDS, number_at
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import PLAIN, Unit, parse_unit
from taotie.words import patterns as re

_SPELLED = re.compile(
    r"(kilo|mega|giga|tera|peta|milli)?-?(watt|w)[- ]?(hour|hr|h)s?(?![A-Za-z])", re.IGNORECASE
)
# 300 MW-hours, 300 MW h, 5 MWhr
_SHORT_HOURS = re.compile(r"(?P<prefix>[kKMGT]?)W\s?[-*.]?\s?(?:h|hrs?|hours?)(?![A-Za-z])")
_POWERED = re.compile(r"(?:k?m)\^[23](?![0-9])")
# 1.2 gigs of capacity
_GIGS = re.compile(
    r"(?P<word>gig|meg)s?(?=\s(?:of\s)?(?:new\s|extra\s|total\s|data[- ]cent(?:er|re)\s|computing\s|AI\s){0,2}(?:power|capacity|load|demand|compute|electricity)\b)"
)
_POINTS = re.compile(r"(?:pp|ppts?|p\.p\.|pps)(?![A-Za-z])|basis points?(?![A-Za-z])")
_BARE_POINTS = re.compile(r"points?(?![A-Za-z-])(?!\s(?:of|on|in time|along|where)\b)")
_PER_CENT = re.compile(r"%|\bper ?cent\b|\bpct\b", re.IGNORECASE)
_PENCE = re.compile(
    r"(?P<cents>¢|c(?=/kWh|\s?(?:per|a)\s(?:kWh|kilowatt)))|(?P<pence>(?<=[0-9])(?<!1080)(?<!2160)(?<!1440)(?<!720)(?<!480)(?<!360)p(?![A-Za-z0-9])|pence\b)"
)
_SPELLED_WATT = re.compile(r"(kilo|mega|giga|tera|milli)-?watts?(?![A-Za-z-])", re.IGNORECASE)
_CUBIC = re.compile(
    r"(?:cubic[ -](?:met(?:er|re)s?|f(?:ee|oo)t|yards?)|square[ -](?:met(?:er|re)s?|f(?:ee|oo)t|kilomet(?:er|re)s?|miles?)|sq\.?[ -]?(?:f(?:ee|oo)?t\b\.?|km|mi\b|m(?:et(?:er|re)s?)?\b)|acre-f(?:ee|oo)t)(?![A-Za-z])",
    re.IGNORECASE,
)
_CUBIC_SIZE = {
    "cubic m": (1.0, "m3"), "cubic-m": (1.0, "m3"), "cubic f": (0.028316847, "m3"), "cubic-f": (0.028316847, "m3"), "cubic y": (0.76455486, "m3"),
    "cubic-y": (0.76455486, "m3"), "square k": (1e6, "m2"), "square-k": (1e6, "m2"), "square mi": (2589988.11, "m2"), "square-mi": (2589988.11, "m2"), "square m": (1.0, "m2"), "square-m": (1.0, "m2"), "square f": (0.09290304, "m2"), "square-f": (0.09290304, "m2"),
    "acre": (1233.4818, "m3"),
}  # fmt: skip
_SQUARE = re.compile(r"sq(?!uare)\.?[ -]?(?=[a-z])")
_PREFIX = {"kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "milli": "m", "": ""}
_SYMBOL = re.compile(
    r"(?:US)?\$|[€£¥%‰]|°\s?[CF]|[A-Za-z][A-Za-z]{0,13}(?:CO2(?:-?eq?)?)?[23]?(?![A-Za-z0-9])"
)
_SHORT_TONS = re.compile(
    r"(?:(metric)[ -])?(?:(mega|kilo|giga)-?)?ton(?:ne)?s?(?![A-Za-z])", re.IGNORECASE
)
_ENERGY_WORDS = r"electricity|energy|power|capacity|load|demand|juice|compute|computing|IT load|data[- ]cent(?:er|re)s?|generation|consumption"
_SUBSTANCE = re.compile(
    rf"\s?(?:worth\s)?(?:of|in)?\s?(?:the\s)?(?:(?P<annual>annual|yearly)|(?P<daily>daily)|(?P<hourly>hourly))?\s?"
    rf"(?:(?:additional|new|extra|total|fresh|clean|cooling|drinking|firm|renewable|grid|peak|critical|installed|contracted|global|U\.?S\.?|world|planned)\s){{0,2}}"
    rf"(?:(?P<carbon>CO2(?:-?eq?(?:uivalents?)?)?|carbon(?: dioxide)?(?: equivalents?| emissions)?|greenhouse gas(?:es)?(?: emissions)?)|(?P<water>water)|(?:{_ENERGY_WORDS})(?![A-Za-z]))"
    rf"(?:\s(?:use|usage|consumption|demand|needs?|emissions?|load|capacity|generation)(?![A-Za-z]))?",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"\s?[(（][A-Za-z%][A-Za-z0-9/*^ .%]{0,13}[)）]")
_AFTER = re.compile(
    r"[\s,]{0,2}(?:(?:o[fn]\s)?(?:(?:per|a|an|each and every|each|every|/|in an?|in one|(?=all year)all|over the course of an?|over an?|over one|during an?|throughout an?|for an?|over the|during the|every single)\s?)(?:(?:ordinary|average|typical|normal|usual)\s)?"
    r"(?P<unit>day|year|hour|month|week|second|minute|annum|yr|hr)s?(?![A-Za-z])"
    r"|(?P<adverb>daily|annually|yearly|hourly|monthly|weekly)(?![A-Za-z])|(?P<pa>p\.\s?a\.|(?:/|\bper )(?:a|d|h|s)(?![A-Za-z]))|(?:-an?-|-per-)(?P<glued>day|year|hour|month|week)(?![A-Za-z])"
    r"|(?P<zh>每天|每日|每年|每小时|每月|每周|每分钟|每秒钟?|一天|一年|/天|/日|/年|/小时|/月|/分钟|/秒)(?!前|后|来|内|半))",
    re.IGNORECASE,
)
_ZH_PERIOD = {
    "分钟": "min",
    "秒": "s",
    "秒钟": "s",
    "天": "d",
    "日": "d",
    "年": "a",
    "小时": "h",
    "月": "month",
    "周": "week",
}
_PER = re.compile(
    r"\s?(?:(?P<per>per|for each|for every|for a|for an|each|every|an?|for)\s|/\s?|(?P<zh>每一?))(?=[A-Za-z0-9\u4e00-\u9fff])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9'&-]{0,30}")
_GONE = re.compile(r"(?:mile|kilomet(?:er|re)|km|lit(?:er|re)|gallon|tonne|kWh)\Z")  # 390 g a mile
_POUNDS = re.compile(r"pounds?(?: sterling)?\b(?!\sof\b|-)", re.IGNORECASE)
_MILLIONS = re.compile(r"\b(?:million|billion|bn)\s?\Z")
_HEAVY = re.compile(r"CO2|carbon|emission|weigh|mass|waste|coal|ash", re.IGNORECASE)
_STERLING = re.compile(
    r"£|\bsterling\b|\bpence\b|\b(?:pay|paid|spen[dt]|cost|bill|budget|subsid|price|invest|fund|charge|save|owe|earn|worth|grant|levy|fee|tariff)",
    re.IGNORECASE,
)
_CENTS = re.compile(r"(?:US )?cents?(?![A-Za-z])")
_EURO, _DOLLAR = (
    re.compile(r"€|\beuros?\b|\bEUR\b", re.IGNORECASE),
    re.compile(r"\$|\bdollar|\bUSD\b", re.IGNORECASE),
)
_EURO_CENTS = re.compile(r"(?:euro[ -]?|EUR )cents?(?![A-Za-z])", re.IGNORECASE)
_TIMES = {
    "yr": "a", "year": "a", "a": "a", "day": "d", "d": "d", "month": "month", "mo": "month", "week": "week", "wk": "week", "hour": "h", "hr": "h", "h": "h",
}  # fmt: skip
_POWERS = ("W", "kW", "MW", "GW", "TW")
_MEGAWATT_DAY = re.compile(
    r"(?:(?P<prefix>kilo|mega|giga)watt|(?P<short>[kMG]W))[- ](?P<time>day|month|year)s?(?![A-Za-z])"
)
_MANY = re.compile(r"(hundred|thousand|million|billion|trillion)\s(?=[A-Za-z])", re.IGNORECASE)
_DEVICES = ("device", "card", "chip", "core", "processor")
_JOINED_HOURS = re.compile(r"([A-Za-z]{2,14})-(?:hours?|hrs?)(?![A-Za-z])")
_HOURS_OF = re.compile(r"(?:s|-|\s){1,2}(?:hours?|h)(?![A-Za-z])|\s?小?时(?!间|代)", re.IGNORECASE)


def phrase_at(text: str, at: int, money: bool = False) -> Phrase | None:
    """The unit, noun and period behind a number, or None where there is none."""
    spaces = 0
    while spaces < 2 and text[at : at + 1] in (" ", "\n"):
        at, spaces = at + 1, spaces + 1
    char = text[at : at + 1]
    if not char:
        return None
    if money:
        paid = _with_rest(text, Phrase(kind="money", end=at))
        return replace(paid, end=at - spaces) if paid.end == at else paid
    made = chinese(text, at) if not char.isascii() else None
    made = made or _english(text, at, spaces)
    return None if made is None else _with_rest(text, made)


def _english(text: str, at: int, spaces: int) -> Phrase | None:
    hyphen = 1 if text[at] == "-" and text[at + 1 : at + 2].isalpha() else 0
    at += hyphen
    joined = _SHORT_HOURS.match(text, at)
    if joined:
        unit = Unit(joined["prefix"].replace("K", "k") + "Wh")
        return _compound(text, amount(1.0, unit, joined.end(), joined[0]))
    powered = _POWERED.match(text, at)
    if powered:
        return _compound(
            text,
            amount(
                1.0 if "k" not in powered[0] else 1e6,
                Unit(powered[0][-3:].replace("^", "")),
                powered.end(),
                powered[0],
            ),
        )
    gigs = _GIGS.match(text, at)
    if gigs:
        return amount(1.0, Unit("GW" if gigs["word"] == "gig" else "MW"), gigs.end(), gigs[0])
    points = _POINTS.match(text, at)
    if points:
        return amount(
            0.01 if points[0].startswith("basis") else 1.0,
            Unit("%"),
            points.end(),
            points[0],
            "share",
        )
    plain_points = _BARE_POINTS.match(text, at)
    if plain_points and _PER_CENT.search(
        text[max(0, at - 90) : at + 40]
    ):  # from 6% to 4%, two points
        return amount(1.0, Unit("%"), plain_points.end(), plain_points[0], "share")
    small = _PENCE.match(text, at)
    if small:
        unit = Unit("USD" if small["cents"] else "GBP")
        return _compound(text, amount(0.01, unit, small.end(), small[0], "money"))
    if text.startswith("MGD", at) and not text[at + 3 : at + 4].isalpha():  # million gallons a day
        return replace(
            amount(3785411.784, Unit("L") / Unit("d"), at + 3, "MGD"), bare=Unit("L"), period="d"
        )
    if text[at] == "*" and not text[at + 1 : at + 3].strip()[:1].isdigit():
        return amount(1.0, PLAIN, at + 1, "*", "times")  # 3× more
    if text[at] == "‰":
        return amount(0.1, Unit("%"), at + 1, "‰", "share")
    spelled = _SPELLED.match(text, at)
    if spelled and (spelled[2].lower() == "watt" or spelled[1]):
        word = _PREFIX[(spelled[1] or "").lower()] + "Wh"
        return _compound(text, amount(1.0, Unit(word), spelled.end(), spelled[0]))
    watts = _SPELLED_WATT.match(text, at)
    if watts:
        return _compound(
            text, amount(1.0, Unit(_PREFIX[watts[1].lower()] + "W"), watts.end(), watts[0])
        )
    tons = _SHORT_TONS.match(text, at)
    if tons:
        scale = {"mega": 1e6, "kilo": 1e3, "giga": 1e9}.get((tons[2] or "").lower(), 1.0)
        sure = tons[1] or "tonne" in tons[0].lower()
        return amount(
            scale, Unit("t"), tons.end(), tons[0], spread=(1.0, 1.0) if sure else (0.907, 1.017)
        )
    cubic = _CUBIC.match(text, at)
    if cubic:
        scale, unit = _cubic_size(cubic[0])
        return _compound(text, amount(scale, unit, cubic.end(), cubic[0]))
    if text.startswith(("percentage point", "per cent"), at):
        end = at + (8 if text.startswith("per cent", at) else 16)
        return amount(1.0, Unit("%"), end + (text[end : end + 1] == "s"), text[at:end], "share")
    pounds = _POUNDS.match(text, at)
    if pounds and (
        _STERLING.search(around := text[max(0, at - 160) : at + 80])
        or (_MILLIONS.search(text, max(0, at - 20), at) and not _HEAVY.search(around))
    ):
        return _compound(text, amount(1.0, Unit("GBP"), pounds.end(), pounds[0], "money"))
    cents = _CENTS.match(text, at)
    if cents:
        around = text[max(0, at - 160) : at + 80]
        euro = _EURO.search(around) and not _DOLLAR.search(around)
        made = amount(0.01, Unit("EUR" if euro else "USD"), cents.end(), cents[0], "money")
        return _compound(text, made)
    euro_cents = _EURO_CENTS.match(text, at)
    if euro_cents:
        return amount(0.01, Unit("EUR"), euro_cents.end(), euro_cents[0], "money")
    symbol = _SYMBOL.match(text, at)
    if symbol is None:
        return _machine_hours(text, at) or _named_machines(text, at)
    word = symbol[0]
    if word in ("x", "X") and text[symbol.end() : symbol.end() + 2].strip()[:1].isdigit():
        return None  # 8x100
    if word in ("%", "percent", "pct"):
        return amount(1.0, Unit("%"), symbol.end(), word, "share")
    if word in ("times", "x", "X") or (word in ("fold",) and hyphen):
        return amount(1.0, PLAIN, symbol.end(), word, "times")
    if word.startswith("°"):
        return amount(1.0, Unit("1", (("degree", 1),)), symbol.end(), word)
    hours = _machine_hours(text, at)
    if hours:
        return hours
    found = known_unit(word) if not (len(word) == 1 and hyphen) else None
    if found is None and text[symbol.end() - 1 : symbol.end()] in "23" and word[:-1] in ("m", "km"):
        found = known_unit(word)
    if found is not None:
        scale, unit = found
        kind = "money" if unit.physical in ("USD", "EUR", "CNY") else "amount"
        return _compound(text, amount(scale, unit, symbol.end(), word, kind))
    noun = noun_at(text, at)
    if noun is not None:
        named, end, written, when = noun
        made = amount(1.0, Unit(named), end, written, "count", count=named, noun=text[at:end])
        if when and named in FLOWS:
            return replace(made, unit=made.unit / Unit(PERIODS[when]), period=PERIODS[when])
        return made
    if word.lower() in STOP:
        return _of_owned(text, at) if word == "of" else None
    return Phrase(end=at, kind="thing", noun=word) if spaces or hyphen else None


def _named_machines(text: str, at: int) -> Phrase | None:
    """`H100s`, `Nvidia's B200s`: a name with digits is no unit."""
    noun = noun_at(text, at, 1)
    if noun is None or noun[0] not in ("accelerator", "server"):
        return None
    named, end, _written, _when = noun
    return amount(1.0, Unit(named), end, text[at:end], "count", count=named, noun=text[at:end])


def _of_owned(text: str, at: int) -> Phrase | None:
    """`90,000 of Nvidia's current accelerators`."""
    noun = noun_at(text, at) if text.startswith("of ", at) else None
    if noun is None:
        return None
    named, end, written, _when = noun
    return amount(1.0, Unit(named), end, written, "count", count=named, noun=text[at:end])


def _timed_thing(word: str) -> str:
    """Of what GPU-hours, customer-hours and man-hours are hours."""
    if word in _DEVICES:
        return "accelerator"
    return (
        "person"
        if word.lower() in ("customer", "man", "passenger", "labor", "labour")
        else noun_of(word)
    )


def _machine_hours(text: str, at: int) -> Phrase | None:
    """`GPU hours`, `H800 GPU-hours`, `chip-hours`."""
    joined = _JOINED_HOURS.match(text, at)
    name = "" if joined is None else _timed_thing(joined[1])
    if joined and name in ("accelerator", "server", "person", "household"):
        unit = Unit(name) * Unit("h")
        return amount(1.0, unit, joined.end(), joined[0], "count", count=name, noun=joined[0])
    noun = noun_at(text, at, 1)
    if noun is None or noun[0] not in ("accelerator", "server"):
        return None
    hours = _HOURS_OF.match(text, noun[1])
    if hours is None:
        return None
    unit = Unit(noun[0]) * Unit("h")
    return amount(
        1.0,
        unit,
        hours.end(),
        text[at : hours.end()],
        "count",
        count=noun[0],
        noun=text[at : hours.end()],
    )


def _compound(text: str, made: Phrase) -> Phrase:
    """`/unit` and `*unit` glued to a unit: `gCO2e/kWh`, `Wh/request`, `L/kWh`."""
    for _step in range(3):
        sign = text[made.end : made.end + 1]
        if sign not in ("/", "*") or not sign:
            break
        word = re.compile(r"[A-Za-z]{1,20}[23]?").match(text, made.end + 1)
        if word is None:
            break
        try:
            scale, unit = parse_unit(word[0])
        except TaotieError:
            # 100 km/charge is no length
            return Phrase(end=word.end(), kind="thing", noun=made.written + sign + word[0])
        if sign == "/" and word[0] in _TIMES and made.kind != "count" and not made.period:
            made = _per_time(made, _TIMES[word[0]], word.end())  # 730 kWh/yr
        elif sign == "*":
            made = replace(
                made,
                scale=made.scale * scale,
                unit=made.unit * unit,
                bare=made.unit * unit,
                end=word.end(),
            )
        elif any(unit.same_dimension(Unit(p)) for p in ("s",)):
            made = replace(
                made,
                scale=made.scale / scale,
                unit=made.unit / unit,
                period=word[0],
                end=word.end(),
            )
        else:
            below = made.unit / unit
            made = replace(
                made,
                scale=made.scale / scale,
                unit=below,
                bare=below,
                end=word.end(),
                count=made.count or unit.physical,
            )
    return made


_SPENT_ON = re.compile(r"\s?of (?:[a-z-]{2,16}\s){0,2}[a-z-]{2,16}(?=\sper\s[a-z])")


def _with_rest(text: str, made: Phrase) -> Phrase:
    """The substance, the period and what it is per, behind the unit."""
    made = _with_substance(text, made)
    for _step in range(3):
        if made.kind in ("share", "times"):
            break
        bracket = _BRACKET.match(text, made.end)
        if bracket:
            made = replace(made, end=bracket.end())
        flow = made.kind != "count" or made.count in FLOWS
        after = _AFTER.match(text, made.end) if flow and not made.period else None
        if after and "," in after[0] and (after["zh"] or made.unit.physical in _POWERS):
            after = None  # 0.4升,一年约需; 300 W, 每天开8小时
        if (
            after
            and after["zh"] in ("一天", "一年")
            and text[after.end() : after.end() + 1].isdigit()
        ):
            after = None  # 12.5万千伏安一年400万元
        if after:
            made = _per_time(made, _period_name(after), after.end())
            # "over the year" says when, and may say a total
            over = re.match(
                r"[\s,]{0,2}(?:of\s)?(?:over|during|throughout|for|in)\b", after[0], re.IGNORECASE
            )
            made = replace(made, loose_period=bool(over))
            continue
        per = _per_count(text, made) if made.kind in ("amount", "money") else None
        if per is None and made.kind == "money" and not made.count:
            spent = _SPENT_ON.match(text, made.end)  # $78,000 of forgiven tax per job
            per = _per_count(text, replace(made, end=spent.end())) if spent else None
        if per is None:
            break
        made = per
    return made


def _period_name(after: re.Match[str]) -> str:
    if after["glued"]:  # a $10bn-a-year bill
        return PERIODS[after["glued"]]
    if after["unit"]:
        return {"yr": "a", "hr": "h"}.get(after["unit"].lower()) or PERIODS[after["unit"].lower()]
    if after["adverb"]:
        return PERIODS[after["adverb"].lower()]
    if after["zh"]:
        return next(v for k, v in _ZH_PERIOD.items() if after["zh"].endswith(k))
    return after["pa"][-1] if after["pa"][-1] in "adhs" else "a"


def _cubic_size(words: str) -> tuple[float, Unit]:
    """How large a square or a cubic unit is, in square or cubic meters."""
    spelled = _SQUARE.sub("square ", words.lower())
    scale, name = _CUBIC_SIZE[next(k for k in _CUBIC_SIZE if spelled.startswith(k))]
    return scale, Unit(name)


def _per_time(made: Phrase, name: str, end: int) -> Phrase:
    if not any(made.unit.same_dimension(Unit(u)) for u in ("h",)):
        return replace(made, unit=made.unit / Unit(name), period=name, end=end)
    return replace(made, end=end, period=name)  # hours a day: a share of time, not read as one


def _with_substance(text: str, made: Phrase) -> Phrase:
    if made.kind != "amount":
        return made
    zh = CJK_ELECTRIC.match(text, made.end)
    if zh:
        return replace(made, end=zh.end(), substance="water" if "水" in zh[0] else "")
    found = _SUBSTANCE.match(text, made.end)
    if found is None:
        return made
    unit, bare, substance = made.unit, made.bare, ""
    if found["carbon"]:
        mass = {"t": "tCO2e", "kg": "kgCO2e", "g": "gCO2e", "Mt": "MtCO2e", "lb": "lbCO2e"}.get(
            made.unit.physical
        )
        if mass is None:
            return made
        scale, unit = parse_unit(mass)
        made, bare, substance = replace(made, scale=made.scale * scale), unit, "carbon"
    elif found["water"]:
        substance = "water"
    made = replace(made, unit=unit, bare=bare, substance=substance, end=found.end())
    for group, name in (("annual", "a"), ("daily", "d"), ("hourly", "h")):
        if found[group]:
            return replace(made, unit=made.unit / Unit(name), period=name)
    return made


_A_HEAD = re.compile(r"(?:head|capita)\b(?!\s(?:start|of|office))")
_A_UNIT = re.compile(r"unit\b(?! of\b)")
_IN_UNITS = re.compile(r"kWh|kilowatt|electricity|power bill", re.IGNORECASE)


def _per_count(text: str, made: Phrase) -> Phrase | None:
    """`per query`, `per 1,000 images`, `每次`, `a household`."""
    link = _PER.match(text, made.end)
    if link is None or made.count:
        return None
    at, count = link.end(), 1.0
    number = number_at(text, at) or spelled_number_at(text, at)
    many = _MANY.match(text, at)
    if many:
        count, at = ENGLISH_WORDS[many[1].lower()], many.end()
    elif number is not None:
        count, at = number.value, number.end
        if (link["per"] or "").lower() in ("a", "an", "each", "every", "for") and (
            link["per"] or ""
        ).lower() != "for":
            return None
        if (link["per"] or "").lower() == "for":
            return None  # "750 ml for 25 queries" states a total and its count
    elif (link["per"] or "").lower() in ("for",):
        return None
    if not count:
        return None
    if link["zh"] or not text[at : at + 1].isascii():
        below = chinese_count(text, at)
        if below is None or below.kind != "count":
            return None
        named, end = below.count, below.end
        unit, scale = Unit(named), 1.0
    else:
        noun = noun_at(text, at, 3)
        token = _WORD.match(text, at)
        held = _MEGAWATT_DAY.match(text, at)
        used = _machine_hours(text, at)
        if held:
            power = held["short"] or _PREFIX[held["prefix"]] + "W"
            unit, scale = Unit(power) * Unit(PERIODS[held["time"]]), 1.0
            named, end = unit.text, held.end()
        elif used:
            unit, scale, named, end = used.unit, 1.0, used.count, used.end
        elif area := _CUBIC.match(text, at):
            scale, unit = _cubic_size(area[0])
            named, end = unit.text, area.end()
        elif head := _A_HEAD.match(text, at):
            unit, scale, named, end = Unit("person"), 1.0, "person", head.end()
        elif made.kind == "money" and (each := _A_UNIT.match(text, at)) and _IN_UNITS.search(text):
            unit, scale, named, end = Unit("kWh"), 1.0, "kWh", each.end()  # as bills call it
        elif noun is not None:
            named, end = noun[0], noun[1]
            unit, scale = Unit(named), 1.0
        elif (
            token is not None
            and token[0] not in ("a", "the")
            and (
                (link["per"] or "/").lower() in ("per", "/")
                or (made.kind == "money" and link["per"].lower() in ("a", "an", "each", "every"))
                or (link["per"] or "").lower() in ("for each", "for every")
                or bool(_GONE.match(token[0]))
                or bool(_SPELLED.match(text, at))
            )
        ):
            spelled = _SPELLED.match(text, at) or token
            found = known_unit(
                _PREFIX[(spelled[1] or "").lower()] + "Wh" if spelled is not token else token[0]
            )
            if found is None:
                return None
            scale, unit = found
            named, end = unit.physical, spelled.end()
        else:
            return None
    factor = 1 / (count * scale)
    return replace(
        made, scale=made.scale * factor, unit=made.unit / unit, bare=made.bare / unit, count=named, end=end
    )  # fmt: skip
