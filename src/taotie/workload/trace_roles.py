"""What does a column of a request log hold? Its role, and its unit of time, from its name alone.

One table for every layout and container: arrival, tokens read and written, cached ones, latency, session, turn, delay,
prefix hashes, model, user, counts and totals. A name is read as words - small letters, digits, camel case and
brackets taken apart - so that `prompt_tokens`, `promptTokenCount` and `Prompt tokens` are one spelling. A key inside
another (`usage.prompt_tokens`) is a path; the last part decides, the parts before it may spoil it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["COUNTS", "NEEDED", "Meaning", "meaning", "name_words", "plain_name"]

NEEDED = ("t", "prompt", "output")
"""Roles without which there is no request."""

COUNTS = ("count", "sum")
"""Roles of columns that hold totals of many requests."""


class Meaning(NamedTuple):
    """What a name says."""

    role: str
    rank: int
    """The smaller, the surer; of two columns of one role the surer is taken."""
    unit_s: float | None = None
    """Seconds per unit, where the name says it."""


UNITS_S: dict[str, float] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒"), 1.0),
    **dict.fromkeys(("ms", "msec", "msecs", "milli", "millis", "millisecond", "milliseconds", "毫秒"), 1e-3),
    **dict.fromkeys(("us", "usec", "usecs", "micro", "micros", "microsecond", "microseconds", "微秒"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nsecs", "nano", "nanos", "nanosecond", "nanoseconds", "纳秒"), 1e-9),
    **dict.fromkeys(("min", "mins", "minutes", "分钟"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hours", "小时"), 3600.0),
    **dict.fromkeys(("days",), 86_400.0),
}  # fmt: skip
"""Words that name a unit of time, after other words. [s]"""

_SILENT = {"unix", "epoch", "utc", "gmt", "iso", "iso8601", "since", "in"}
"""Words that change nothing about which time it is."""

_ARRIVALS = (
    # who asks when: arrival at the service
    "arrival arrivals arrivaltime arrivaltimes arrivaltimestamp arrivaltimestamps arrivedat arrived arrivalat "
    "arrivaldate arrivaldatetime requestarrivaltime requestarrival requestarrivaltimestamp arrivalts 到达时间",
    "submittime submittedat submittimestamp submissiontime submitted submitat submitts enqueuedat enqueuetime queuedat "
    "requeststart requeststarttime requeststarttimestamp requeststartedat requestreceivedat requestreceivedtime "
    "requestreceivedts requestreceived requesttime requestedat requesttimestamp requestts requestdatetime requestdate "
    "receivedat received receivedtime receivetime receivedts receivedtimestamp timereceived requestcreatedat requestsentat "
    "requestsenttime requestsubmittime requestat 请求时间",
    "starttime starttimes starttimestamp starttimestamps startedat startat start started startts startdate startdatetime "
    "begin begintime beginat begints begintimestamp sentat sent senttime sendtime sentts dispatchtime dispatchedat "
    "issuedat issuetime firstseen 开始时间",
    "created createdat createdtime createdts createtime creationtime creationdate createddate createdtimestamp "
    "createtimestamp datecreated insertedat insertedtime 创建时间",
    "timestamp timestamps ts tstamp datetime eventtime eventtimestamp logtime logtimestamp loggedat timegenerated "
    "timestampstart unixtime unixtimestamp datetimeutc 时间戳",
    "time times t date localtime clock when epochtime 时间 日期",
    "day hour minute week month period bucket interval window 天 小时 月",
)  # fmt: skip
"""Names of a time of arrival, the surest first; after the last words come in order, as in `_PERIODS`, parts of time."""

_PERIODS = len(_ARRIVALS) - 1
"""Rank from which a name is one of a stretch of time, not of a moment."""

_PERIOD_S = {
    "minute": 60.0, "hour": 3600.0, "小时": 3600.0, "day": 86_400.0, "天": 86_400.0, "week": 604_800.0,
}  # fmt: skip
"""What a column is counted in that is called by a stretch of time, where someone says that it holds moments. [s]"""

_IN = {"prompt", "prompts", "input", "inputs", "in", "prefill", "context", "request", "query"}
_OUT = {
    "output", "outputs", "out", "completion", "completions", "generated", "generation", "gen", "response", "decode",
    "answer", "predicted", "candidates", "candidate", "reply", "decoded",
}  # fmt: skip
_LOOSE = {
    "request",
    "response",
    "query",
    "context",
    "generation",
    "answer",
    "reply",
    "candidate",
    "completion",
}
"""Words that need `tokens` beside them: a request's length or a generation's count may be anything else."""
_COUNT = {
    "tokens", "token", "toks", "tok", "len", "lens", "length", "lengths", "n", "num", "number", "count", "counts", "nb",
    "of", "sequence", "seq", "size", "eval", "usage", "llm", "native", "ai", "no", "actual", "measured",
}  # fmt: skip
_TOKENS = {"tokens", "token", "toks", "tok"}
_LATENCY = {
    "latency", "latencies", "duration", "durations", "elapsed", "ttft", "ttfts", "tpot", "tpots", "itl", "itls", "e2e",
    "took", "runtime", "delayms", "ttlt", "tbt", "e2el", "延迟", "耗时", "时长",
}  # fmt: skip
_LATENCY_BESIDE_TIME = {
    "first", "per", "response", "processing", "generation", "queue", "queued", "total", "inference", "prefill", "decode",
    "wait", "waiting", "service", "execution", "compute", "completion", "run", "inter", "load", "process", "forward",
    "exec", "generate", "turnaround", "round", "trip", "to",
}  # fmt: skip
_END = {"end", "ended", "finish", "finished", "complete", "completed", "done", "stop", "stopped", "last", "ends", "ack", "ttl", "expires", "expiry", "updated", "modified", "until", "结束时间"}  # fmt: skip

_WHOLE: dict[str, tuple[str, int]] = {
    "evalcount": ("output", 2),
    "tokensize": ("output", 3),
    "isl": ("prompt", 1),
    "osl": ("output", 1),
    "nin": ("prompt", 1),
    "nout": ("output", 1),
    "in": ("prompt", 3),
    "out": ("output", 3),
    "input": ("prompt", 4),
    "prompt": ("prompt", 4),
    "output": ("output", 4),
    "completion": ("output", 4),
    "requestsize": ("other", 0),
    "responsesize": ("other", 0),
    "提示词token数": ("prompt", 1),
    "inputmetricstotaltokens": ("prompt", 0),
    "outputmetricstotaltokens": ("output", 0),
    **dict.fromkeys(("hashids", "blockhashes", "blockhashids", "blockids", "prefixhashes", "prefixblocks"), ("hash", 0)),
    **dict.fromkeys(("sessionid", "session", "sessionkey", "conversationid", "conversation", "genaiconversationid", "threadid", "dialogid",
                     "dialogueid", "convid", "userconversationid", "会话"), ("session", 0)),
    **dict.fromkeys(("turn", "turnindex", "turnid", "turnnumber", "round", "roundindex"), ("turn", 0)),
    "delay": ("delay", 0),
    "thinktime": ("delay", 1),
    **dict.fromkeys(("model", "modelname", "modelid", "requestmodel", "responsemodel", "deployment"), ("model", 0)),
    **dict.fromkeys(("user", "userid", "username", "enduser", "customerid", "clientid", "tenant", "team"), ("user", 0)),
    **dict.fromkeys(("requests", "nrequests", "numrequests", "requestcount", "requestscount", "requestcounts",
                     "nummodelrequests", "numberofrequests", "totalrequests", "requeststotal", "count", "counts", "calls",
                     "ncalls", "numcalls", "callcount", "apicalls", "apirequests", "queries", "nqueries", "querycount",
                     "samplecount", "invocations", "invocationcount", "messagecount", "请求数", "调用次数", "次数"), ("count", 0)),
    **dict.fromkeys(("requestid", "reqid", "xrequestid", "id", "index", "uid", "spanid", "traceid"), ("id", 0)),
    **dict.fromkeys(("status", "statuscode", "success", "error", "errorcode", "errors", "wascancelled", "httpstatus"), ("status", 0)),
    **dict.fromkeys(("totaltokens", "totaltokencount", "tokens", "tokencount", "numtotaltokens", "numbertotaltokens"), ("total", 0)),
    **dict.fromkeys(("conversations", "messages", "text", "content", "question", "instruction", "conversationa",
                     "textinput", "promptstr", "prompttext", "responsetext", "generatedtexts", "generatedtext"), ("text", 0)),
    "thoughtstokencount": ("thoughts", 0),
}  # fmt: skip

_BESIDE = {
    "usage", "metrics", "metric", "request", "response", "body", "data", "metadata", "attributes", "info", "timings", "message",
    "result", "results", "record", "payload", "event", "log", "generation", "stats", "timing", "source", "input", "output", "llm",
    "usagemetadata", "metainfo", "usagedetails", "inputmetrics", "outputmetrics", "value", "span", "tokens", "tokenusage", "completion",
    "fields", "properties", "trace", "item", "items", "entry", "row", "rows", "context", "call", "eventmetadata", "params",
}  # fmt: skip
"""Keys whose insides are those of the request itself."""


def plain_name(column: str) -> str:
    """A column's name in small letters and digits only.

    Examples
    --------
    >>> plain_name("Request tokens")
    'requesttokens'
    """
    return re.sub(r"[^a-z0-9]", "", column.lower())


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name.

    Examples
    --------
    >>> name_words("startTimeUnixNano"), name_words("TTFT [ms]")
    (('start', 'time', 'unix', 'nano'), ('ttft', 'ms'))
    """
    apart = re.sub(
        r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.replace("µs", "us")
    )
    return tuple(re.findall(r"[a-z]+|[0-9]+|[\u4e00-\u9fff]+", apart.lower()))


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning | None:
    """What a column's name, or the path of a key (`usage.prompt_tokens`), says it holds; None: nothing known.

    Examples
    --------
    >>> meaning("ts_ms")
    Meaning(role='t', rank=4, unit_s=0.001)
    >>> meaning("usage.prompt_tokens").role, meaning("n_out").role, meaning("e2e_latency").role
    ('prompt', 'output', 'latency')
    """
    parts = [part for part in name.split(".") if part] or [name]
    if len(parts) > 1 and parts[-1] in ("value", "total") and len(parts) > 1:
        parts = parts[:-1]
    whole = name_words(name)
    if len(parts) > 1 and (special := _nested(parts)) is not None:
        return special
    words = name_words(parts[-1])
    found = _of_words(words)
    if found is None or len(parts) == 1:
        return found
    above = [word for part in parts[:-1] for word in ("".join(name_words(part)),)]
    foreign = sum(
        part not in _BESIDE and not part.startswith(("gen", "gcp", "llm")) for part in above
    )
    details = any("details" in part and part != "usagedetails" for part in above)
    if details and found.role in ("prompt", "output"):
        return None
    if "error" in above or (found.role in ("t", "count") and foreign > 1) or not whole:
        return None
    return found._replace(
        rank=found.rank + 10 * foreign + (1 if found.role != "t" else 0) * (len(parts) - 1)
    )


