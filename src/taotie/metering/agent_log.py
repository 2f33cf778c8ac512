"""What did a coding agent use? Tokens of each call from its transcripts on disk, never a word of their text.

A transcript repeats a call once per block of its answer: calls are told apart by id, and the largest output stands.
Subagents write files of their own, which count for their session.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from taotie.errors import MeterError
from taotie.files.read import json_value, of_others, open_text
from taotie.metering.usage import Call, Usage, normal_usage
from taotie.metering.when import stamp_ns
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["claude_code_folder", "codex_folder", "read_claude_code", "read_codex"]


def claude_code_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where Claude Code keeps its transcripts."""
    env = os.environ if environment is None else environment
    home = env.get("CLAUDE_CONFIG_DIR", "").split(",")[0].strip()
    return (Path(home) if home else Path.home() / ".claude") / "projects"


def codex_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where Codex keeps its transcripts."""
    env = os.environ if environment is None else environment
    home = env.get("CODEX_HOME", "").strip()
    return (Path(home) if home else Path.home() / ".codex") / "sessions"


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise MeterError(_("{path} does not exist.").format(path=place), _("check the path"))
    return sorted(place.rglob("*.jsonl"))


def _lines(path: Path, bad: list[int]) -> Iterator[Mapping[str, Any]]:
    with open_text(path, None, MeterError, errors="replace") as stream:
        for line in stream:
            if not line.strip():
                continue
            try:
                one = json_value(line)
            except ValueError:
                bad.append(1)  # the last line of a session that still runs
                continue
            if isinstance(one, dict):
                yield one


@of_others(MeterError)
def read_claude_code(place: Path | str | None = None) -> tuple[list[Call], list[Said]]:
    """Calls of Claude Code, from a transcript or its folder, subagents counted.

    Returns
    -------
    calls, said : list of Call, list of Said
        In order of time. A call whose answer never got its final count is `at_least`.

    Raises
    ------
    MeterError
        If there is no such file or no call in it.
    """
    root = Path(place) if place is not None else claude_code_folder()
    found: dict[tuple[str, str], Call] = {}
    ended: set[tuple[str, str]] = set()
    bad: list[int] = []
    files = _files(root)
    for path in files:
        for n, row in enumerate(_lines(path, bad)):
            message = row.get("message")
            if row.get("type") != "assistant" or not isinstance(message, Mapping):
                continue
            usage, model = message.get("usage"), str(message.get("model") or "")
            if not isinstance(usage, Mapping) or model == "<synthetic>":
                continue
            key = (str(message.get("id") or f"{path}:{n}"), str(row.get("requestId") or ""))
            counted = normal_usage({k: v for k, v in usage.items() if k != "iterations"})
            if message.get("stop_reason"):
                ended.add(key)
            before = found.get(key)
            if before is not None and before.usage.output >= counted.output:
                continue
            t = stamp_ns(str(row.get("timestamp", "")), path.name)[0] if row.get("timestamp") else 0
            found[key] = Call(
                before.t_ns if before else t, model, counted, str(row.get("sessionId") or path.stem),
                str(row.get("cwd") or path.parent.name),
            )  # fmt: skip
    if not found:
        raise MeterError(_("{path}: no call of a model in it.").format(path=root))
    calls = [c._replace(at_least=k not in ended) for k, c in found.items()]
    return sorted(calls), _said(calls, bad, root)


def _said(calls: list[Call], bad: list[int], root: Path) -> list[Said]:
    said = []
    short = sum(c.at_least for c in calls)
    if short:
        said.append(
            Said(
                "output_at_least",
                N_(
                    "{n} of {all} calls never got a final count: their output is at least what stands there."
                ),
                {"n": short, "all": len(calls)},
            )
        )
    if bad:
        said.append(
            Said(
                "lines_not_read",
                N_("{where}: {n} lines are no samples and were dropped."),
                {"where": root.name, "n": len(bad)},
            )
        )
    return said


@of_others(MeterError)
def read_codex(place: Path | str | None = None) -> tuple[list[Call], list[Said]]:
    """Calls of Codex: its totals run on through a session, and are differenced; a fall begins anew.

    Raises
    ------
    MeterError
        If there is no such file or no call in it.
    """
    root = Path(place) if place is not None else codex_folder()
    calls: list[Call] = []
    bad: list[int] = []
    for path in _files(root):
        total = Usage()
        model, project = "", ""
        for row in _lines(path, bad):
            payload = row.get("payload")
            if not isinstance(payload, Mapping):
                continue
            model = str(payload.get("model") or model)
            project = str(payload.get("cwd") or project)
            info = payload.get("info")
            if payload.get("type") != "token_count" or not isinstance(info, Mapping):
                continue
            running = info.get("total_token_usage")
            if not isinstance(running, Mapping):
                continue
            now = normal_usage(running)
            change = now if min(now.minus(total)) < 0 else now.minus(total)
            total = now
            if not any(change):
                continue
            t = stamp_ns(str(row.get("timestamp", "")), path.name)[0] if row.get("timestamp") else 0
            calls.append(Call(t, model, change, path.stem, project))
    if not calls:
        raise MeterError(_("{path}: no call of a model in it.").format(path=root))
    return sorted(calls), _said(calls, bad, root)
