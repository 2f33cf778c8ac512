"""Which closed model does a name mean? Only names: what such a model takes is computed in `metered`."""

from __future__ import annotations

import re
from typing import NamedTuple

from taotie.quantity.catalog import table

__all__ = [
    "ClosedName",
    "Product",
    "closed_family",
    "closed_name",
    "closed_names",
    "plain_model_name",
    "product_named",
]

TABLE = "closed_model_energy"

_DROP = re.compile(
    r"(^(openai|anthropic|google|models|azure|vertex_ai|bedrock|openrouter|x-ai|xai|us\.anthropic|eu\.anthropic|meta|mistralai|gemini)[/.])|(@\d{8}$)|(-\d{4}-\d{2}-\d{2}$)|(-\d{8}$)|(-v\d+(:\d+)?$)|(-latest$)|(-preview$)|(:\w+$)|(-(minimal|low|medium|high|xhigh)$)"
)
_TIERS = (
    "mini",
    "nano",
    "pro",
    "flash-lite",
    "flash",
    "lite",
    "haiku",
    "sonnet",
    "opus",
    "fable",
    "luna",
    "terra",
    "sol",
    "astra",
    "fast",
    "turbo",
    "codex",
    "max",
)


class ClosedName(NamedTuple):
    """A row of the table of closed models, and how many versions away from it a name stands; 0: the row itself."""

    item: str
    steps: int = 0


class Product(NamedTuple):
    """What people call a service by, and not a model: the one behind it is closed, though its maker may publish others.

    maker : its company; names : the first is the usual one; open : how names of the maker's published models begin
    """

    maker: str
    names: tuple[str, ...]
    open: tuple[str, ...] = ()


PRODUCTS = (
    Product("ByteDance", ("豆包", "doubao", "字节跳动", "火山方舟"), ("seed-oss",)),
    Product("Baidu", ("文心一言", "文心", "ernie", "yiyan", "百度"), ("ernie-4.5",)),
    Product("Alibaba", ("通义千问", "通义", "千问", "tongyi", "qwen-max", "qwen-plus", "qwen-turbo", "阿里"), ("qwen",)),
    Product("Tencent", ("腾讯混元", "混元", "元宝", "hunyuan", "yuanbao", "腾讯"), ("hunyuan",)),
    Product("iFlytek", ("讯飞星火", "星火", "科大讯飞", "讯飞", "iflytek", "xinghuo", "spark-max", "spark-ultra"), ()),
    Product("Moonshot AI", ("月之暗面", "moonshot", "kimi"), ("kimi",)),
    Product("Zhipu", ("智谱清言", "智谱", "清言", "zhipu", "chatglm"), ("glm",)),
    Product("MiniMax", ("minimax", "海螺", "abab"), ("minimax",)),
    Product("StepFun", ("阶跃星辰", "阶跃", "stepfun", "跃问"), ("step",)),
    Product("Baichuan", ("百川智能", "百川", "baichuan"), ("baichuan",)),
    Product("Huawei", ("盘古", "pangu"), ("pangu",)),
    Product("SenseTime", ("日日新", "商汤", "sensenova", "sensechat"), ()),
    Product("DeepSeek", ("深度求索",), ("deepseek",)),
)  # fmt: skip
"""Chinese services by the names people type; names alone, no figure hangs on them."""


def product_named(name: str) -> Product | None:
    """The service that a name means, None where it is none that is known here.

    Examples
    --------
    >>> product_named("豆包1.5 Pro").maker, product_named("Doubao-1.5-pro").maker, product_named("kimi").open
    ('ByteDance', 'ByteDance', ('kimi',))
    >>> product_named("llama"), product_named("sparkling")
    (None, None)
    """
    text = plain_model_name(name)
    for one in PRODUCTS:
        for word in one.names:
            if (
                word in text
                if not word.isascii()
                else re.search(rf"(?<![a-z]){word}(?![a-z])", text)
            ):
                return one
    return None