def _nested(parts: list[str]) -> Meaning | None:
    """Meanings that a key has only inside its parent."""
    parent, last = "".join(name_words(parts[-2])), "".join(name_words(parts[-1]))
    if parent in ("usage", "usagedetails", "tokens", "tokenusage", "tokencount", "tokencounts"):
        if last in ("input", "prompt", "in"):
            return Meaning("prompt", 1)
        if last in ("output", "completion", "out"):
            return Meaning("output", 1)
        if last in ("total",):
            return Meaning("total", 1)
    if last in ("totaltokens", "total") and parent in ("inputmetrics", "outputmetrics"):
        return Meaning("prompt" if parent == "inputmetrics" else "output", 0)
    if parent == "timings" and last in ("promptn", "predictedn"):
        return Meaning("prompt" if last == "promptn" else "output", 0)
    return None


def _of_words(words: tuple[str, ...]) -> Meaning | None:
    if not words:
        return None
    whole = "".join(words)
    if whole in _WHOLE:
        role, rank = _WHOLE[whole]
        return Meaning(role, rank)
    tokens = _tokens(words)
    if tokens is not None:
        return tokens
    return _times(words)


def _tokens(words: tuple[str, ...]) -> Meaning | None:
    """A column of token counts."""
    have = set(words)
    into, out = have & _IN, have & _OUT
    if have & {"cached", "cache"} and (
        have & (_TOKENS | {"input", "read", "content", "hit", "creation", "write"})
    ):
        if have & {"creation", "write"}:
            return Meaning("cache_write", 0)
        return Meaning("cached", 0)
    if have & {"reasoning"} and have & _TOKENS:
        return Meaning("reasoning", 0)
    if have & {"chars", "char", "characters", "bytes", "words"} and (into or out):
        return Meaning("chars", 0)
    if have & {
        "price",
        "cost",
        "rate",
        "second",
        "avg",
        "mean",
        "max",
        "min",
        "limit",
        "budget",
        "throughput",
        "per",
        "p50",
        "p99",
        "std",
    }:
        return Meaning("other", 0) if have & _TOKENS else None
    rest = have - _COUNT
    if have & {"total", "sum", "cumulative"} and (into or out) and have & _TOKENS:
        return Meaning("sum", 0)
    if (
        bool(into) == bool(out)
        and not (into <= {"request", "query", "in"} and out)
        and not (out <= {"generation", "response", "completion"} and into)
    ):
        return None
    side, other = (out, into) if out and not (into - {"request", "query", "in"}) else (into, out)
    allowed = _IN | _OUT
    if rest - allowed or not have & _COUNT:
        return None
    if side <= _LOOSE and not have & (_TOKENS | {"len", "lens", "lengths"}):
        return None
    if "size" in have and not have & _TOKENS and side & _LOOSE:
        return None
    rank = 0 if have & _TOKENS else 1 if have & {"len", "lens", "length", "lengths"} else 2
    if other:
        rank += 1
    return Meaning("output" if side & _OUT else "prompt", rank)


