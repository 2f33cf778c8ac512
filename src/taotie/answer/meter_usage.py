"""What did my sessions cost? Tokens of agents, clients and exports -> energy, carbon and water, as marked wide ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.errors import MeterError, UnknownNameError
from taotie.metering.agent_log import read_claude_code, read_codex
from taotie.metering.client_hook import calls_of_program
from taotie.metering.usage import Call, Usage
from taotie.metering.usage_export import read_usage
from taotie.quantity.figure import leaf
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["usage_answer", "usage_report"]

WATER_L_PER_KWH = (1.0, 3.5)
"""Site and generation together, at the meter: assumed, from sites of 0.2 to 1.2 and grids of 0.9 to 3.1."""
SHOWN = 1000


@answers_with("meter usage")
def usage_report(
    places: Sequence[Path | str] = (),
    claude_code: bool = False,
    codex: bool = False,
    region: str = "WORLD",
    seed: int = 0,
    program: Path | str | None = None,
    arguments: Sequence[str] = (),
) -> Answer:
    """Energy, carbon and water of the calls in logs or of a program, by session, day, project and model.

    Parameters
    ----------
    places : sequence of path-like
        Exports of use, or transcripts of agents.
    claude_code, codex : bool
        Read these agents' own folders.
    region : str
        Whose grid the far end is taken to be on.
    program, arguments
        A Python program to run, its OpenAI and Anthropic clients watched.

    Raises
    ------
    MeterError
        If there is no call in them.
    """
    if arguments and program is None:
        raise MeterError(_("--argument goes with --program."), "--program mine.py --argument one")
    if not places and not claude_code and not codex and program is None:
        raise MeterError(_("nothing to read."), "taotie meter usage --claude-code")
    calls: list[Call] = []
    said: list[Said] = []
    for reader, wanted in ((read_claude_code, claude_code), (read_codex, codex)):
        if wanted:
            found, more = reader()
            calls += found
            said += more
    for place in places:
        found, more = read_usage(place)
        calls += found
        said += more
    if program is not None:
        found = calls_of_program(program, arguments)
        if all(c.at_least and c.usage == Usage() for c in found):
            raise MeterError(
                _("{program} made no call that says its tokens.").format(program=Path(program).name),
                _("a streamed call of OpenAI says them with its stream option include_usage."),
            )  # fmt: skip
        calls += found
    settings = {
        "program": None if program is None else str(program), "arguments": list(arguments),
        "files": [str(p) for p in places], "claude_code": claude_code, "codex": codex, "region": region, "seed": seed,
    }  # fmt: skip
    return usage_answer(calls, settings, said, region, seed)


def usage_answer(
    calls: Sequence[Call],
    settings: dict[str, Any],
    said: Sequence[Said] = (),
    region: str = "WORLD",
    seed: int = 0,
) -> Answer:
    """The same from calls at hand, such as those of a `ClientHook`."""
    from taotie.compute.metered.token_energy import energy_wh, model_range, token_sums
    from taotie.grid.emissions import intensity

    told = list(said)
    silent = sum(c.at_least and c.usage == Usage() for c in calls)
    if silent:
        told.append(
            Said(
                "calls_without_usage",
                N_("{n} of {all} calls did not say their tokens (a stream of OpenAI does with include_usage): they are missing from the sums, not zero"),
                {"n": silent, "all": len(calls)},
            )
        )  # fmt: skip
    by_model: dict[str, list[Call]] = {}
    for one in calls:
        by_model.setdefault(one.model, []).append(one)
    ranges: dict[str, Any] = {}
    for name, mine in by_model.items():
        try:
            ranges[name] = model_range(name)
        except UnknownNameError:
            told.append(
                Said(
                    "model_without_range",
                    N_(
                        "{model}: no range of energy is known; its {n} calls are counted in tokens only."
                    ),
                    {"model": name or "?", "n": sum(c.calls for c in mine)},
                )
            )
            continue
        if ranges[name].proxy:
            told.append(
                Said(
                    "model_by_proxy",
                    N_(
                        "{model} has no range of its own: that of {proxy}, half as wide again at both ends."
                    ),
                    {"model": name, "proxy": ranges[name].proxy},
                )
            )
    told.append(
        Said(
            "far_end_not_metered",
            N_(
                "No meter is at the far end: these energies are assumed, 8 of 10 samples lie in the range."
            ),
            {},
        )
    )
    grid = intensity(region)
    rng = np.random.default_rng(seed + 1)
    water = np.exp(rng.uniform(np.log(WATER_L_PER_KWH[0]), np.log(WATER_L_PER_KWH[1]), 4000))

    def energy(mine: Sequence[Call]) -> np.ndarray | None:
        """Draws of calls; one model's draws are the same wherever it comes up, so that sums keep its range."""
        total: np.ndarray | None = None
        for name in sorted({c.model for c in mine} & set(ranges)):
            drawn = energy_wh(ranges[name], token_sums([c for c in mine if c.model == name]), seed)
            total = drawn if total is None else total + drawn
        return total

    whole = energy(calls)
    figures = {}
    if whole is not None:
        figures["energy"] = _range("energy", whole, "Wh", N_("energy of the calls"), "facility")
        carbon = whole / 1000 * grid.average.p50
        figures["carbon_average"] = _range(
            "carbon_average", carbon, "gCO2e", N_("carbon, average mix of the hours"), None
        )
        figures["water"] = _range("water", whole / 1000 * water, "L", N_("water"), None)
    keys: dict[str, Callable[[Call], str]] = {
        "session": lambda c: c.session, "day": _day, "project": lambda c: c.project, "model": lambda c: c.model,
        "user": lambda c: c.user,
    }  # fmt: skip
    tables = {f"by_{label}": _by(calls, key, energy) for label, key in keys.items()}
    usage = Usage()
    for one in calls:
        usage = usage.plus(one.usage)
    own = {
        "calls": sum(c.calls for c in calls),
        "tokens": {**usage._asdict(), "prompt": usage.prompt},
        "energy_wh": _percentiles(whole),
        "carbon_g": {
            "average": _percentiles(None if whole is None else whole / 1000 * grid.average.p50)
        },
        "water_l": _percentiles(None if whole is None else whole / 1000 * water),
        "by": {label: {r["name"]: r for r in tables[f"by_{label}"].records()} for label in keys},
        "kind": "assumed",
        "basis": {
            name: {
                "model": r.model,
                "proxy": r.proxy,
                "reference_wh": [r.low_wh, r.middle_wh, r.high_wh],
            }
            for name, r in ranges.items()
        },
    }
    limits = (
        Said(
            "hidden_at_the_far_end",
            N_(
                "Size, machines, batch and cache of the far end are not published; a context's cached part is weighed by a range, not by its price."
            ),
            {},
        ),
    )
    return Answer(
        "meter usage", settings, figures, tables=tables, said=tuple(told), limits=limits, own=own
    )


