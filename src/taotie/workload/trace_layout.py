"""Which layout of request log is this, and which column is what? Names only; nothing is read here.

A layout is recognised by its column names, whatever their case, spaces and order. What was recognised is told
(`Columns.said`); a log in which time, prompt or answer is not found is refused with what was found and what is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["AUTO", "LAYOUTS", "Columns", "Layout", "checked_layout", "columns_of", "plain_name"]

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
    """Seconds per unit of a time that is a number; None: seconds are assumed, and told."""


TEXT = (".csv", ".txt", ".tsv", ".parquet")
LINES = (".jsonl", ".ndjson", ".json")

LAYOUTS: dict[str, Layout] = {
    "azure": Layout(
        TEXT,
        {"t": "timestamp", "prompt": "contexttokens", "output": "generatedtokens"},
        (),
        None,
    ),
    "burstgpt": Layout(
        TEXT,
        {"t": "timestamp", "prompt": "requesttokens", "output": "responsetokens"},
        ("sessionid", "elapsedtime", "model", "totaltokens", "logtype"),
        1.0,
    ),
    "mooncake": Layout(
        LINES,
        {"t": "timestamp", "prompt": "inputlength", "output": "outputlength"},
        ("hashids",),
        1e-3,
    ),
    "bailian": Layout(
        LINES,
        {"t": "timestamp", "prompt": "inputlength", "output": "outputlength"},
        ("chatid", "parentchatid", "type", "turn", "hashids"),
        1.0,
    ),
    "servegen": Layout((), {}, (), 1.0),
    "servegen-conversations": Layout((".json",), {}, (), 1.0),
    "plain": Layout(TEXT + LINES, {}, (), None),
}
"""Layouts that can be asked for by name; `auto` recognises them all."""

# Spelling (lower case, letters and digits only) -> role and seconds per unit; None = seconds or a date.
_ROLES: dict[str, tuple[str, float | None]] = {
    "timestamp": ("t", None),
    "time": ("t", None),
    "t": ("t", None),
    "arrivaltime": ("t", None),
    "arrivedat": ("t", None),
    "ts": ("t", 1.0),
    "times": ("t", 1.0),
    "timestamps": ("t", 1.0),
    "arrivals": ("t", 1.0),
    "tms": ("t", 1e-3),
    "timems": ("t", 1e-3),
    "timestampms": ("t", 1e-3),
    "contexttokens": ("prompt", None),
    "prompttokens": ("prompt", None),
    "inputtokens": ("prompt", None),
    "inputlength": ("prompt", None),
    "requesttokens": ("prompt", None),
    "numprefilltokens": ("prompt", None),
    "generatedtokens": ("output", None),
    "outputtokens": ("output", None),
    "outputlength": ("output", None),
    "responsetokens": ("output", None),
    "completiontokens": ("output", None),
    "numdecodetokens": ("output", None),
    "hashids": ("hash", None),
    "session": ("session", None),
    "sessionid": ("session", None),
    "conversation": ("session", None),
    "conversationid": ("session", None),
}
_WANTED = {
    "t": "t_s (or TIMESTAMP, time, t_ms)",
    "prompt": "prompt_tokens (or ContextTokens, input_length)",
    "output": "output_tokens (or GeneratedTokens, output_length)",
}
_KNOWN = {
    "t": "t_s, t_ms, TIMESTAMP, time, timestamp_ms, arrival_time, arrived_at",
    "prompt": (
        "prompt_tokens, input_tokens, ContextTokens, Request tokens, input_length, "
        "num_prefill_tokens"
    ),
    "output": (
        "output_tokens, completion_tokens, GeneratedTokens, Response tokens, output_length, "
        "num_decode_tokens"
    ),
}


def plain_name(column: str) -> str:
    """A column's name in small letters and digits only.

    Examples
    --------
    >>> plain_name("Request tokens")
    'requesttokens'
    """
    return re.sub(r"[^a-z0-9]", "", column.lower())


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


class Columns(NamedTuple):
    """What the columns of a log mean."""

    role: dict[str, tuple[int, float | None]]
    """Role -> place and seconds per unit (None: not said by the name)."""
    header: tuple[str, ...]
    layout: str
    unknown: tuple[str, ...]
    """Columns that no layout knows."""

    def name(self, role: str) -> str:
        """The column that plays a role."""
        return self.header[self.role[role][0]]

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
        marks = {*known.required.values(), *({"chatid"} if key == "bailian" else ())}
        if ending in known.endings and marks <= have:
            return key
    return "plain"


def columns_of(
    header: Sequence[str], path: Path, layout: str = AUTO, strict: bool = False
) -> Columns:
    """What the columns of a header line (or the keys of a JSON object) mean.

    Parameters
    ----------
    header : sequence of str
    path : Path
        For messages; its ending is part of the layout.
    layout : str, default "auto"
        A key of `LAYOUTS` that the log must have.
    strict : bool, default False
        Refuse columns that no layout knows, instead of telling that they are not used.

    Raises
    ------
    TraceError
        If time, prompt or answer is not found or found twice; says what was found and what is known.
    UnknownNameError
        If no layout is called so.
    """
    ending = path.suffix.lower()
    names = [plain_name(cell) for cell in header]
    if checked_layout(layout) == AUTO:
        layout = recognised(names, ending)
    else:
        _fits(layout, names, header, path)
    known = LAYOUTS[layout]
    roles: dict[str, tuple[str, float | None]] = dict(_ROLES)
    if known.required:
        # within a layout its own columns win: another one that might do is not a second candidate
        for name, (meant, _unit) in _ROLES.items():
            if meant in known.required and name != known.required[meant]:
                roles.pop(name)
        roles[known.required["t"]] = ("t", known.unit_s)
    found: dict[str, tuple[int, float | None]] = {}
    for place, name in enumerate(names):
        role = roles.get(name)
        if role is None:
            continue
        if role[0] in found:
            raise TraceError(
                _("{path}: columns {one} and {two} both look like the {role} column.").format(
                    path=path,
                    one=header[found[role[0]][0]],
                    two=header[place],
                    role=_WANTED[role[0]],
                )
                if role[0] in _WANTED
                else _("{path}: column {one} appears twice.").format(path=path, one=header[place]),
                _("keep one of them"),
            )
        found[role[0]] = (place, role[1])
    missing = [role for role in _WANTED if role not in found]
    if missing:
        raise TraceError(
            _("{path} has no column {missing}.").format(
                path=path, missing=", ".join(_WANTED[role] for role in missing)
            ),
            _missing_hint(header, missing, path),
        )
    used = {place for place, _unit in found.values()}
    unknown = tuple(
        str(header[place])
        for place, name in enumerate(names)
        if place not in used and name not in known.others and name not in roles and name
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
    return Columns(found, tuple(str(cell) for cell in header), layout, unknown)


def _shown(names: Iterable[str]) -> str:
    return ", ".join(str(name)[:40] for name in list(names)[:12])


def _missing_hint(header: Sequence[str], missing: list[str], path: Path) -> str:
    if re.fullmatch(r"chunk-\d+-trace\.csv", path.name):
        return _("this is one client of ServeGen: name the folder it is in")
    hint = _("the header reads: {header}").format(header=_shown(header))
    hint += "; " + _("known: {names}").format(names="; ".join(_KNOWN[role] for role in missing))
    if len(header) == 1 and re.search(r"[;\t|]", str(header[0])):
        hint += "; " + _("columns must be separated by commas")
    return hint


def _fits(layout: str, names: list[str], header: Sequence[str], path: Path) -> None:
    """Refuse a log that is not laid out as it was said to be."""
    known = LAYOUTS[layout]
    if path.suffix.lower() not in known.endings:
        raise TraceError(
            _("{path} is not laid out as {layout}, which comes as {endings}.").format(
                path=path,
                layout=layout,
                endings=", ".join(known.endings) or _("a folder"),
            ),
            _("leave the layout to be recognised: auto"),
        )
    absent = [column for column in known.required.values() if column not in names]
    if absent:
        raise TraceError(
            _("{path} is not laid out as {layout}: it has no column {missing}.").format(
                path=path, layout=layout, missing=", ".join(absent)
            ),
            _("the header reads: {header}").format(header=_shown(header)),
        )
