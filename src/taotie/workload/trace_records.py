"""Where in a JSON document are the requests? A list of records, columns as lists, spans, runs of a benchmark: one list out.

Nothing is computed: every request becomes one object whose keys `trace_layout` reads. What is no log at all - totals of
a bill, a load test without times, texts - is refused with what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from taotie.errors import TraceError
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.trace_roles import meaning

__all__ = ["Records", "groups_of", "paths_of", "value_at"]

Record = dict[str, Any]
_DEEPEST = 6


class Records(NamedTuple):
    """Records that may be requests."""

    rows: list[Record]
    layout: str = ""
    said: tuple[Said, ...] = ()
    others: int = 0
    """Records beside them that are no requests."""


def value_at(record: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of keys, or None."""
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def paths_of(records: list[Record], most: int = 400) -> list[tuple[str, ...]]:
    """Paths of all values in some records, in order of appearance; lists are values."""
    found: dict[tuple[str, ...], None] = {}

    def walk(item: Record, above: tuple[str, ...]) -> None:
        for key, value in item.items():
            path = (*above, str(key))
            if isinstance(value, dict) and value and len(path) < _DEEPEST:
                walk(value, path)
            elif len(found) < most:
                found.setdefault(path)

    for record in records:
        walk(record, ())
    # a key that holds an object in one record and nothing in another is not a value
    inner = {path[:i] for path in found for i in range(1, len(path))}
    return [path for path in found if path not in inner]


def groups_of(document: Any, path: Path) -> Iterator[Records]:
    """Lists of records in a document, the likeliest first.

    Raises
    ------
    TraceError
        If the document is known to hold no single requests.
    """
    if isinstance(document, dict):
        yield from _of_object(document, path)
        return
    records = (
        [item for item in document if isinstance(item, dict)] if isinstance(document, list) else []
    )
    if isinstance(document, list) and len(records) < len(document):
        # a table written as lists: the first has the names
        if (
            document
            and all(isinstance(row, list) for row in document)
            and all(isinstance(cell, str) for cell in document[0])
        ):
            yield Records([dict(zip(document[0], row, strict=False)) for row in document[1:]])
        return
    if not records:
        return
    if any("resourceSpans" in item or "resource_spans" in item for item in records):
        yield _spans(records)
        return
    _no_totals(records, path)
    _no_log(records[0], path)
    yield Records(records)
    for rows in _nested(records):
        yield Records(rows)
    by_lists = [row for item in records for row in _columns(item)]
    if by_lists:
        yield Records(by_lists, "sglang" if "sglang" in str(records[0].get("backend", "")) else "")


def _of_object(document: Record, path: Path) -> Iterator[Records]:
    if "resourceSpans" in document or "resource_spans" in document:
        yield _spans([document])
        return
    _no_log(document, path)
    if document.get("object") == "page" or {"data", "has_more"} <= set(document):
        items = document.get("data")
        if isinstance(items, list):
            _no_totals([item for item in items if isinstance(item, dict)], path)
    benchmarks = document.get("benchmarks")
    if isinstance(benchmarks, list) and any(
        isinstance(b, dict) and "requests" in b for b in benchmarks
    ):
        yield _guidellm(benchmarks)
        return
    by_lists = _columns(document)
    if by_lists:
        yield Records(by_lists, "vllm" if {"input_lens", "output_lens"} <= set(document) else "")
    columns, data = document.get("columns"), document.get("data")
    if (
        isinstance(columns, list)
        and isinstance(data, list)
        and all(isinstance(row, list) for row in data)
    ):
        yield Records([dict(zip(map(str, columns), row, strict=False)) for row in data])
    for rows in sorted(_nested([document]), key=len, reverse=True):
        _no_totals(rows, path)
        yield Records(rows)
    inside = [item for item in document.values() if isinstance(item, dict)]
    if len(inside) == len(document) and inside:
        keys = list(inside[0])
        if all(not isinstance(value, dict | list) for value in inside[0].values()) and meaning(
            str(next(iter(document)))
        ):
            yield Records(
                [{name: item.get(key) for name, item in document.items()} for key in keys]
            )
        yield Records(inside)
    yield Records([document])


def _columns(document: Record) -> list[Record]:
    """Rows of an object whose values are lists of one length."""
    lists = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and value and not isinstance(value[0], dict)
    }
    named = [
        key
        for key in lists
        if (m := meaning(key)) is not None and m.role in ("prompt", "output", "t")
    ]
    numeric = [key for key in named if all(isinstance(v, int | float | str) for v in lists[key])]
    if len(numeric) < 2:
        return []
    n = len(lists[numeric[0]])
    same = {key: value for key, value in lists.items() if len(value) == n}
    return [dict(zip(same, row, strict=True)) for row in zip(*same.values(), strict=True)]