def _day(call: Call) -> str:
    if not call.t_ns:
        return ""
    return datetime.fromtimestamp(call.t_ns / 1e9, UTC).strftime("%Y-%m-%d")


def _percentiles(draws: np.ndarray | None) -> dict[str, float] | None:
    if draws is None:
        return None
    p10, p50, p90 = np.percentile(draws, [10, 50, 90])
    return {"p10": float(p10), "p50": float(p50), "p90": float(p90)}


def _range(key: str, draws: np.ndarray, unit: str, label: str, boundary: str | None) -> Any:
    low, high = (float(v) for v in np.percentile(draws, [5, 95]))
    return leaf(
        key,
        unit=unit,
        kind="assumed",
        boundary=boundary,
        label=labels(label),
        note="closed models",
        low=low,
        high=high,
    )


def _by(
    calls: Sequence[Call],
    key: Callable[[Call], str],
    energy: Callable[[Sequence[Call]], np.ndarray | None],
) -> Table:
    groups: dict[str, list[Call]] = {}
    for one in calls:
        groups.setdefault(key(one) or "unlabelled", []).append(one)
    rows = []
    for name, mine in groups.items():
        usage = Usage()
        for one in mine:
            usage = usage.plus(one.usage)
        drawn = _percentiles(energy(mine))
        rows.append(
            (name, sum(c.calls for c in mine), usage.prompt, usage.cache_read, usage.output, usage.reasoning,
             drawn["p10"] if drawn else None, drawn["p90"] if drawn else None)
        )  # fmt: skip
    rows.sort(key=lambda r: -(r[7] or 0.0))
    return Table(
        (
            Column("name", "", N_("name")), Column("calls", "", N_("calls")), Column("prompt", "token", N_("tokens in")),
            Column("cached", "token", N_("of them cached")), Column("output", "token", N_("tokens written")),
            Column("reasoning", "token", N_("of them reasoning")), Column("low_wh", "Wh", N_("energy from")),
            Column("high_wh", "Wh", N_("energy to")),
        ),
        tuple(rows[:SHOWN]),
    )  # fmt: skip
