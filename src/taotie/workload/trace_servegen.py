"""How are ServeGen's files read? A folder of clients, and one JSON file of conversations (times [s], lengths [token]).

The layout was read in files of its repository: lines of `chunk-<i>-trace.csv` without header, distributions of lengths
in `chunk-<i>-dataset.json` as text such as `{322: 0.5, 406: 0.5}`, which is read as numbers and never run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from taotie.errors import TraceError
from taotie.files.read import csv_rows, json_value, of_others
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.reasons import reason
from taotie.words.said import Said
from taotie.workload.requests import Floats, Requests
from taotie.workload.servegen import MEDIA, Lengths, ServeGenClient, ServeGenService
from taotie.workload.trace_layout import LAYOUTS
from taotie.workload.trace_rows import MAX_TOKENS, open_text, regular_file

__all__ = ["read_conversations", "read_servegen"]

MAX_CLIENTS = 20_000
MAX_FILE_BYTES = 256 * 10**6
"""Of one client's file; the published ones have up to a few MB. [B]"""
_WINDOW_S = 600.0


@of_others(TraceError)
def read_servegen(path: str | os.PathLike[str]) -> ServeGenService:
    """Read the clients of one ServeGen service.

    Parameters
    ----------
    path : path-like
        A folder such as `data/language/m-large` with `chunk-<i>-trace.csv` and `chunk-<i>-dataset.json`.

    Returns
    -------
    service : ServeGenService

    Raises
    ------
    TraceError
        If the folder holds no such files or one of them is damaged; names file and line.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise TraceError(
            _("{path} is not a folder.").format(path=folder),
            _("a ServeGen service is a folder of chunk-<i>-trace.csv and chunk-<i>-dataset.json"),
        )
    traces = sorted(
        (int(found[1]), place)
        for place in folder.iterdir()
        if (found := re.fullmatch(r"chunk-(\d{1,9})-trace\.csv", place.name))
    )
    if not traces:
        inside = sorted(
            str(place.relative_to(folder)) for place in folder.iterdir() if place.is_dir()
        )
        raise TraceError(
            _("{path} holds no client of ServeGen (chunk-<i>-trace.csv).").format(path=folder),
            _("folders in it: {names}").format(names=listing(inside[:12]))
            if inside
            else _("name the folder of one service, such as data/language/m-large"),
        )
    if len(traces) > MAX_CLIENTS:
        raise TraceError(
            _("{path} holds {n} clients; at most {limit} are read.").format(
                path=folder, n=len(traces), limit=MAX_CLIENTS
            ),
            _("name the folder of one service, such as data/language/m-large"),
        )
    clients, silent, span = [], 0, 0.0
    for number, place in traces:
        start, rate, weibull, shape = _windows(place)
        step = float(np.median(np.diff(start))) if start.size > 1 else _WINDOW_S
        span = max(span, float(start[-1]) + step)
        lengths = _distributions(folder / f"chunk-{number}-dataset.json")
        if not lengths:
            silent += int(rate.any())
            continue
        clients.append(ServeGenClient(number, start, rate, weibull, shape, lengths))
    if not clients:
        raise TraceError(
            _("{path}: no client has lengths of requests.").format(path=folder),
            _("was it fetched completely?"),
        )
    said: tuple[Said, ...] = ()
    if silent:
        said = (
            Said(
                "clients_without_lengths",
                N_("{n} clients without lengths of requests left out"),
                {"n": silent},
            ),
        )
    return ServeGenService(tuple(clients), span, f"ServeGen {folder.name}", said)


def _windows(path: Path) -> tuple[Floats, Floats, Any, Floats]:
    """Starts, rates, and shapes of intervals of one client's windows."""
    place = regular_file(path, MAX_FILE_BYTES)
    rows: list[tuple[float, float, bool, float]] = []
    with open_text(place) as stream:
        for line, cells in enumerate(csv_rows(stream, place, TraceError), 1):
            if cells:
                rows.append(_window(cells, place, line))
    if not rows:
        raise TraceError(_("{path} is empty.").format(path=place), _("was it fetched completely?"))
    start = np.array([row[0] for row in rows])
    if (np.diff(start) <= 0).any():
        raise TraceError(_("{path}: its windows are not in order of time.").format(path=place))
    return (
        start,
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
        np.array([row[3] for row in rows]),
    )