def _nested(records: list[Record]) -> list[list[Record]]:
    """Lists of objects inside objects, those under the same keys put together; the largest first."""
    found: dict[tuple[str, ...], list[Record]] = {}

    def walk(item: Any, above: tuple[str, ...]) -> None:
        if isinstance(item, dict):
            for key, value in item.items():
                if len(above) < _DEEPEST:
                    walk(value, (*above, str(key)))
        elif isinstance(item, list) and item and all(isinstance(one, dict) for one in item):
            found.setdefault(above, []).extend(item)
            if len(item) < 10_000 and len(above) < _DEEPEST:
                for one in item:
                    for key, value in one.items():
                        if isinstance(value, dict | list):
                            walk(value, (*above, str(key)))

    for record in records[:10_000]:
        for key, value in record.items():
            walk(value, (str(key),))
    return sorted(found.values(), key=len, reverse=True)


def _guidellm(benchmarks: list[Any]) -> Records:
    """Requests of the runs of a GuideLLM report; those that failed or were cut short are counted."""
    rows: list[Record] = []
    others = runs = 0
    for benchmark in benchmarks:
        requests = benchmark.get("requests") if isinstance(benchmark, dict) else None
        runs += 1
        if isinstance(requests, list):
            rows += [row for row in requests if isinstance(row, dict)]
        elif isinstance(requests, dict):
            for kind, some in requests.items():
                if isinstance(some, list) and kind in ("successful", "completed"):
                    rows += [row for row in some if isinstance(row, dict)]
                elif isinstance(some, list):
                    others += len(some)
    said = []
    if others:
        said.append(
            Said(
                "failed_left_out",
                N_("{n} requests that failed or were cut short left out"),
                {"n": others},
            )
        )
    if runs > 1:
        said.append(
            Said(
                "runs_in_one_file",
                N_("{n} runs of a benchmark, one after the other, read as one log"),
                {"n": runs},
            )
        )
    return Records(rows, "guidellm", tuple(said))


def _spans(documents: list[Record]) -> Records:
    """Spans of generative AI in OpenTelemetry's JSON; a span above others of its trace is their total."""
    spans: dict[str, Record] = {}
    parent: dict[str, str] = {}
    others = 0
    for document in documents:
        for resource in document.get("resourceSpans") or document.get("resource_spans") or []:
            for scope in resource.get("scopeSpans") or resource.get("scope_spans") or []:
                for span in scope.get("spans") or []:
                    attributes = {
                        str(one.get("key")): _otlp_value(one.get("value"))
                        for one in span.get("attributes") or []
                        if isinstance(one, dict)
                    }
                    key = str(span.get("spanId") or span.get("span_id") or len(spans) + others)
                    parent[key] = str(span.get("parentSpanId") or span.get("parent_span_id") or "")
                    if not any(".usage." in name for name in attributes):
                        others += 1
                        continue
                    start = span.get("startTimeUnixNano") or span.get("start_time_unix_nano")
                    if isinstance(start, str) and start.isdigit():
                        start = int(start)
                    end = span.get("endTimeUnixNano") or span.get("end_time_unix_nano")
                    if isinstance(end, str) and end.isdigit():
                        end = int(end)
                    spans[key] = {
                        "startTimeUnixNano": start,
                        "endTimeUnixNano": end,
                        "attributes": attributes,
                    }
    above: set[str] = set()
    for key in spans:
        up, steps = parent.get(key, ""), 0
        while up and steps < 100:
            above.add(up)
            up, steps = parent.get(up, ""), steps + 1
    kept = {key: span for key, span in spans.items() if key not in above}
    said: tuple[Said, ...] = ()
    if len(kept) < len(spans):
        said = (
            Said(
                "spans_of_totals",
                N_("{n} spans hold the sum of spans below them and were left out"),
                {"n": len(spans) - len(kept)},
            ),
        )
    return Records(list(kept.values()), "otel", said, others)


def _otlp_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    for kind in ("intValue", "int_value"):
        if kind in value:
            text = value[kind]
            return int(text) if isinstance(text, str) and text.lstrip("-").isdigit() else text
    return next((value[k] for k in value if not isinstance(value[k], dict | list)), None)


def _no_totals(records: list[Record], path: Path) -> None:
    """Refuse buckets of a bill."""
    for item in records[:5]:
        if item.get("object") == "bucket" or (
            isinstance(item.get("results"), list)
            and any(isinstance(r, dict) and "num_model_requests" in r for r in item["results"])
        ):
            raise TraceError(
                _(
                    "{path} holds totals of requests a day or hour (buckets of a usage report), not single requests."
                ).format(path=path),
                _("give the log of single requests, or simulate a mean day: {line}").format(
                    line="taotie simulate chat --per-day 1e6"
                ),
            )


def _no_log(document: Record, path: Path) -> None:
    """Refuse documents that are known to lack what a log needs."""
    experiments = document.get("experiments")
    if isinstance(experiments, list) and any(
        isinstance(e, dict)
        and any(isinstance(r, dict) and "response_timestamps" in r for r in e.get("requests") or [])
        for e in experiments
    ):
        raise TraceError(
            _(
                "{path} holds requests and answers as texts with times (a profile export of genai-perf), without token counts."
            ).format(path=path),
            _(
                "count the tokens, or export records with input and output lengths (AIPerf's profile_export.jsonl)"
            ),
        )
