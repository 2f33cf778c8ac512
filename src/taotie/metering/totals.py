"""What do tools say that only keep totals? CodeCarbon, Zeus and Slurm, as windows in J.

CodeCarbon's energy already holds its PUE: it is divided out. Its rows of one run are cumulative. Slurm's energy is
the node's: true of a job only if it had the node alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from taotie.errors import MeterError
from taotie.files.read import csv_dicts, of_others
from taotie.metering.channel import to_raw
from taotie.metering.recording import Recording
from taotie.metering.when import epoch_ns, stamp_ns
from taotie.metering.window import EnergyWindow
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["read_codecarbon", "read_slurm", "read_zeus", "too_short"]

COUNTER_UPDATE_S = 0.1
"""How often NVIDIA's counter moves, about: what is shorter sees 0 or one step of it."""
NO_ENERGY = 18446744073709551614
"""Slurm's "no value"."""


def too_short(seconds: float, update_s: float = COUNTER_UPDATE_S) -> bool:
    """Is a window shorter than a counter's update, so that 0 J says nothing?

    Examples
    --------
    >>> too_short(0.05), too_short(5.0)
    (True, False)
    """
    return seconds < update_s


def _rows(text: str, where: str, delimiter: str = ",") -> Iterator[dict[str, str]]:
    for row in csv_dicts(text, where, MeterError, delimiter=delimiter):
        yield {k.strip(): v.strip() for k, v in row.items()}


def _number(row: Mapping[str, str], key: str, where: str) -> float | None:
    text = row.get(key, "")
    if text in ("", "None", "nan", "NaN"):
        return None
    try:
        return float(text)
    except ValueError:
        raise MeterError(
            _("{where}: {key}={value} is no number.").format(where=where, key=key, value=repr(text))
        ) from None


@of_others(MeterError)
def read_codecarbon(text: str, where: str = "", measured: bool = False) -> Recording:
    """Read CodeCarbon's `emissions.csv`.

    Parameters
    ----------
    text : str
    where : str
    measured : bool, default False
        The user knows that counters were behind it: no column of the file tells.

    Raises
    ------
    MeterError
        If columns are missing or a value is no number.
    """
    by_run: dict[str, dict[str, str]] = {}
    for n, row in enumerate(_rows(text, where), start=1):
        by_run[row.get("run_id") or str(n)] = row  # rows of a run are cumulative: the last stands
    said: list[Said] = []
    windows: list[EnergyWindow] = []
    spans: list[tuple[int, int, float, str]] = []
    unzoned = False
    for run, row in by_run.items():
        place = f"{where}, run {run}"
        seconds = _number(row, "duration", place)
        if seconds is None or "energy_consumed" not in row:
            raise MeterError(_("{where}: no duration or energy_consumed.").format(where=place))
        end, zoned = stamp_ns(row.get("timestamp", ""), place)
        unzoned |= not zoned
        start = end - round(seconds * 1e9)
        pue = _number(row, "pue", place) or 1.0
        total = _number(row, "energy_consumed", place)
        if total == 0.0 and seconds > 0:
            said.append(
                Said(
                    "zero_is_no_reading",
                    N_(
                        "{where}: 0 kWh in {seconds} s: nothing was metered; it is missing, not zero."
                    ),
                    {"where": place, "seconds": round(seconds, 3)},
                )
            )
        spans.append((start, end, total or 0.0, run))
        for part, boundary in (("gpu", "device"), ("cpu", "package"), ("ram", "package")):
            kwh = _number(row, f"{part}_energy", place)
            uj = to_raw(kwh / pue, "kWh", place) if kwh else None
            windows.append(
                EnergyWindow(
                    start, end, uj, boundary, "integrated" if measured else "estimated",
                    f"codecarbon:{run}:{part}", note=row.get("tracking_mode", ""),
                )
            )  # fmt: skip
        if pue != 1.0:
            said.append(
                Said(
                    "pue_taken_out",
                    N_(
                        "{where}: CodeCarbon multiplied by a PUE of {pue}; it was divided out again."
                    ),
                    {"where": place, "pue": pue},
                )
            )
    if not by_run:
        raise MeterError(_("{where}: no row.").format(where=where))
    if unzoned:
        said.append(_utc_taken(where))
    if not measured:
        said.append(
            Said(
                "measured_or_constant_unknown",
                N_(
                    "{where}: no column tells whether CodeCarbon measured or took constant powers; everything counts as estimated."
                ),
                {"where": where},
            )
        )
    kept = _one_machine(spans, by_run, said, where)
    windows = [w for w in windows if w.channel.split(":")[1] in kept]
    return Recording((), tuple(windows), tuple(said), where)


def _utc_taken(where: str) -> Said:
    return Said(
        "no_time_zone",
        N_("{where}: stamps without a time zone were read as UTC."),
        {"where": where},
    )


