"""What is a sentence about? Place, system, aspect and company as tags, from words of both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from taotie.words import patterns as re

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
        ("data centres", r"\bdata ?-?cent(?:er|re)s?\b|\bserver (?:farm|hall|park)s?\b|\bservers (?:worldwide|around the world|across the)\b|\bthe world's servers\b|数据中心|智算中心|算力中心|全球服务器|机房"), ("AI", r"\bAI\b|\bartificial intelligence\b|人工智能|\bai\b|大模型"),
        ("query", r"\bquer(?:y|ies)\b|\bprompts?\b|\brequests?\b|\bsearch(?:es)?\b|每次|查询|提示词|问答|搜索|\banswer"), ("image", r"\bimages?\b|\bpictures?\b|图片|图像|生图"),
        ("video", r"\bvideos?\b|视频"), ("training", r"\btrain(?:ing|ed)?\b|训练"), ("queue", r"\bqueues?\b|\binterconnection\b|排队|并网申请"),
        ("household", r"\bhome\b|\bhousehold\b|家庭|户均"),
    ),
    "aspect": (
        ("capacity", r"\bcapacity\b|\binstalled\b|装机|容量"), ("generation", r"(?<!image )(?<!video )(?<!text )(?<!picture )(?<!token )\bgenerat(?:ion|ed|es)\b(?! (?:of )?(?:an? |one )?(?:images?|videos?|pictures?|texts?|tokens?|energy of|\w+ images?))|发电"), ("demand", r"\bpeak\b|峰值|高峰"),
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
# who says it: a sentence that names its source is held against that source first
_PUBLISHERS = (
    ("IEA", r"\bIEA\b|\binternational energy agency\b|\bparis-based (?:energy )?(?:agency|watchdog)\b|\benergy watchdog\b|国际能源署|国际能源机构"), ("Goldman", r"\bgoldman\b|高盛"), ("LBNL", r"\blawrence berkeley\b|\bberkeley lab\b|\bLBNL\b|劳伦斯伯克利"),
    ("EPRI", r"\bEPRI\b|\belectric power research institute\b"), ("Epoch", r"\bepoch ai\b"), ("MIT TR", r"\bmit technology review\b|麻省理工科技评论"),
    ("New Yorker", r"\bnew yorker\b|纽约客"), ("Cambridge", r"\bcambridge\b|剑桥"), ("McKinsey", r"\bmckinsey\b|麦肯锡"), ("BCG", r"\bBCG\b|\bboston consulting\b|波士顿咨询"),
    ("EIA", r"\bEIA\b|\benergy information administration\b|能源信息署"), ("Ember", r"\bember\b"), ("CAICT", r"\bCAICT\b|信通院|信息通信研究院|国家能源局"),
    ("NERC", r"\bNERC\b"), ("FERC", r"\bFERC\b"), ("ERCOT", r"\bERCOT\b"), ("PJM", r"\bPJM\b"), ("Hugging Face", r"\bhugging face\b"), ("DOE", r"\bDOE\b|\bdepartment of energy\b|能源部"),
    ("de Vries", r"\bde vries\b"), ("Riverside", r"\briverside\b|\bS\. Ren\b|河滨分校"), ("Altman", r"\baltman\b|奥尔特曼"), ("Google", r"\bgoogle\b|谷歌"),
    ("Microsoft", r"\bmicrosoft\b|微软"), ("Meta", r"\bmeta\b"), ("OpenAI", r"\bopenai\b"), ("Mistral", r"\bmistral\b"), ("DeepSeek", r"\bdeepseek\b"), ("xAI", r"\bxai\b"),
)  # fmt: skip
_SAYERS = tuple((name, re.compile(words, re.IGNORECASE | re.ASCII)) for name, words in _PUBLISHERS)
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


# the 2024 report, since 2020, 较2019年: no years of what is said
_NO_YEAR_OF_IT = re.compile(
    r"(?:19|20)[0-9]{2}\s?年?(?:版|度)?的?[^，。；,.;0-9]{0,10}?(?:报告|年报)|(?:19|20)[0-9]{2} (?:[A-Z]?[a-z]+ ){0,3}[Rr]eport\b"
    r"|\b(?:since|from|against|over|than in|compared (?:with|to)|relative to) (?:19|20)[0-9]{2}\b(?! (?:to|through|until))|[较比自从](?:19|20)[0-9]{2}年?(?!至|到)"
)
# as much as Argentina uses, 略高于日本目前的总用电量
_COMPARED = re.compile(
    r"(?:大致|大约|约)?(?:相当于|略?[高低多少]于|超过|接近|堪比|等于)[^，。；,;0-9]{0,24}(?:用电|耗电|电力|总量|取水|水平|排放)[^，。；,;0-9]{0,8}"
    r"|\b(?:comparable to|equivalent to|as much (?:[a-z]+ )?as|the same as|equal to|on par with|similar to|(?:slightly |far |even )?(?:more|less|higher|lower) than)\b[^0-9.;]{0,90}(?=[.;,]|\Z)",
    re.IGNORECASE,
)


@lru_cache(maxsize=64)
def said_of_itself(text: str) -> str:
    """A text without what its numbers are compared with, and without the years of titles and baselines.

    Examples
    --------
    >>> said_of_itself("By 2030 it is 945 TWh, slightly more than Japan uses today.")
    'By 2030 it is 945 TWh, .'
    """
    return _NO_YEAR_OF_IT.sub(" ", _COMPARED.sub(" ", text)).replace(",  .", ", .")


@lru_cache(maxsize=64)
def sayers(text: str) -> frozenset[str]:
    """Which publishers a text names."""
    return frozenset(name for name, words in _SAYERS if words.search(text))


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
