"""How does a text qualify its number? Words before and behind it: about, nearly, at least, up to, exactly; a change; a level."""

from __future__ import annotations

from taotie.words import patterns as re

WINDOW = 48
_TAIL = r"\s?(?:(?:the|a|an|some|of|about|as|at|(?:前者|后者|对手|同行|其|去年|上年|往年|同期|全国|全球|总量|总数)的?|为|达|到|了|过|可供|能供|供应?|满足|需要?|要|有|能|可|够|占|花费?|消耗|用掉|用电|耗电|enough for|约|USD|US)\s?){0,2}[\s\"'“(（]{0,2}\Z"
_WORDS: tuple[tuple[str, str], ...] = (
    ("exact", r"\b(?:exactly|precisely)|正好|恰好|整整|刚好|恰恰|精确(?:地)?[为是]?"),
    ("nearly", r"\b(?:nearly|almost|close to|just under|just below|just shy of|approach(?:es|ed|ing)?|nearing|not quite|(?:(?:a (?:little|whisker|hair|touch|shade|bit|fraction|tad|notch|sliver)|slightly|marginally|fractionally|narrowly|only just|a smidgen) (?:less than|under|below|shy of|short of))|shy of|just short of|close on|getting on for|pushing|verging on|bordering on|the (?:best|better) part of)"
               r"|将近|接近|几乎|近乎|逼近|直逼|(?<![最附远新靠])近|略低于|略少于|略不足|稍低于|差一点(?:到)?"),
    ("at_most", r"\b(?:no more than|not more than|at most|(?<!add )(?<!adds )(?<!added )(?<!adding )(?<!sum )(?<!sums )(?<!comes )(?<!came )up to|less than|below|under|fewer than|(?:a )?maximum of|as much as|as many as|as high as"
                r"|limit(?:ed|ing|s)? (?:to|of|at)|ceiling of|cap(?:s|ped|ping)?(?: [a-z'’]+){0,4} at|cap of|no higher than|not exceed(?:ing|ed)?|capped at|lower than|within|not even|short of)|(?<![-=<])<=?(?![-=])|≤|至多|最多(?:不过)?|顶多|撑死|顶天|充其量|不超过|未超过|未到|没到|不满|未满|不到|不及|不足|低于|少于|不高于|小于|最高|封顶|跌破|上限[为是]?"),
    ("at_least", r"\b(?:no less than|not less than|no fewer than|at least|more than|over|above|exceed(?:s|ed|ing)?|upwards? of|north of|in excess of|greater than"
                 r"|beyond|topped|topping|tops|surpass(?:es|ed|ing)?|(?:a )?minimum of|higher than|well over|passed|larger than|just over|(?:slightly|marginally|fractionally) (?:more than|over|above)|a (?:little|shade|touch|bit|tad|whisker|hair|fraction) (?:over|more than|above))"
                 r"|(?<![-=>])>=?|≥|至少|少说(?:也有?)?|超过|超出|超(?![级算])|多于|逾|不低于|不少于|突破|高于|大于|最少|起码|跨过|略高于|(?<![突爆打攻跌])破(?=[了约]?\Z)|(?<=[已将会就早均计量电年人户亿首，,\s])过(?=\Z)"),
    ("comparable", r"\b(?:comparable to|on (?:a )?par with|rival(?:s|ed|ing|ling|led)?|similar to|in the range of|on the order of)|比肩|堪比|媲美|与.{0,4}相近"),
    ("about", r"\b(?:about|around|roughly|approximately|approx\.?|some|circa|ca\.?|an? estimated|estimated(?: at)?|an average of|averag(?:es|ed|ing)|or so|like|in the (?:region|neighbou?rhood|vicinity|order|ballpark) of|on the order of|something like|say|c\.)|(?<![0-9a-zA-Z万亿千百十瓦时度倍%元])~|≈|大约|约莫|(?<![条节合预制签])约|大概|大致|估计(?:为)?|平均(?:为)?|左右|差不多|四舍五入"),
)  # fmt: skip
_RANK = {name: i for i, (name, _words) in enumerate(_WORDS)}
# one look for all of them, and only where a word begins or a Han character stands
_BEFORE = re.compile(
    r"(?=\b[abcefghijlmnoprstuvw]|[<>~≈≤≥上不与估低充几刚四堪多大媲封将小少左差平恰接撑整最未正比没略直破稍突精约至起超跌跨过近逼逾顶高])(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _WORDS)
    + ")",
    re.IGNORECASE,
)
_UNTIL = re.compile(_TAIL, re.IGNORECASE)
_BEHIND = (
    ("at_least", re.compile(r"\s?(?:or (?:more|above|higher)\b|及?以上|之上|\+|plus\b|(?:at (?:the )?(?:very )?least|minimum|and (?:counting|up|above|rising))\b|开外|还多|多(?=[，。；,.;、)）的]|\Z)|有余|还不止|不止|出头|打底|起步|起(?=[，。；,.!！]|\Z))", re.IGNORECASE)),
    ("at_most", re.compile(r"\s?(?:or (?:less|fewer|lower)\b|(?:at (?:the )?(?:very )?most|tops|max(?:imum)?)\b(?=[\s,.;)]|\Z)|及?以下|以内|之内|不到|封顶)", re.IGNORECASE)),
    ("about", re.compile(r"\s?(?:左右|上下|or so\b|or thereabouts|,? ?give or take|-ish)", re.IGNORECASE)),
)  # fmt: skip