def _one_machine(
    spans: list[tuple[int, int, float, str]],
    rows: Mapping[str, Mapping[str, str]],
    said: list[Said],
    where: str,
) -> set[str]:
    """Runs to keep: of those that tracked one machine at one time (a tracker per rank), the longest."""
    kept: list[tuple[int, int, float, str]] = []
    dropped = 0
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[3])):
        row = rows[span[3]]
        whole = row.get("tracking_mode", "machine") != "process"
        if whole and any(span[0] < k[1] and k[0] < span[1] for k in kept):
            dropped += 1
            continue
        kept.append(span)
    if dropped:
        said.append(
            Said(
                "several_trackers_one_machine",
                N_(
                    "{where}: {n} more runs tracked the whole machine over the same time, as one per rank does; the machine counts once."
                ),
                {"where": where, "n": dropped},
            )
        )
    return {k[3] for k in kept}


@of_others(MeterError)
def read_zeus(text: str, where: str = "") -> Recording:
    """Read the CSV of Zeus' `ZeusMonitor`: windows with the joules of each GPU.

    Raises
    ------
    MeterError
        If columns are missing or a value is no number.
    """
    windows: list[EnergyWindow] = []
    said: list[Said] = []
    short = 0
    for i, row in enumerate(_rows(text, where), start=2):
        place = f"{where}, line {i}"
        begin, seconds = _number(row, "start_time", place), _number(row, "elapsed_time", place)
        if begin is None or seconds is None:
            raise MeterError(_("{where}: no start_time or elapsed_time.").format(where=place))
        start = epoch_ns(begin, place)
        end = start + round(seconds * 1e9)
        for key in row:
            gpu = re.fullmatch(r"gpu(\d+)_energy", key)
            if gpu is None:
                continue
            joules = _number(row, key, place)
            missing = joules is None or (joules == 0.0 and too_short(seconds))
            short += bool(missing)
            windows.append(
                EnergyWindow(
                    start, end, None if missing or joules is None else to_raw(joules, "J", place),
                    "device", "counter", f"zeus:{row.get('window_name', '')}:gpu{gpu[1]}",
                )
            )  # fmt: skip
    if not windows:
        raise MeterError(_("{where}: no row.").format(where=where))
    if short:
        said.append(
            Said(
                "window_too_short",
                N_(
                    "{where}: {n} windows are shorter than an update of the counter, so that 0 J says nothing; take at least {seconds} s."
                ),
                {"where": where, "n": short, "seconds": COUNTER_UPDATE_S},
            )
        )
    if _overlap(windows):
        said.append(
            Said(
                "windows_overlap",
                N_("{where}: windows overlap; their energies are not added up."),
                {"where": where},
            )
        )
    return Recording((), tuple(windows), tuple(said), where)


def _overlap(windows: list[EnergyWindow]) -> bool:
    by_gpu: dict[str, list[EnergyWindow]] = {}
    for one in windows:
        by_gpu.setdefault(one.channel.rpartition(":")[2], []).append(one)
    for mine in by_gpu.values():
        mine.sort(key=lambda w: w.start_ns)
        if any(a.end_ns > b.start_ns for a, b in itertools.pairwise(mine)):
            return True
    return False


@of_others(MeterError)
def read_slurm(text: str, where: str = "") -> Recording:
    """Read `sacct -P -o JobIDRaw,Start,End,NodeList,AllocTRES,ConsumedEnergyRaw`.

    Raises
    ------
    MeterError
        If `ConsumedEnergyRaw` is missing (the plain column prints K and M) or a value is no number.
    """
    windows: list[EnergyWindow] = []
    said: list[Said] = []
    unzoned, none = False, 0
    for i, row in enumerate(_rows(text, where, "|"), start=2):
        place = f"{where}, line {i}"
        if "ConsumedEnergyRaw" not in row:
            raise MeterError(
                _("{where}: no column ConsumedEnergyRaw.").format(where=where),
                "sacct -P -o JobIDRaw,Start,End,NodeList,AllocTRES,ConsumedEnergyRaw",
            )
        if "." in row.get("JobIDRaw", ""):
            continue  # steps are inside their job
        if row.get("Start", "") in ("", "Unknown") or row.get("End", "") in ("", "Unknown"):
            continue
        (start, zoned), (end, _z) = stamp_ns(row["Start"], place), stamp_ns(row["End"], place)
        unzoned |= not zoned
        joules = _number(row, "ConsumedEnergyRaw", place)
        missing = joules is None or joules <= 0 or joules >= NO_ENERGY - 2048
        none += missing
        windows.append(
            EnergyWindow(
                start, end, None if missing or joules is None else to_raw(joules, "J", place),
                "board", "counter", f"slurm:{row.get('JobIDRaw', i)}",
                note=row.get("NodeList", ""),
            )
        )  # fmt: skip
    if not windows:
        raise MeterError(_("{where}: no row.").format(where=where))
    said.append(
        Said(
            "node_not_job",
            N_("{where}: Slurm meters nodes: true of a job only if it had its nodes alone."),
            {"where": where},
        )
    )
    if none:
        said.append(
            Said(
                "readings_without_value",
                N_("{channel}: {n} of {all} readings hold no value; they are gaps, not zeros."),
                {"channel": where, "n": none, "all": len(windows)},
            )
        )
    if unzoned:
        said.append(_utc_taken(where))
    return Recording((), tuple(windows), tuple(said), where)