def _window(cells: list[str], path: Path, line: int) -> tuple[float, float, bool, float]:
    def refuse(why: str) -> TraceError:
        return TraceError(
            _("{path}, line {line}: {why}.").format(path=path, line=line, why=why),
            _(
                "a line reads: time [s], rate [request/s], variation, Gamma or Weibull, shape, scale"
            ),
        )

    if len(cells) != 6:
        raise refuse(_("{n} columns instead of 6").format(n=len(cells)))
    try:
        t, rate, shape = float(cells[0]), float(cells[1]), float(cells[4])
    except ValueError:
        raise refuse(_("not a number")) from None
    kind = cells[3].strip()
    if not (0 <= t < 1e10 and 0 <= rate < 1e9):
        raise refuse(_("a time or rate is negative or not finite"))
    if not kind or rate == 0:
        return t, 0.0, False, 1.0
    if kind not in ("Gamma", "Weibull"):
        raise refuse(
            _("intervals are {kind}, neither Gamma nor Weibull").format(kind=repr(kind[:20]))
        )
    if not 1e-6 <= shape < 1e9:
        raise refuse(_("the shape {shape} of the intervals is not above 0").format(shape=shape))
    return t, rate, kind == "Weibull", shape


def _distributions(path: Path) -> tuple[tuple[float, dict[str, Lengths]], ...]:
    """Windows with lengths of one client; those without any are left out."""
    place = regular_file(path, MAX_FILE_BYTES)
    content = _json(place)
    if not isinstance(content, dict):
        raise TraceError(_("{path} is not a JSON object.").format(path=place))
    found = []
    for key, fields in content.items():
        if not re.fullmatch(r"\d{1,10}", key) or not isinstance(fields, dict):
            raise TraceError(
                _("{path}: {key} is not a time with lengths.").format(
                    path=place, key=repr(key[:40])
                )
            )
        lengths = {
            name: _lengths(text, place, f"{key}.{name}")
            for name, text in fields.items()
            if name == "input_tokens"
            or name == "output_tokens"
            or name == "text_tokens"
            or name.removesuffix("_tokens").removesuffix("_count") in MEDIA
        }
        if "output_tokens" not in lengths or not {"input_tokens", "text_tokens"} & set(lengths):
            raise TraceError(
                _("{path}, {key}: no input_tokens or no output_tokens.").format(
                    path=place, key=key
                ),
                _("its keys are: {keys}").format(keys=listing(k[:40] for k in list(fields)[:12])),
            )
        # a window without requests is written as {} or, with images, as lengths of 0
        if lengths["output_tokens"].value.max(initial=0) > 0 and any(
            lengths[name].value.size for name in ("input_tokens", "text_tokens") if name in lengths
        ):
            found.append((float(key), lengths))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _json(place: Path) -> Any:
    try:
        with open_text(place) as stream:
            return json_value(stream.read())
    except TraceError:
        raise
    except ValueError as error:
        raise TraceError(
            _("{path} is not JSON: {why}.").format(path=place, why=reason(error)),
            _("was it fetched completely?"),
        ) from error