_UP = (
    r"\b(?:r(?:ose|ise[sn]?|ising)|gr[eo]w(?:s|n|ing|th)?|increas(?:e[sd]?|ing)|up|jump(?:s|ed)?|climb(?:s|ed|ing)?|surg(?:e[sd]?|ing)|gain(?:s|ed)?"
    r"|expand(?:s|ed)?|soar(?:s|ed)?|swell(?:s|ed)?|balloon(?:s|ed)?|went|go(?:es|ing)?|rais(?:e[sd]?|ing)|accelerat\w{1,4}|higher by)\b"
    r"|多(?:了|出|用了|耗了|花了)|[多高大贵](?=了?[约近]?\Z)|增长|增加|上升|提高|上涨|攀升|增幅|同比增|升至|增至|涨|增"
)
_DOWN = (
    r"\b(?:f[ea]ll(?:s|en|ing)?|dropp?(?:s|ed|ing)?|declin(?:e[sd]?|ing)|decreas(?:e[sd]?|ing)|down|cut(?:s|ting)?|reduc(?:e[sd]?|ing|tions?)|lower(?:s|ed|ing)?"
    r"|shr(?:a|i|u)nk(?:s|ing)?|los(?:e[sd]?|ing|t)|wip(?:es?|ed|ing)|shed(?:s|ding)?|sav(?:e[sd]?|ings?)|slash(?:es|ed)?|trim(?:s|med)?|less)\b|下降|减少|降低|下滑|减|降|跌|节省|节约|蒸发|缩水|流失|[少低小省](?=了?[约近]?\Z)"
)
_CHANGE = (
    (
        1,
        re.compile(
            rf"(?=\b[rgiujcsebwah]|[增上提涨攀升同多高大贵])(?:{_UP})[^.;:。；，\n]{{0,30}}\Z",
            re.IGNORECASE,
        ),
    ),
    (
        -1,
        re.compile(
            rf"(?=\b[fdcrlstw]|[下减降跌节蒸缩流少低小省])(?:{_DOWN})[^.;:。；，\n]{{0,30}}\Z",
            re.IGNORECASE,
        ),
    ),
)
_CHANGE_BEHIND = (
    (-1, re.compile(r"\s?(?:less|lower|fewer|cheaper|decrease|drop|decline|reduction|cut|fall|saving|smaller|below|under|off)\b|的?(?:降幅|下降|减少|降低)", re.IGNORECASE)),
    (1, re.compile(r"\s?(?:more|higher|increase|rise|jump|growth|greater|larger|above|surge|gain)\b|的?(?:增长|增幅|上升|涨幅|提升)", re.IGNORECASE)),
)  # fmt: skip
_FROM = re.compile(
    r"(?=\b[ftcvira]|[从由自相而比优好高低大小多少快慢强弱])(?:\bfrom\b|(?<!more )(?<!less )(?<!greater )(?<!higher )(?<!lower )(?<!fewer )(?<!larger )\bthan\b|\bcompared (?:to|with)\b|\bversus\b|\bvs\b\.?"
    r"|\binstead of\b|\brather than\b|\bas against\b|[优好高低大小多少快慢强弱]于(?=[^，。；0-9]{0,10}(?:平均|均值|行业|同行|同类|全国|全球|世界|去年|上年|往年|此前|对手|前者|标准|国标))|(?:从(?![来未不没而此中])|由|自(?![来身己动用备建有然家]))|相比|而非|(?<![占对同环百])比(?![例重如])(?![^.;，。]{0,10}[多少高低增减大小快慢贵省费强弱长短轻]))\s?[^.,;:。；，0-9]{0,16}\Z",
    re.IGNORECASE,
)
_TO = re.compile(
    r"(?=\b[trh]|[增升涨降跌减提上下攀达飙扩翻至])(?:(?<!compared )(?<!relative )(?<!equivalent )(?<!equal )(?<!close )(?<!corresponds )(?<!correspond )(?<!equates )(?<!up )\b(?:to|reach(?:es|ed|ing)?|hit(?:s|ting)?)\b|(?:增|升|涨|降|跌|减|提高|增加|增长|上升|下降|攀升|达|飙升|扩大|翻)[至到]|至|达到|[升增]为)"
    r"\s?[^.;:。；，0-9]{0,14}\Z",
    re.IGNORECASE,
)


