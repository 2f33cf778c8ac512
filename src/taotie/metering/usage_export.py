"""What do providers and gateways export of use? OpenAI, Anthropic, Google, LiteLLM, Langfuse, Helicone, OpenRouter.

Each becomes calls with tokens in the normal form; which layout it is follows from its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from taotie.errors import MeterError
from taotie.files.read import csv_dicts, json_value, of_others, read_text
from taotie.metering.agent_log import read_claude_code, read_codex
from taotie.metering.usage import Call, Usage, has_tokens, normal_usage
from taotie.metering.when import epoch_ns, stamp_ns
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["read_usage"]

_TIMES = (
    "timestamp",
    "startTime",
    "start_time",
    "created_at",
    "request_created_at",
    "createdAt",
    "createTime",
    "created",
    "date",
    "starting_at",
    "time",
)
_MODELS = (
    "model",
    "model_name",
    "modelVersion",
    "model_version",
    "model_permaslug",
    "model_id",
    "request_model",
    "providedModelName",
)
_USERS = (
    "user",
    "user_id",
    "userId",
    "end_user",
    "team_id",
    "team_alias",
    "api_key_alias",
    "api_key_name",
    "app_name",
    "user_email",
)
_PROJECTS = ("project_id", "projectId", "workspace_id", "project", "team_id", "tags", "key_alias")
_SESSIONS = (
    "session_id",
    "sessionId",
    "traceId",
    "trace_id",
    "conversation_id",
    "request_id",
    "id",
)


@of_others(MeterError)
def read_usage(place: Path | str) -> tuple[list[Call], list[Said]]:
    """Calls of any export of use, or of an agent's transcripts.

    Parameters
    ----------
    place : path-like
        A file (JSON, JSON lines, CSV) or a folder of transcripts.

    Returns
    -------
    calls, said : list of Call, list of Said

    Raises
    ------
    MeterError
        If no call with tokens is in it.
    """
    path = Path(place)
    if path.is_dir():
        try:
            return read_claude_code(path)
        except MeterError:
            return read_codex(path)
    if not path.exists():
        raise MeterError(_("{path} does not exist.").format(path=path), _("check the path"))
    text = read_text(path, kind=MeterError, errors="replace")
    if path.suffix == ".jsonl":
        if '"token_count"' in text and '"total_token_usage"' in text:
            return read_codex(path)
        if '"assistant"' in text and '"sessionId"' in text:
            return read_claude_code(path)
    calls: list[Call] = []
    said: list[Said] = []
    skipped, n = 0, 0
    for row, outer in _rows(text, path):
        n += 1
        call = _call(row, outer, path.name)
        if call is None:
            skipped += 1
        else:
            calls.append(call)
    if not calls:
        raise MeterError(
            _("{path}: no call of a model in it.").format(path=path),
            _(
                "exports of OpenAI, Anthropic, Google, LiteLLM, Langfuse, Helicone and OpenRouter, and transcripts are read"
            ),
        )
    if skipped:
        said.append(
            Said(
                "rows_without_tokens",
                N_("{where}: {n} of {all} rows have no tokens and were left out."),
                {"where": path.name, "n": skipped, "all": n},
            )
        )
    if re.search(r'"has_more"\s*:\s*true', text):
        said.append(
            Said(
                "more_pages",
                N_(
                    "{where} is one page of an answer that has more (has_more): the rest is missing."
                ),
                {"where": path.name},
            )
        )
    if all(not c.t_ns for c in calls):
        said.append(Said("no_times", N_("{where}: no row says when it was."), {"where": path.name}))
    return sorted(calls), said


def _rows(text: str, path: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Rows with what stands around them (the bucket of an hour or a day)."""
    begin = text.lstrip()[:1]
    if begin in "{[" and begin:
        try:
            documents = [json_value(text)]
        except ValueError:
            documents = []
            for n, line in enumerate(text.splitlines(), start=1):
                if not line.strip():
                    continue
                try:
                    documents.append(json_value(line))
                except ValueError:
                    raise MeterError(
                        _("{where}, line {n}: no JSON.").format(where=path.name, n=n)
                    ) from None
        for document in documents:
            yield from _inside(document, {})
        return
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    for row in csv_dicts(text, path, MeterError, delimiter=delimiter):
        yield {k: _cell(v) for k, v in row.items() if k}, {}


def _cell(text: str | None) -> Any:
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _inside(
    value: Any, outer: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    if isinstance(value, list):
        for one in value:
            yield from _inside(one, outer)
        return
    if not isinstance(value, Mapping):
        return
    for key in ("data", "results", "observations", "rows"):
        if isinstance(value.get(key), list):
            around = {
                **outer,
                **{k: v for k, v in value.items() if k != key and not isinstance(v, list | dict)},
            }
            yield from _inside(value[key], around)
            return
    yield value, outer


def _usage_of(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The usage object of a row: nested under a known key, or the row itself."""
    for key in ("usage", "usageMetadata", "usage_metadata", "usageDetails", "usage_details"):
        if isinstance(row.get(key), Mapping) and row[key]:
            return dict(row[key])
    for key in ("response", "response_body", "body", "message", "metadata"):
        if isinstance(row.get(key), Mapping):
            found = _usage_of(row[key])
            if found is not None:
                return found
    return row


def _call(row: Mapping[str, Any], outer: Mapping[str, Any], where: str) -> Call | None:
    raw = _usage_of(row)
    if raw is None:
        return None
    if "input" in raw and "input_cached_tokens" in raw:
        # Langfuse splits what OpenAI nests: its parts stand beside each other
        cached = int(raw["input_cached_tokens"] or 0)
        raw = {**raw, "input": int(raw["input"] or 0) + cached, "input_cached_tokens": cached}
    if "output" in raw and "output_reasoning_tokens" in raw:
        extra = int(raw["output_reasoning_tokens"] or 0)
        raw = {**raw, "output": int(raw["output"] or 0) + extra, "output_reasoning": extra}
    if "input" in raw and "cache_read_input_tokens" in raw:
        raw = {**raw, "input_tokens": raw["input"], "output_tokens": raw.get("output")}
    if not has_tokens(raw):
        return None
    usage = normal_usage(raw)
    if usage == Usage():
        return None
    t = next((v for v in (row.get(k) for k in _TIMES) if v not in (None, "")), None)
    if t is None:
        t = next((v for v in (outer.get(k) for k in _TIMES) if v not in (None, "")), None)
    t_ns = 0
    if isinstance(t, int | float):
        t_ns = epoch_ns(t, where)
    elif t is not None:
        t_ns = stamp_ns(str(t), where)[0]

    def first(names: tuple[str, ...]) -> str:
        for source in (row, row.get("response"), row.get("response_body"), outer):
            if isinstance(source, Mapping):
                for name in names:
                    if isinstance(source.get(name), str | int) and source[name] not in ("", None):
                        return str(source[name])
        return ""

    count = row.get("num_model_requests", row.get("requests", 1))
    calls = int(count) if isinstance(count, int | float) and count >= 1 else 1
    return Call(
        t_ns, first(_MODELS), usage, first(_SESSIONS), first(_PROJECTS), first(_USERS), calls
    )