def _lengths(text: Any, path: Path, key: str) -> Lengths:
    """A distribution written as `{322: 0.5, 406: 0.5}` in a string."""

    def refuse() -> TraceError:
        return TraceError(
            _("{path}, {key}: {text} is not a distribution of lengths.").format(
                path=path, key=key, text=repr(text)[:60]
            ),
            _('it looks like "{322: 0.5, 406: 0.5}": length and share'),
        )

    if not isinstance(text, str) or not re.fullmatch(r"\{[0-9.eE+\-:, ]*\}", text):
        raise refuse()
    inside = text[1:-1].strip()
    if not inside:
        return Lengths(np.zeros(0, np.int64), np.zeros(0))
    try:
        pairs = [part.split(":") for part in inside.split(",")]
        value = np.array([float(a) for a, _b in pairs])
        share = np.array([float(b) for _a, b in pairs])
    except ValueError:
        raise refuse() from None
    whole = (value == np.floor(value)) & (value >= 0) & (value <= MAX_TOKENS)
    if not (whole & np.isfinite(share) & (share >= 0)).all() or abs(share.sum() - 1.0) > 1e-3:
        raise refuse()
    order = np.argsort(value)
    return Lengths(value[order].astype(np.int64), np.cumsum(share[order]) / share.sum())


@of_others(TraceError)
def read_conversations(
    path: str | os.PathLike[str], *, name: str = "", source: str = ""
) -> Requests:
    """Read ServeGen's `conversations_hashed.json`: conversations with time and lengths of each turn.

    Parameters
    ----------
    path : path-like
        A JSON list of conversations, each a list of turns with `timestamp` [s], `input_token_count` and
        `output_token_count` [token].
    name, source : str, optional
        For reports.

    Returns
    -------
    requests : Requests
        With `session`. The hashed tokens are not used: how they map to tokens is not published.

    Raises
    ------
    TraceError
        If the file is not laid out so; names conversation and turn.
    """
    place = regular_file(Path(path), MAX_FILE_BYTES)
    content = _json(place)
    rows = list(_turns(content, place))
    if not rows:
        raise TraceError(
            _("{path} holds no request.").format(path=place), _("was it fetched completely?")
        )
    t, prompt, output, session = (np.array(column) for column in zip(*rows, strict=True))
    keep = np.flatnonzero((prompt > 0) & (output > 0))
    if keep.size == 0:
        raise TraceError(_("{path}: every request in it is empty.").format(path=place))
    said = []
    if keep.size < t.size:
        said.append(
            Said(
                "empty_requests",
                N_("{n} requests without prompt or answer left out"),
                {"n": int(t.size - keep.size)},
            )
        )
    order = keep[np.argsort(t[keep], kind="stable")]
    return Requests(
        t_s=t[order] - t[order[0]],
        prompt_tokens=prompt[order].astype(np.int64),
        output_tokens=output[order].astype(np.int64),
        session=session[order].astype(np.int64),
        name=name or place.name,
        source=source or place.name,
        said=tuple(said),
        layout=Said("layout", N_("read as {layout}"), {"layout": "servegen-conversations"}),
    )


def _turns(content: Any, place: Path) -> Iterable[tuple[float, float, float, int]]:
    keys = ("timestamp", "input_token_count", "output_token_count")
    if not isinstance(content, list):
        raise TraceError(
            _("{path} is not a JSON list of conversations.").format(path=place),
            _("known layouts: {names}").format(names=listing(LAYOUTS)),
        )
    for i, conversation in enumerate(content):
        for turn in conversation if isinstance(conversation, list) else [conversation]:
            if not isinstance(turn, dict) or not set(keys) <= set(turn):
                raise TraceError(
                    _("{path}, conversation {i}: a turn lacks {keys}.").format(
                        path=place, i=i, keys=listing(keys)
                    )
                )
            values = [turn[key] for key in keys]
            numbers = all(
                isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e15
                for v in values
            )
            if not numbers or min(values[1:]) < 0 or max(values[1:]) > MAX_TOKENS:
                raise TraceError(
                    _("{path}, conversation {i}: {values} are not a time and two lengths.").format(
                        path=place, i=i, values=repr(values)[:80]
                    )
                )
            yield float(values[0]), float(int(values[1])), float(int(values[2])), i