def plain_model_name(name: str) -> str:
    """A model's name without provider, date and effort words.

    Examples
    --------
    >>> plain_model_name("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), plain_model_name("openai/gpt-5:thinking")
    ('claude-sonnet-4-5', 'gpt-5')
    """
    text = re.sub(r"(?<=[\w)])[ _]+(?=\w)", "-", name.strip().lower())
    while True:
        shorter = _DROP.sub("", text)
        if shorter == text or not shorter:
            return text
        text = shorter


def _tier(name: str) -> str:
    return next((t for t in _TIERS if re.search(rf"(^|-){t}($|-|\d)", name)), "")


def _words(name: str) -> list[str]:
    """Words of a name that are no version."""
    return re.findall(r"[a-z]{2,}", name)


def _family(name: str) -> str:
    return re.split(r"[-\d]", name, maxsplit=1)[0]


def _version(name: str) -> tuple[float, ...]:
    return tuple(float(v) for v in re.findall(r"\d+", name)[:3])


def closed_names() -> dict[str, str]:
    """Row of the table by every name that means it: its own, plain, aliases."""
    cells = table(TABLE)
    known: dict[str, str] = {}
    for row in cells.items():
        if "energy_reference_request" not in cells.quantities(row):
            continue
        known[row] = row
        known[plain_model_name(row)] = row
        if "alias" in cells.quantities(row):
            for alias in str(cells.value(row, "alias")).split():
                known.setdefault(plain_model_name(alias), row)
    return known


def _fold(name: str) -> str:
    """A name with versions written in one way: makers and gateways write 4.5 and 4-5 of one model."""
    return re.sub(r"(?<=\d)[.](?=\d)", "-", name)


def _folded(known: dict[str, str]) -> dict[str, str]:
    return {_fold(name): row for name, row in known.items()}


def closed_name(name: str) -> ClosedName | None:
    """The row that a name means: itself, an alias, or the nearest version of the same family and tier.

    None if there is none: another tier may be ten times as large, and is never taken.

    Examples
    --------
    >>> closed_name("openai/gpt-5-2025-08-07"), closed_name("llama-3.1-8b")
    (ClosedName(item='gpt-5', steps=0), None)
    >>> closed_name("Claude Opus 4.5").item, closed_name("gemini-2-5-pro")
    ('claude-opus-4-5', ClosedName(item='gemini-2.5-pro', steps=0))
    """
    known = closed_names()
    plain = plain_model_name(name)
    item = known.get(name.strip().lower()) or known.get(plain) or _folded(known).get(_fold(plain))
    if item is not None:
        return ClosedName(item)
    same = [k for k in known if _family(k) == _family(plain) and _tier(k) == _tier(plain)]
    # a word that no model of the family has may be a tier of its own, ten times as large
    spoken = {w for k in known if _family(k) == _family(plain) for w in _words(k)}
    if not (same and _version(plain) and set(_words(plain)) <= spoken):
        return None
    near = min(same, key=lambda k: _distance(_version(k), _version(plain)))
    return ClosedName(known[near], max(round(abs(_version(plain)[0] - _version(near)[0])), 1))


def closed_family(name: str) -> list[str]:
    """Closed models that a name may stand for without saying which: a product, or a family alone, the latest first.

    Examples
    --------
    >>> closed_family("ChatGPT")[0][:4], closed_family("mixtral")
    ('gpt-', [])
    """
    cells = table(TABLE)
    plain = plain_model_name(name)
    rows = list(dict.fromkeys(closed_names().values()))
    # the letter of o1 and o3 stands in most words
    same = [r for r in rows if len(_family(r)) > 2 and _family(r) in plain]
    day = {r: str(cells.value(r, "released")) for r in same if "released" in cells.quantities(r)}
    return sorted(same, key=lambda r: day.get(r, ""), reverse=True)


def _distance(a: tuple[float, ...], wanted: tuple[float, ...]) -> tuple[float, float]:
    """How far a version is: by its first number; of an earlier generation the latest is nearest."""
    first, rest = a[0] if a else 0.0, a[1] if len(a) > 1 else 0.0
    minor = wanted[1] if len(wanted) > 1 else 0.0
    if first == wanted[0]:
        return 0.0, abs(rest - minor)
    return abs(first - wanted[0]), -rest if first < wanted[0] else rest
