"""Which things and units does a word name? Homes, GPUs, queries, tokens; known units that are no English words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from taotie.errors import TaotieError
from taotie.quantity.unit import may_be_unit
from taotie.quantity.unit_text import PLAIN, WORDS, Unit, parse_unit
from taotie.words import patterns as re

NOUNS: dict[str, str] = {
    "home": "household", "house": "household", "household": "household", "dwelling": "household", "flat": "household", "apartment": "household", "family": "household",
    "person": "person", "people": "person", "user": "person", "resident": "person", "inhabitant": "person",
    "subscriber": "person", "employee": "person", "worker": "person", "job": "person", "human": "person", "american": "person",
    "gpu": "accelerator", "chip": "accelerator", "accelerator": "accelerator", "card": "accelerator", "tpu": "accelerator",
    "processor": "accelerator", "server": "server", "machine": "server", "node": "server",
    "query": "request", "request": "request", "prompt": "request", "question": "request", "search": "request",
    "chat": "request", "interaction": "request", "lookup": "request", "message": "request", "answer": "request", "response": "request", "reply": "request", "conversation": "request",
    "inference": "inference", "image": "image", "picture": "image", "photo": "image", "video": "video", "clip": "video",
    "token": "token", "parameter": "parameter", "param": "parameter", "facility": "site", "campus": "site", "site": "site",
}  # fmt: skip
_PEOPLE = (
    "electrician", "pipefitter", "welder", "plumber", "carpenter", "engineer", "technician", "builder", "contractor", "laborer", "labourer", "guard", "nurse",
    "teacher", "pupil", "farmer", "fisherman", "villager", "islander", "neighbor", "neighbour", "voter", "protester", "demonstrator", "signatory", "objector",
    "commuter", "passenger", "tourist", "visitor", "citizen", "taxpayer", "ratepayer", "soldier", "firefighter", "scientist", "researcher", "developer",
    "man", "woman", "child", "adult", "pensioner", "retiree", "operator", "staff", "men", "women", "children", "apprentice", "mechanic", "driver", "miner",
    "tradesman", "tradesmen", "tenant", "townspeople", "inhabitant",
)  # fmt: skip
NOUNS.update({word: "person" for word in _PEOPLE if word not in NOUNS})
_NOT_NOUNS = frozenset(["searching"])
CHINESE_NOUNS: tuple[tuple[str, str], ...] = (
    ("口之家", "household"), ("家庭", "household"), ("住户", "household"), ("户人家", "household"), ("居民", "person"), ("岗位", "person"), ("员工", "person"), ("职工", "person"), ("用户", "person"), ("网民", "person"), ("人口", "person"),
    ("加速卡", "accelerator"), ("显卡", "accelerator"), ("计算卡", "accelerator"), ("算力卡", "accelerator"), ("芯片", "accelerator"),
    ("加速器", "accelerator"), ("GPU", "accelerator"), ("图形处理器", "accelerator"), ("服务器", "server"), ("节点", "server"),
    ("次查询", "request"), ("查询", "request"), ("提问", "request"), ("请求", "request"), ("搜索", "request"), ("对话", "request"), ("问答", "request"),
    ("指令", "request"), ("提示词", "request"), ("提示", "request"), ("消息", "request"), ("推理", "inference"), ("图片", "image"), ("图像", "image"), ("照片", "image"), ("视频", "video"),
    ("词元", "token"), ("token", "token"), ("Token", "token"), ("tokens", "token"), ("参数", "parameter"), ("数据中心", "site"), ("园区", "site"),
)  # fmt: skip
GPU_NAME = re.compile(
    r"(?:(?:Nvidia|NVIDIA|nvidia|英伟达|AMD|Google|Huawei|华为)(?:的)?\s?)?(?:[HABLV][1-9][0-9]{1,2}[A-Za-z]{0,2}|GB?[23]00|MI[23][0-9]{2}[A-Z]?|TPU(?:\sv?[0-9][a-z]?)?|Ascend|昇腾[0-9]{0,3}|GPU|Blackwell|Hopper|Trainium[0-9]?)s?(?![A-Za-z0-9])"
)
FLOWS = ("request", "inference", "image", "video", "token")
STOP = frozenset((
    "a", "an", "the", "of", "in", "for", "by", "and", "or", "to", "per", "at", "on", "with", "from", "is", "are",
    "was", "were", "be", "been", "will", "would", "could", "can", "may", "might", "has", "have", "had", "that",
    "which", "who", "this", "these", "those", "its", "their", "our", "his", "her", "as", "than", "but", "if", "while",
    "when", "where", "not", "no", "so", "do", "does", "did", "use", "uses", "used", "using", "consume", "consumes",
    "consumed", "draw", "draws", "drew", "need", "needs", "needed", "require", "requires", "required", "cost",
    "costs", "power", "powers", "powered", "run", "runs", "running", "each", "every", "up", "down", "over", "under",
    "more", "less", "most", "between", "about", "around", "into", "out", "it", "they", "we", "you", "i", "he", "she",
))  # fmt: skip
TOKEN = re.compile(r"[A-Za-z](?:[A-Za-z0-9.'&-]{0,29}[A-Za-z0-9])?")
PERIODS = {
    "day": "d", "year": "a", "hour": "h", "month": "month", "week": "week", "second": "s", "minute": "min", "annum": "a",
    "daily": "d", "annually": "a", "yearly": "a", "hourly": "h", "monthly": "month", "weekly": "week", "annual": "a",
}  # fmt: skip
# single letters and short words that are units only where they cannot be words
_LETTERS = frozenset("WJhtgsLV")
_NO_UNITS = frozenset((
    "a", "in", "as", "at", "am", "pm", "us", "per", "b", "d", "m", "l", "A", "K", "M", "B", "T", "H", "req", "tok",
    "deg", "degree", "degrees", "bit", "site", "sites", "image", "images", "video", "videos", "answer", "answers",
    "search", "searches", "card", "cards", "home", "homes", "picture", "pictures", "message", "messages", "question",
    "questions", "reply", "response", "responses", "user", "users", "people", "family", "families", "x", "times",
    "cent", "cents", "server", "servers", "request", "requests", "inference", "inferences", "person", "persons",
    "household", "households", "chip", "chips", "gpu", "GPU", "GPUs", "accelerator", "accelerators", "prompt",
    "prompts", "query", "queries", "token", "tokens", "parameter", "parameters", "param", "hash", "inhabitant",
    "inhabitants", "E", "P", "G", "k", "n", "u", "pound", "pounds", "foot", "H2", "A2", "p", "T2",
))  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """What stands behind a number.

    Attributes
    ----------
    scale, unit
        Multiply the number with `scale` to have it in `unit`.
    end : int
        Where the text goes on.
    bare : Unit
        The unit without its period.
    period : str
        `d`, `a`, `h` ... where one is said, else empty.
    count : str
        What it is per, or what is counted, such as ``request``.
    noun : str
        The counted thing as written.
    substance : str
        ``carbon``, ``water`` or empty.
    kind : str
        amount | count | share | times | money | thing (a noun nobody knows) | none
    spread : tuple
        Factors of an ambiguous unit (a ton has 907 to 1016 kg).
    """

    scale: float = 1.0
    unit: Unit = PLAIN
    end: int = 0
    bare: Unit = PLAIN
    period: str = ""
    count: str = ""
    noun: str = ""
    substance: str = ""
    kind: str = "none"
    loose_period: bool = False
    spread: tuple[float, float] = (1.0, 1.0)
    written: str = ""


def amount(
    scale: float, unit: Unit, end: int, written: str, kind: str = "amount", **more: object
) -> Phrase:
    return Phrase(scale, unit, end, unit, kind=kind, written=written, **more)  # type: ignore[arg-type]


_LITERS = re.compile(r"(milli|mega|giga|centi|kilo)?lit(?:er|re)s?")
_LITER_PREFIX = {"milli": 1e-3, "centi": 1e-2, "kilo": 1e3, "mega": 1e6, "giga": 1e9, None: 1.0}


@lru_cache(maxsize=4096)
def known_unit(word: str) -> tuple[float, Unit] | None:
    """Factor and unit of one printed word, or None; never an English word that only looks like a unit."""
    if word in _NO_UNITS or (len(word) == 1 and word not in _LETTERS and word not in "$€£¥%"):
        return None
    if word == "£":
        return 1.0, Unit("GBP")
    if word == "‰":
        return 0.001, PLAIN
    liters = _LITERS.fullmatch(word)
    if liters:
        return _LITER_PREFIX[liters[1]], Unit("L")
    if word in ("percent", "pct"):
        return 1.0, Unit("%")
    if word not in WORDS and not may_be_unit(word) and not may_be_unit(word.lower()):
        stem = word.rstrip("s")
        if stem not in WORDS and not (word.endswith("es") and word[:-2] in WORDS):
            return None
    try:
        scale, unit = parse_unit(word)
    except TaotieError:
        low = word.lower()
        if low != word and low.rstrip("s") in (
            "watt",
            "kilowatt",
            "megawatt",
            "gigawatt",
            "terawatt",
            "liter",
            "litre",
            "gallon",
            "day",
            "hour",
            "year",
            "week",
            "month",
            "dollar",
            "euro",
            "yuan",
            "joule",
            "kilometer",
        ):
            return known_unit(low)
        return None
    return None if unit.is_plain and word not in ("times", "x") else (scale, unit)


@lru_cache(maxsize=4096)
def noun_of(word: str) -> str:
    """The counted thing an English word names, or nothing."""
    low = word.lower().rstrip(".'")
    if low in _NOT_NOUNS:
        return ""
    for form in (
        low,
        low[:-1] if low.endswith("s") else low,
        low[:-3] + "y" if low.endswith("ies") else low,
        low[:-2] if low.endswith("es") else low,
    ):
        if form in NOUNS:
            return NOUNS[form]
    return ""


_DATA_CENTER = re.compile(r"data\s?-?cent(?:er|re)s?(?![A-Za-z])", re.IGNORECASE)
# "90,000 of Nvidia's current accelerators", "three million of the county's homes"
_OWNER = re.compile(
    r"\s?of (?:the |its |their |our |those |these )?(?:[A-Z][\w.&-]{1,20}['’]s? |[a-z]{3,14}['’]s )?"
)


def noun_at(text: str, at: int, adjectives: int = 4) -> tuple[str, int, str, str] | None:
    """The counted thing behind `at`, adjectives skipped: its name, where it ends, the word, and an adjective of time.

    Examples
    --------
    >>> noun_at("million average US homes", 8)[:2], noun_at("weekly users", 0)
    (('household', 24), ('person', 12, 'users', 'weekly'))
    """
    when = ""
    owner = _OWNER.match(text, at)
    if owner:
        at = owner.end()
    for _step in range(adjectives + 1):
        while at < len(text) and text[at] in " -":
            at += 1
        gpu = GPU_NAME.match(text, at)
        word = TOKEN.match(text, at)
        if word is None:
            return None
        low = word[0].lower()
        if low in ("data", "datacenter", "datacentre", "datacenters", "datacentres"):
            place = _DATA_CENTER.match(text, at)
            if place:
                return "site", place.end(), place[0], when
        named = noun_of(word[0])
        if named:
            end = word.end()
            follows = noun_at(text, end, 1) if text[end : end + 1] == " " else None
            if (follows and follows[0] != "household") or (follows and named == "person"):
                return (*follows[:3], when)  # "search queries", "H100 GPU chips"
            return named, end, word[0], when
        if gpu:
            follows = (
                noun_at(text, gpu.end(), 2)
                if text[gpu.end() : gpu.end() + 1] in (" ", "-")
                else None
            )
            return (
                (*follows[:3], when)
                if follows and follows[0] in ("accelerator", "server")
                else ("accelerator", gpu.end(), gpu[0], when)
            )
        if low in STOP or (known_unit(word[0]) is not None and low not in ("hour",)):
            return None
        if low in PERIODS:
            when = low
        at = word.end()
        if text[at : at + 1] == "." and "." in word[0]:
            at += 1  # U.S. homes
        if text[at : at + 1] not in (" ", "-"):
            return None
    return None
