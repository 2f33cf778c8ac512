"""Which layout of request log is this, and which column is what? Names and a look at a few values; nothing is read here.

A layout is recognised by its column names, whatever their case, spaces and order; what a name means is one table
(`trace_roles`). What was recognised is told (`Columns.said`); a log in which time, prompt or answer is not found is
refused with what was found, what it looks like, and the option that names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said
from taotie.workload.trace_roles import NEEDED, Meaning, meaning, plain_name
from taotie.workload.trace_time import Clock

__all__ = [
    "AUTO",
    "COLUMN_EXTRAS",
    "COLUMN_NAMES",
    "LAYOUTS",
    "Columns",
    "Layout",
    "bare_ending",
    "checked_layout",
    "columns_asked",
    "columns_of",
    "plain_name",
]

AUTO = "auto"
"""The layout is recognised by its columns."""


class Layout(NamedTuple):
    """A published way to write a request log."""

    endings: tuple[str, ...]
    """Of the files it comes in; a folder has none."""
    required: dict[str, str]
    """Role -> column, in small letters and digits only."""
    others: tuple[str, ...]
    """Columns it also has, whether they are used or not."""
    unit_s: float | None
    """Seconds per unit of a time that is a number; None: not known."""
    marks: tuple[str, ...] = ()
    """Columns that tell it from others, in small letters and digits only."""


TEXT = (".csv", ".txt", ".tsv", ".parquet")
LINES = (".jsonl", ".ndjson", ".json")

LAYOUTS: dict[str, Layout] = {
    "azure": Layout(
        TEXT,
        {"t": "timestamp", "prompt": "contexttokens", "output": "generatedtokens"},
        ("numimages",),
        None,
    ),
    "burstgpt": Layout(
        TEXT,
        {"t": "timestamp", "prompt": "requesttokens", "output": "responsetokens"},
        ("sessionid", "elapsedtime", "model", "totaltokens", "logtype"),
        1.0,
    ),
    "mooncake": Layout(
        (*LINES, ".parquet"),
        {"t": "timestamp", "prompt": "inputlength", "output": "outputlength"},
        ("hashids", "sessionid", "delay", "priority", "type", "extra", "textinput"),
        1e-3,
    ),
    "bailian": Layout(
        (*LINES, ".parquet"),
        {"t": "timestamp", "prompt": "inputlength", "output": "outputlength"},
        ("chatid", "parentchatid", "type", "turn", "hashids"),
        1.0,
        ("chatid",),
    ),
    "servegen": Layout((), {}, (), 1.0),
    "servegen-conversations": Layout((".json",), {}, (), 1.0),
    "guidellm": Layout((".json",), {}, (), 1.0),
    "aiperf": Layout(LINES, {}, (), None, ("metadatarequeststartns", "metricsinputsequencelength")),
    "vllm": Layout((".json", ".jsonl"), {}, (), 1.0, ("starttimes", "inputlens")),
    "sglang": Layout((".json", ".jsonl"), {}, (), 1.0, ("metainfoprompttokens",)),
    "genai-perf": Layout((".json",), {}, (), None),
    "llmperf": Layout((".json",), {}, (), 1.0, ("numberinputtokens", "endtoendlatencys")),
    "lmsys": Layout((*LINES, ".parquet"), {}, (), None, ("conversation", "openaimoderation")),
    "sharegpt": Layout(LINES, {}, (), None, ("conversations",)),
    "otel": Layout(LINES, {}, (), None, ("genaiusageinputtokens",)),
    "litellm": Layout((*TEXT, *LINES), {}, (), None, ("completionstarttime", "starttime")),
    "openai": Layout(LINES, {}, (), 1.0, ("created", "usageprompttokens")),
    "plain": Layout(TEXT + LINES, {}, (), None),
}
"""Layouts that can be asked for by name; `auto` recognises them all."""

COLUMN_NAMES = {
    "time": "t",
    "prompt": "prompt",
    "output": "output",
    "session": "session",
    "delay": "delay",
    "hash_ids": "hash",
    "cached": "cached",
    "model": "model",
    "user": "user",
    "route": "route",
    "first": "first",
    "end": "end",
    "duration": "duration",
    "ttft": "ttft",
    "start": "t",
}
"""What `--columns` calls a role; the last ones tell when a request was served and for whom."""
COLUMN_EXTRAS = ("cached", "model", "user", "route", "first", "end", "duration", "ttft")
"""Roles that a simulation passes over."""

_WANTED = {
    "t": "t_s (or TIMESTAMP, time, t_ms)",
    "prompt": "prompt_tokens (or ContextTokens, input_length)",
    "output": "output_tokens (or GeneratedTokens, output_length)",
}
_KNOWN = {
    "t": "t_s, t_ms, TIMESTAMP, time, timestamp_ms, arrival_time, arrived_at, created_at",
    "prompt": (
        "prompt_tokens, input_tokens, ContextTokens, Request tokens, input_length, "
        "num_prefill_tokens, usage.prompt_tokens"
    ),
    "output": (
        "output_tokens, completion_tokens, GeneratedTokens, Response tokens, output_length, "
        "num_decode_tokens, usage.completion_tokens"
    ),
}


def checked_layout(layout: str) -> str:
    """`layout`, if there is one of that name.

    Raises
    ------
    UnknownNameError
        If there is none; names the nearest.
    """
    if layout != AUTO and layout not in LAYOUTS:
        raise UnknownNameError(
            _("no layout of request logs is called {name}.").format(name=repr(layout[:60])),
            nearest(layout, [AUTO, *LAYOUTS]),
        )
    return layout


def columns_asked(text: str) -> dict[str, str]:
    """Roles and columns from `time=created_at,prompt=n_in,output=n_out`.

    Raises
    ------
    UnknownNameError
        If it does not read so; names what can be named.

    Examples
    --------
    >>> columns_asked("time=created_at,prompt=n_in")
    {'t': 'created_at', 'prompt': 'n_in'}
    """
    asked: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        role, sign, column = (piece.strip() for piece in part.partition("="))
        if not sign or not column or role not in COLUMN_NAMES:
            raise UnknownNameError(
                _("--columns {text}: {part} is not understood.").format(
                    text=repr(text[:80]), part=repr(part[:40])
                ),
                _("--columns time=created_at,prompt=n_in,output=n_out; also: {names}").format(
                    names=listing(list(COLUMN_NAMES)[3:])
                ),
            )
        if COLUMN_NAMES[role] in asked:
            raise UnknownNameError(
                _("--columns names {role} twice.").format(role=role), _("keep one of them")
            )
        asked[COLUMN_NAMES[role]] = column
    return asked


def bare_ending(path: Path) -> str:
    """The ending of a file without that of its compression.

    Examples
    --------
    >>> bare_ending(Path("log.csv.gz")), bare_ending(Path("log.JSONL"))
    ('.csv', '.jsonl')
    """
    ending = path.suffix.lower()
    return Path(path.stem).suffix.lower() if ending in COMPRESSED else ending


COMPRESSED = (".gz", ".bz2", ".xz")
"""Endings of compressed files that are read."""


class Columns(NamedTuple):
    """What the columns of a log mean."""

    role: dict[str, tuple[int, float | None]]
    """Role -> place and seconds per unit (None: not said by the name)."""
    header: tuple[str, ...]
    layout: str
    unknown: tuple[str, ...]
    """Columns that no layout knows."""
    added: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    """Role -> places of columns whose tokens are counted beside it."""
    passed: tuple[str, ...] = ()
    """Other columns that might be the time, not used."""
    asked: bool = False
    """Whether the user named the time."""

    def name(self, role: str) -> str:
        """The column that plays a role."""
        return self.header[self.role[role][0]]

    def clock(self, unit: str = "") -> Clock:
        """What is known of the times before their values are looked at."""
        return Clock(
            self.name("t"), self.role["t"][1], LAYOUTS[self.layout].unit_s, self.layout, unit
        )

    def said(self) -> Said:
        """Layout and columns, for a person."""
        return Said(
            "layout",
            N_("read as {layout}: time from {t}, prompt from {prompt}, answer from {output}"),
            {
                "layout": self.layout,
                **{role: self.name(role)[:40] for role in ("t", "prompt", "output")},
            },
        )


def recognised(names: Iterable[str], ending: str) -> str:
    """The layout whose columns are all there, else `plain`."""
    have = set(names)
    # bailian has mooncake's columns and more, in seconds: it is looked for first
    for key in ("azure", "burstgpt", "bailian", "mooncake"):
        known = LAYOUTS[key]
        if ending in known.endings and {*known.required.values(), *known.marks} <= have:
            return key
    # a log whose later turns give a delay need not have a time on its first line
    if ending in LINES and {"inputlength", "outputlength", "delay"} <= have:
        return "mooncake"
    for key in ("aiperf", "vllm", "sglang", "llmperf", "otel", "litellm", "openai"):
        known = LAYOUTS[key]
        if ending in known.endings and set(known.marks) <= have:
            return key
    return "plain"


def columns_of(
    header: Sequence[str],
    path: Path,
    layout: str = AUTO,
    strict: bool = False,
    asked: Mapping[str, str] | None = None,
    sample: Sequence[Sequence[Any]] = (),
) -> Columns:
    """What the columns of a header line (or the keys of a JSON object) mean.

    Parameters
    ----------
    header : sequence of str
        Names, or paths of nested keys such as `usage.prompt_tokens`.
    path : Path
        For messages; its ending is part of the layout.
    layout : str, default "auto"
        A key of `LAYOUTS` that the log must have.
    strict : bool, default False
        Refuse columns that no layout knows, instead of telling that they are not used.
    asked : mapping of str to str, optional
        Role -> column, as the user named them.
    sample : sequence of rows, optional
        A few rows in the order of `header`: a column of texts holds no token counts, whatever its name.

    Raises
    ------
    TraceError
        If time, prompt or answer is not found or found twice, or rows are totals; says what was found and is known.
    UnknownNameError
        If no layout, or no column that was asked for, is called so.
    """
    ending = bare_ending(path)
    names = [plain_name(cell) for cell in header]
    if checked_layout(layout) == AUTO:
        layout = recognised(names, ending)
    else:
        _fits(layout, names, header, path)
    known = LAYOUTS[layout]
    looks = [_look([row[i] for row in sample]) for i in range(len(header))]
    meanings = [
        _meaning(str(cell), name, known, look)
        for cell, name, look in zip(header, names, looks, strict=True)
    ]
    for i, m in enumerate(meanings):
        if m is not None and m.role == "t" and _falls([row[i] for row in sample]):
            # values that go up and down are latencies (nginx's request_time), if anything else could be the time
            meanings[i] = m._replace(rank=m.rank + 50)
    named = _asked_places(asked or {}, header, path)
    _no_totals(header, meanings, sample, named, path)
    found: dict[str, tuple[int, float | None]] = {}
    passed: list[str] = []
    for role in dict.fromkeys([*NEEDED, *(m.role for m in meanings if m is not None)]):
        if role in named:
            place = named[role]
            own = meaning(str(header[place]))
            found[role] = (
                place,
                own.unit_s if own is not None and role in ("t", "delay") else None,
            )
            continue
        places = [
            i
            for i, m in enumerate(meanings)
            if m is not None and m.role == role and i not in named.values()
        ]
        if not places or role in (
            "period",
            "latency",
            "end",
            "other",
            "text",
            "status",
            "id",
            "chars",
        ):
            continue
        places.sort(key=lambda i: (meanings[i].rank, i))  # type: ignore[union-attr]
        first = meanings[places[0]]
        if first is None:
            continue
        rivals = [i for i in places[1:] if (m := meanings[i]) is not None and m.rank == first.rank]
        if role == "t" and rivals and sample:
            _not_in_two(header, places[0], rivals[0], sample, path)
        if role in _WANTED and rivals and not _same(places[0], rivals, sample):
            raise TraceError(
                _("{path}: columns {one} and {two} both look like the {role} column.").format(
                    path=path, one=header[places[0]], two=header[rivals[0]], role=_WANTED[role]
                ),
                _("keep one of them, or name it: {option}").format(
                    option=f"--columns {_called(role)}={header[places[0]]}"
                ),
            )
        found[role] = (places[0], first.unit_s)
        if role == "t":
            passed += [str(header[i]) for i in places[1:] if i not in rivals]
    found.update({role: (place, None) for role, place in named.items() if role not in found})
    missing = [role for role in _WANTED if role not in found]
    if missing:
        raise TraceError(*_missing(missing, header, meanings, layout, path))
    used = {place for place, _unit in found.values()}
    unknown = tuple(
        dict.fromkeys(
            str(header[place]).split(".")[0]
            for place, name in enumerate(names)
            if place not in used and name not in known.others and meanings[place] is None and name
        )
    )
    if unknown and strict:
        raise TraceError(
            _("{path}: {columns} are columns that no known layout has.").format(
                path=path, columns=_shown(unknown)
            ),
            _("found: {found}; known: {known}").format(
                found=_shown(header), known="; ".join(_KNOWN.values())
            ),
        )
    return Columns(
        found,
        tuple(str(cell) for cell in header),
        layout,
        unknown,
        _added(header, names, found, "prompt" in named),
        tuple(passed),
        "t" in named,
    )


def _falls(values: Sequence[Any]) -> bool:
    """Whether small numbers go up and down from row to row, as latencies do."""
    some = [float(value) for value in values if value is not None and _is_number(value)]
    if len(some) < 8 or len(some) < len(values) or max(some) >= 7200.0:
        return False
    return sum(b < a for a, b in pairwise(some)) > 0.25 * len(some)


def _not_in_two(
    header: Sequence[str], one: int, two: int, sample: Sequence[Sequence[Any]], path: Path
) -> None:
    """Refuse a date and a time of day in two columns."""
    clocks = [
        sum(
            bool(re.fullmatch(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?", str(row[i]).strip()))
            for row in sample
        )
        for i in (one, two)
    ]
    if max(clocks) * 2 > len(sample) and min(clocks) == 0:
        raise TraceError(
            _("{path}: the date and the time of day stand in two columns ({one}, {two}).").format(
                path=path, one=header[one], two=header[two]
            ),
            _("join them into one, such as 2026-01-05 10:15:00, and name it: --columns time=NAME"),
        )


def _called(role: str) -> str:
    return next(name for name, meant in COLUMN_NAMES.items() if meant == role)


def _asked_places(asked: Mapping[str, str], header: Sequence[str], path: Path) -> dict[str, int]:
    """Places of the columns the user named; letters, spaces and case may differ."""
    plain = [plain_name(cell) for cell in header]
    places = {}
    for role, column in asked.items():
        if column in header:
            places[role] = list(header).index(column)
        elif plain_name(column) and plain.count(plain_name(column)) == 1:
            places[role] = plain.index(plain_name(column))
        else:
            raise UnknownNameError(
                _("{path} has no column {column}, which --columns names.").format(
                    path=path, column=repr(column[:40])
                ),
                nearest(column, [str(cell) for cell in header])
                or _("the header reads: {header}").format(header=_shown(header)),
            )
    return places


def _meaning(cell: str, name: str, known: Layout, look: str) -> Meaning | None:
    """What a column means in a layout, its values seen."""
    if known.required:
        # within a layout its own columns win: another one that might do is not a second candidate
        for role, column in known.required.items():
            if name == column:
                return Meaning(role, -1, None)
    found = meaning(cell)
    if found is None:
        return None
    if known.required and found.role in known.required and name in known.others:
        return Meaning("other", 0)
    if found.role in ("prompt", "output") and look in ("text", "date") and found.rank in (0, 1, 2):
        return found._replace(
            rank=found.rank + 50
        )  # a token count by its name: the reader names the cell
    if found.role in ("prompt", "output", "count", "sum") and look in ("text", "things", "date"):
        return Meaning("text" if look == "text" else "other", 0)
    if found.role == "t" and look in ("text", "things", "nothing"):
        return found._replace(rank=found.rank + 50)  # unless nothing else could be it
    if found.role == "text" and look == "number":
        return None
    if found.role == "session" and look == "things":
        return Meaning("text", 0)  # what was said, not which conversation it is
    return found


def _look(values: Sequence[Any]) -> str:
    """What a few values are: number, date, text, things (lists or objects), nothing, or unseen."""
    if not values:
        return "unseen"
    some = [value for value in values if value is not None and str(value).strip() != ""][:50]
    if not some:
        return "nothing"
    if all(isinstance(value, list | dict | tuple) for value in some):
        return "things"
    if sum(_is_number(value) for value in some) * 2 > len(some):
        return "number"
    texts = [str(value) for value in some]
    if sum(
        bool(re.search(r"\d{4}[-/]\d|\d{1,2}[ /][A-Z][a-z]{2}[ /]\d{4}|\d\d:\d\d", text))
        and len(text) < 45
        for text in texts
    ) * 2 > len(texts):
        return "date"
    if all(len(text) < 12 for text in texts) and any(re.search(r"\d", text) for text in texts):
        return "odd"
    return "text"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return isinstance(value, int)
    return True


def _same(one: int, others: Iterable[int], sample: Sequence[Sequence[Any]]) -> bool:
    return bool(sample) and all(row[one] == row[other] for row in sample for other in others)


def _no_totals(
    header: Sequence[str],
    meanings: Sequence[Meaning | None],
    sample: Sequence[Sequence[Any]],
    named: Mapping[str, int],
    path: Path,
) -> None:
    """Refuse rows that are totals of many requests."""
    for i, m in enumerate(meanings):
        if m is None or i in named.values() or m.role != "count":
            continue
        counts = [float(row[i]) for row in sample if row[i] is not None and _is_number(row[i])]
        if counts and max(counts) > 1 and not _index(counts):
            raise TraceError(
                _(
                    "{path}: each row is a total of requests (column {column}: up to {n:.0f}), not one request."
                ).format(path=path, column=header[i], n=max(counts)),
                _("give the log of single requests, or simulate a mean day: {line}").format(
                    line=_mean_day(meanings, sample, sum(counts), max(counts))
                ),
            )
    sums = [
        i
        for i, m in enumerate(meanings)
        if m is not None and m.role == "sum" and i not in named.values()
    ]
    have = {m.role for m in meanings if m is not None}
    if sums and not {"prompt", "output"} <= have and not {"prompt", "output"} <= set(named):
        raise TraceError(
            _(
                "{path}: column {column} is a total by its name, not the tokens of one request."
            ).format(path=path, column=header[sums[0]]),
            _("if each row is one request, name the columns: {option}").format(
                option="--columns prompt=NAME,output=NAME"
            ),
        )


def _mean_day(
    meanings: Sequence[Meaning | None],
    sample: Sequence[Sequence[Any]],
    requests: float,
    most: float,
) -> str:
    """A line that simulates requests of the mean lengths of some totals."""
    line = f"taotie simulate chat --per-day {most:.0f}"
    for role, option in (("prompt", "--mean-prompt"), ("output", "--mean-answer")):
        mine = [i for i, m in enumerate(meanings) if m is not None and m.role == role]
        if mine:
            tokens = sum(float(row[mine[0]]) for row in sample if _is_number(row[mine[0]]))
            if requests > 0 and tokens / requests >= 1:
                line += f" {option} {tokens / requests:.0f}"
    return line


def _index(values: Sequence[float]) -> bool:
    """Whether numbers only count the rows: 0, 1, 2 ..."""
    return all(b - a == 1 for a, b in pairwise(values)) and values[0] in (0, 1)


def _added(
    header: Sequence[str],
    names: Sequence[str],
    found: Mapping[str, tuple[int, float | None]],
    asked: bool,
) -> dict[str, tuple[int, ...]]:
    """Tokens that are counted beside prompt or answer: Anthropic's cached ones, Google's thoughts."""
    added: dict[str, tuple[int, ...]] = {}
    prompt = names[found["prompt"][0]]
    if prompt.endswith("inputtokens") and "genai" not in prompt and not asked:
        beside = tuple(
            i
            for i, name in enumerate(names)
            if name.endswith(("cachereadinputtokens", "cachecreationinputtokens"))
        )
        if beside:
            added["prompt"] = beside
    if names[found["output"][0]].endswith("candidatestokencount"):
        beside = tuple(i for i, name in enumerate(names) if name.endswith("thoughtstokencount"))
        if beside:
            added["output"] = beside
    return added


def _shown(names: Iterable[str]) -> str:
    return ", ".join(str(name)[:40] for name in list(names)[:12])


def _missing(
    missing: list[str],
    header: Sequence[str],
    meanings: Sequence[Meaning | None],
    layout: str,
    path: Path,
) -> tuple[str, str]:
    """What to say of a log in which a needed column is not found: message and hint."""
    if re.fullmatch(r"chunk-\d+-trace\.csv", path.name):
        hint = _("this is one client of ServeGen: name the folder it is in")
        return _message(missing, path), hint
    roles = {m.role for m in meanings if m is not None}
    if "text" in roles and {"prompt", "output"} <= set(missing):
        texts = _shown(
            str(h)
            for h, m in zip(header, meanings, strict=True)
            if m is not None and m.role == "text"
        )
        said = (
            _(
                "{path} holds texts ({columns}) without token counts and without a time of arrival: no request log."
            )
            if "t" in missing
            else _("{path} holds texts ({columns}) without token counts: no request log.")
        )
        return (
            said.format(path=path, columns=texts),
            _(
                "count the tokens of each request and add its time of arrival, or simulate chats: taotie simulate chat --per-day 1e6"
            ),
        )
    if missing == ["t"] and "period" in roles:
        stretch = next(
            str(h)
            for h, m in zip(header, meanings, strict=True)
            if m is not None and m.role == "period"
        )
        return (
            _(
                "{path}: column {column} is a stretch of time, so that rows look like totals, not single requests."
            ).format(path=path, column=stretch),
            _("if each row is one request, name its time of arrival: {option}").format(
                option=f"--columns time={stretch}"
            ),
        )
    if missing == ["t"] and roles & {"latency", "end"}:
        return (
            _(
                "{path} has no time of arrival: it holds results of a load test or latencies ({columns})."
            ).format(
                path=path,
                columns=_shown(
                    str(h)
                    for h, m in zip(header, meanings, strict=True)
                    if m is not None and m.role in ("latency", "end")
                ),
            ),
            _("save the start of each request too, or name the column: {option}").format(
                option="--columns time=NAME"
            ),
        )
    hint = _("the header reads: {header}").format(header=_shown(header))
    hint += "; " + _("known: {names}").format(names="; ".join(_KNOWN[role] for role in missing))
    if len(header) == 1 and re.search(r"[;\t|]", str(header[0])):
        hint += "; " + _("columns must be separated by commas")
    option = ",".join(f"{_called(role)}=NAME" for role in missing)
    hint += "; " + _("name them: {option}").format(option=f"--columns {option}")
    return _message(missing, path), hint


def _message(missing: list[str], path: Path) -> str:
    return _("{path} has no column {missing}.").format(
        path=path, missing=listing(_WANTED[role] for role in missing)
    )


def _fits(layout: str, names: list[str], header: Sequence[str], path: Path) -> None:
    """Refuse a log that is not laid out as it was said to be."""
    known = LAYOUTS[layout]
    if bare_ending(path) not in known.endings:
        raise TraceError(
            _("{path} is not laid out as {layout}, which comes as {endings}.").format(
                path=path,
                layout=layout,
                endings=listing(known.endings) or _("a folder"),
            ),
            _("leave the layout to be recognised: auto"),
        )
    absent = [column for column in (*known.required.values(), *known.marks) if column not in names]
    if absent:
        raise TraceError(
            _("{path} is not laid out as {layout}: it has no column {missing}.").format(
                path=path, layout=layout, missing=listing(absent)
            ),
            _("the header reads: {header}").format(header=_shown(header)),
        )