def _times(words: tuple[str, ...]) -> Meaning | None:
    """A column of times: of arrival, of the end, or of how long something took."""
    unit = None
    base = list(words)
    if len(base) > 1 and base[-1] in UNITS_S:
        unit = UNITS_S[base.pop()]
    lean = [word for word in base if word not in _SILENT] or base
    have = set(lean)
    whole = "".join(lean)
    rank = _rank(whole)
    if rank is None and unit is None and len(words) == 1:
        for ending in ("ms", "us", "ns"):  # glued: timems, tsms
            if whole.endswith(ending) and (rank := _rank(whole[:-2])) is not None:
                unit = UNITS_S[ending]
                break
    if rank is not None and rank >= _PERIODS:
        return Meaning("period", rank, _PERIOD_S.get(whole) if unit is None else unit)
    if rank is not None:
        return Meaning("t", rank, unit)
    if whole in ("delay", "thinktime", "delayafterprevious", "interturndelay"):
        return Meaning("delay", 0, unit)
    if have & _LATENCY or (have & {"time", "times", "ms"} and have & _LATENCY_BESIDE_TIME):
        return Meaning(
            "latency",
            0
            if have & {"latency", "latencies", "duration", "elapsed", "e2e"}
            and not have & {"first", "token", "inter", "per", "ttft"}
            else 1,
            unit,
        )
    if have & _END and (
        have & {"time", "times", "at", "timestamp", "ts", "date", "datetime", "request", "on"}
        or len(have) == 1
    ):
        return Meaning("end", 0, unit)
    return None


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    return {name: rank for rank, names in enumerate(_ARRIVALS) for name in names.split()}


def _rank(whole: str) -> int | None:
    return _ranks().get(whole)
