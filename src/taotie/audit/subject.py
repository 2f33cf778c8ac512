"""What is a sentence about? Place, system, aspect and company as tags, from words of both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

_TAGS: dict[str, tuple[tuple[str, str], ...]] = {
    "place": (
        ("US", r"\bU\.?S\.?A?\b|\bunited states\b|\bamerica(?:n|'s)?\b|美国|全美"), ("EU", r"\bEU\b|\beuropean union\b|\beurope(?:an)?\b|欧盟|欧洲"),
        ("China", r"\bchina(?:'s)?\b|\bchinese\b|中国|我国|全国"), ("Ireland", r"\bireland(?:'s)?\b|\birish\b|爱尔兰"), ("Japan", r"\bjapan(?:ese|'s)?\b|日本"),
        ("India", r"\bindia(?:n|'s)?\b|印度"), ("UK", r"\bU\.?K\.?\b|\bbritain\b|英国"), ("Germany", r"\bgerman(?:y|'s)?\b|德国"), ("Texas", r"\btexas\b|\bERCOT\b|得州|德州"),
        ("Virginia", r"\bvirginia\b|弗吉尼亚"), ("PJM", r"\bPJM\b"), ("Georgia", r"\bgeorgia power\b|佐治亚"), ("Netherlands", r"\bnetherlands\b|\bdutch\b|荷兰"),
        ("world", r"\bworld(?:wide|'s)?\b|\bglobal(?:ly)?\b|全球|世界"),
    ),
    "system": (
        ("crypto", r"\bbitcoin\b|\bcrypto\w*|\bmining\b|比特币|加密货币|挖矿"), ("network", r"\b(?:data (?:transmission )?)?networks?\b|数据传输网|通信网"),
        ("data centres", r"\bdata ?-?cent(?:er|re)s?\b|数据中心|智算中心|算力中心"), ("AI", r"\bAI\b|\bartificial intelligence\b|人工智能|\bai\b|大模型"),
        ("query", r"\bquer(?:y|ies)\b|\bprompts?\b|\brequests?\b|\bsearch(?:es)?\b|每次|查询|提示词|问答|搜索|\banswer"), ("image", r"\bimages?\b|\bpictures?\b|图片|图像|生图"),
        ("video", r"\bvideos?\b|视频"), ("training", r"\btrain(?:ing|ed)?\b|训练"), ("queue", r"\bqueues?\b|\binterconnection\b|排队|并网申请"),
        ("household", r"\bhome\b|\bhousehold\b|家庭|户均"),
    ),
    "aspect": (
        ("capacity", r"\bcapacity\b|\binstalled\b|装机|容量"), ("generation", r"\bgenerat(?:ion|ed|es)\b|发电"), ("demand", r"\bpeak\b|峰值|高峰"),
        ("price", r"\bprices?\b|电价|价格"), ("water", r"\bwater\b|用水|耗水|水耗"), ("emissions", r"\bemission\w*|\bcarbon\b|\bCO2\b|排放|碳"), ("pue", r"\bPUE\b"),
        ("investment", r"\bcapex\b|\binvest\w*|\bspend\w*|投资|资本开支"), ("growth", r"\bgr[eo]w\w*|\bincrease\w*|\brise\w*|增长|上升"), ("share", r"\bshare\b|\bpercent|%|占|比例"),
    ),
    "company": tuple(
        (name, words)
        for name, words in (
            ("ChatGPT", r"\bchatgpt\b|\bopenai\b|\bGPT-?[0-9]?\w*|\baltman\b"), ("Google", r"\bgoogle\b|\bgemini\b|\balphabet\b|谷歌"), ("Microsoft", r"\bmicrosoft\b|微软"),
            ("Meta", r"\bmeta\b|\bllama\b|\bfacebook\b"), ("Amazon", r"\bamazon\b|\bAWS\b|亚马逊"), ("xAI", r"\bxai\b|\bgrok\b|\bcolossus\b|\bmusk\b|马斯克"),
            ("Mistral", r"\bmistral\b"), ("DeepSeek", r"\bdeepseek\b|深度求索"), ("Anthropic", r"\banthropic\b|\bclaude\b"), ("Nvidia", r"\bnvidia\b|英伟达"),
            ("BLOOM", r"\bbloom\b"), ("Stargate", r"\bstargate\b|星际之门"),
        )
    ),
}  # fmt: skip
# ASCII: a Han character ends a Latin word (Mistral的)
_COMPILED = {
    kind: tuple(
        (
            name,
            re.compile(words, re.IGNORECASE | re.ASCII),
        )
        for name, words in rows
    )
    for kind, rows in _TAGS.items()
}
_YEAR = re.compile(r"(?<![0-9.,])(?:19|20)[0-9]{2}(?![0-9.,]?[0-9])")


@dataclass(frozen=True)
class Scope:
    """Tags of a text by kind, and the years it names."""

    tags: dict[str, frozenset[str]] = field(default_factory=dict)
    years: frozenset[int] = frozenset()

    def of(self, kind: str) -> frozenset[str]:
        """The tags of one kind."""
        return self.tags.get(kind, frozenset())

    @property
    def words(self) -> str:
        """The tags as words."""
        return ", ".join(
            sorted(t for kind in ("company", "place", "system") for t in self.of(kind))
        )


@lru_cache(maxsize=64)
def scope_of(text: str) -> Scope:
    """What a text is about.

    Examples
    --------
    >>> s = scope_of("US data centers used 176 TWh in 2023")
    >>> sorted(s.of("place")), sorted(s.of("system")), sorted(s.years)
    (['US'], ['data centres'], [2023])
    """
    tags = {
        kind: frozenset(name for name, words in rows if words.search(text))
        for kind, rows in _COMPILED.items()
    }
    if tags["place"] - {"world"}:
        tags["place"] = (
            tags["place"] - {"world"} if "world's" not in text.lower() else tags["place"]
        )
    return Scope(tags, frozenset(int(y) for y in _YEAR.findall(text)))