# not 3 GWh but 30, 不是300万度
_NOT_IT = re.compile(
    r"(?:(?:\A|[\s,(;:])(?<!if )(?<!or )(?<!whether )not\s(?:the\s|some\s)?|(?:并?不是|并非|绝非|而非)约?)\Z",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    rf"(?=\b[rgiujcsebwahfdlt]|[增上提涨攀升同下减降跌节多少高低贵省快慢大小])(?:{_UP}|{_DOWN}|[多少高低贵省快慢大小](?=了|出|\s?\Z))(?:了|出|\sby)?\s?(?:[约近超]|about|some|around|roughly|nearly)?\s?\Z",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?:19|20)[0-9]{2}\s?年?(?:底|初|末)?的?")


def hedge_around(before: str, behind: str) -> str:
    """The hedge of a number between the texts `before` and `behind`; "none" where there is none.

    Examples
    --------
    >>> hedge_around("it uses upwards of ", " MWh"), hedge_around("每天耗电超", "万度"), hedge_around("最近", "天")
    ('at_least', 'at_least', 'none')
    >>> hedge_around("no more than ", " TWh"), hedge_around("nearly ", " times"), hedge_around("", " MW or more")
    ('at_most', 'nearly', 'none')
    """
    window = before[-WINDOW:]
    found = [
        _denied(str(m.lastgroup), window[: m.start()], m[0])
        for m in (_BEFORE.finditer(window) if window else ())
        if _UNTIL.match(window, m.end())
    ]
    if found:
        return min(found, key=_RANK.__getitem__)
    for name, behind_pattern in _BEHIND:
        if behind_pattern.match(behind):
            return name
    return "none"


_DENIES = re.compile(
    r"(?:\b(?:nobody|nothing|none|no one|no [a-z]{2,14}|neither|hardly|rarely|seldom|hardly any [a-z]{2,14})\s(?:(?!and|but|which|that)[a-z]{2,12}\s){0,4}|\b(?:never|not|nor|without)\s(?:[a-z]{2,10}\s){0,2}|n't\s(?:[a-z]{2,10}\s){0,2}|(?:从未|从不|未曾|没有(?:一[个台座家次块张户]|任何)?(?:[\u4e00-\u9fff]{0,4})|并未|未能|不曾|不会|没)(?:[^，。；]{0,3})?)\Z",
    re.IGNORECASE,
)
_DENIED = {"at_least": "at_most", "at_most": "at_least"}


def _denied(name: str, before: str, words: str) -> str:
    """never below is at least, 从未超过 at most; "no more than" denies in its own words."""
    if name not in _DENIED or words[:3].lower() in ("no ", "not") or words[0] in "不未":
        return name
    return _DENIED[name] if _DENIES.search(before) else name


def change_around(before: str, behind: str) -> int:
    """1 where the number is told as a rise, -1 as a fall, 0 else.

    Examples
    --------
    >>> change_around("demand fell by ", ""), change_around("用电增长", ""), change_around("", " less than before"), change_around("it is ", "")
    (-1, 1, -1, 0)
    """
    for sign, pattern in _CHANGE_BEHIND:
        if pattern.match(behind):
            return sign
    window = before[-WINDOW:]
    best, at = 0, -1
    for sign, words in _CHANGE:
        found = words.search(window)
        if found and found.start() > at:
            best, at = sign, found.start()
    return best


def role_of(before: str) -> str:
    """ "from" or "to" where the number is an end of a change, "denied" where it is said not to be so, else empty."""
    if _NOT_IT.search(before[-24:]):
        return "denied"
    window = _YEARS.sub("", before[-40:])
    if _TO.search(window):
        return "to"
    if _CHANGED.search(window):
        return ""  # 相比原来下降了5%
    return "from" if _FROM.search(window) else ""
