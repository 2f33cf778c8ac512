"""How many stars, beside one dated leaderboard? GPU energy of 1,000 queries, in the manner of the AI Energy Score. [Wh]

Five stars for the fifth that uses least. The published rule can be read two ways: five equal sections of the energy *range*, or
fifths of the *models*; both are here. No mark or label of theirs is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taotie.errors import BoundaryError, DataError, RangeError, UnknownNameError, nearest
from taotie.files.read import of_others, read_text, table_dicts
from taotie.policy.disclosure.facts import Facts
from taotie.policy.disclosure.form import Disclosure, Field, needed_boundary, plain_number
from taotie.words.language import N_, _
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["TASKS", "rating", "read_leaderboard", "stars"]

VERSION = "after the AI Energy Score, December 2025"
TASKS = (
    "text_generation", "reasoning", "summarization", "question_answering", "text_classification", "sentence_similarity",
    "image_classification", "object_detection", "speech_recognition", "image_generation", "image_captioning",
)  # fmt: skip
REFERENCE = "h100-sxm"
REFERENCE_NAMES = ("h100-sxm", "h100-80gb", "nvidia h100 80gb", "h100")


def stars(energy_wh: float, others_wh: Sequence[float], band: str = "range") -> int:
    """Stars of a model among others, 5 for least energy.

    Parameters
    ----------
    energy_wh : float
        Of 1,000 queries. [Wh]
    others_wh : sequence of float
        The leaderboard, the model itself included or not. [Wh]
    band : {"range", "rank"}
        Fifths of the energy range, or of the models.

    Raises
    ------
    RangeError
        If the leaderboard has fewer than two models or an energy is not above 0.

    Examples
    --------
    >>> others = [2.37, 5, 8, 12, 40, 100]
    >>> [stars(x, others) for x in others], [stars(x, others, "rank") for x in others]
    ([5, 5, 5, 5, 4, 1], [5, 5, 4, 3, 2, 1])
    """
    if band not in ("range", "rank"):
        raise UnknownNameError(_("band={value} is not range or rank.").format(value=repr(band)), nearest(band, ("range", "rank")))  # fmt: skip
    every = sorted(float(v) for v in others_wh)
    if len(every) < 2 or not every[0] > 0 or not energy_wh > 0:
        raise RangeError(_("a leaderboard needs two models at least, each with an energy above 0."))
    if band == "range":
        low, high = every[0], every[-1]
        if high == low:
            return 5
        share = (energy_wh - low) / (high - low)
    else:
        share = sum(1 for v in every if v < energy_wh) / len(every)
    return 5 - min(max(int(share * 5 + 1e-12), 0), 4)


@of_others(DataError)
def read_leaderboard(path: Path, task: str = "") -> tuple[list[float], str]:
    """Energies of a CSV with `wh_per_1000_queries` (and `task`, `date`), and the date it bears.

    Raises
    ------
    DataError
        If it cannot be read, has no such column, or no date.
    """
    rows = list(table_dicts(read_text(path), path))
    column = next((c for c in ("wh_per_1000_queries", "gpu_energy_wh", "wh") if rows and c in rows[0]), None)  # fmt: skip
    if column is None:
        raise DataError(_("{path} has no column wh_per_1000_queries.").format(path=path))
    kept = [r for r in rows if not task or not r.get("task") or r["task"] == task]
    dates = sorted({r["date"] for r in kept if r.get("date")})
    try:
        return [float(r[column]) for r in kept], dates[-1] if dates else ""
    except ValueError as error:
        raise DataError(_("{path}: {why}.").format(path=path, why=reason(error))) from None


def rating(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """A row in the manner of the score: energy, hardware, stars beside a dated leaderboard."""
    energy = facts.number("Wh/request", "energy_per_request_accelerator", boundary=("accelerator",))
    if energy is None and facts.find("energy_per_query") is not None:
        energy = facts.number("Wh/request", "energy_per_query", boundary=("accelerator",))
    if energy is None and facts.find("energy_per_request") is not None:
        energy = facts.number("Wh/request", "energy_per_request", boundary=("accelerator",))
    boundary = needed_boundary(facts, options, energy)
    if boundary["level"] != "accelerator":
        raise BoundaryError(
            _("the rating is of the accelerators alone; {level} energy has no place in it.").format(level=boundary["level"]),
            '--set "energy_per_request_accelerator=0.2 Wh/request @accelerator"',
        )  # fmt: skip
    task = facts.text("task") or "text_generation"
    if task not in TASKS:
        raise UnknownNameError(
            _("{task} is no task of the rating.").format(task=repr(task)), nearest(task, TASKS)
        )
    fields: list[Field] = [
        Field("task", N_("Task"), task, task, status="given" if facts.find("task") else "computed")
    ]
    value = None
    if energy is None:
        fields.append(Field("energy", N_("GPU energy of 1,000 queries"), unit="Wh", missing=(N_("energy of a query at the accelerator boundary"),)))  # fmt: skip
    else:
        value = 1e3 * float(energy.value)
        low = None if energy.low is None else 1e3 * energy.low
        high = None if energy.high is None else 1e3 * energy.high
        fields.append(Field("energy", N_("GPU energy of 1,000 queries"), f"{plain_number(value, 3)} Wh", value, "Wh", low, high, "measured" if energy.kind == "measured" else "estimated", "accelerator", sources=energy.sources))  # fmt: skip
    chip, batch = facts.text("accelerator", "hardware"), facts.number("1", "batch")
    fields.append(Field("hardware", N_("Hardware"), chip, chip, status="given") if chip else Field("hardware", N_("Hardware"), missing=(N_("the accelerator"),)))  # fmt: skip
    board = options.get("leaderboard")
    unofficial = bool(options.get("unofficial"))
    said: list[Said] = [
        Said(
            "accelerator_only",
            N_("accelerators alone: not comparable with the energy of a facility"),
        )
    ]
    off = chip.lower() not in REFERENCE_NAMES or batch is None or float(batch.value) != 1
    if board is None or value is None:
        fields.append(Field("stars", N_("Stars"), missing=(N_("a dated leaderboard (--leaderboard FILE)"),) if board is None else (N_("energy of a query at the accelerator boundary"),)))  # fmt: skip
    elif off and not unofficial:
        raise RangeError(
            _("stars are given on {reference} at batch 1 only; this is {chip} at batch {batch}.").format(
                reference=REFERENCE, chip=chip or "?", batch="?" if batch is None else f"{float(batch.value):g}"
            ),
            _("--unofficial gives stars marked as such"),
        )  # fmt: skip
    else:
        others, date = read_leaderboard(Path(board), task)
        if not date:
            fields.append(
                Field(
                    "stars", N_("Stars"), missing=(N_("the date of the leaderboard (column date)"),)
                )
            )
        else:
            band = str(options.get("band") or "range")
            n = stars(value, others, band)
            text = "★" * n + "☆" * (5 - n) + (" unofficial" if off else "")
            fields.append(Field("stars", N_("Stars"), text, float(n), "1", status="computed", method=f"band={band}, leaderboard of {date}, {len(others)} models"))  # fmt: skip
            if off:
                said.append(
                    Said("unofficial", N_("unofficial: not the reference hardware and batch"))
                )
    return Disclosure("rating", VERSION, N_("Energy rating in the manner of the AI Energy Score"), boundary, tuple(fields), supersedes=str(options.get("supersedes") or ""), said=tuple(said))  # fmt: skip
