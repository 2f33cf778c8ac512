"""What does this machine draw now? A job metered, a recording kept, the latest sweep shown."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from taotie.answer.answer import Answer
from taotie.answer.asking import answers_with
from taotie.answer.meter import recording_answer
from taotie.errors import MeterError
from taotie.metering.ledger import Ledger, read_ledger
from taotie.metering.meter import Meter
from taotie.metering.recorder import Recorder, source_named, sources_here
from taotie.metering.window import iso_time
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["Live", "live_rows", "metered_command", "record", "stored"]


def metered_command(
    command: Sequence[str],
    hz: float = 1.0,
    sources: Sequence[Any] | None = None,
    names: Sequence[str] = (),
) -> tuple[Answer, int]:
    """Run a command and say what was drawn meanwhile; and its exit code.

    Raises
    ------
    MeterError
        If there is no such command.
    """
    if not command:
        raise MeterError(_("no command to run."), "taotie meter run -- python train.py")
    if sources is None and names:
        sources, _missing = sources_here(names)
    meter = Meter(sources, hz)
    try:
        with meter:
            code = subprocess.run(list(command), check=False).returncode
    except (FileNotFoundError, PermissionError) as error:
        raise MeterError(
            _("{command} cannot be run: {why}.").format(command=command[0], why=reason(error))
        ) from None
    settings = {"command": list(command), "hz": hz, "sources": list(names)}
    made = recording_answer(meter.recording, settings, "meter run").saying(
        *(s for s in meter.said if s.code != "no_meter")
    )
    return made, code


def record(
    path: Path | str,
    hz: float = 1.0,
    seconds: float | None = None,
    durable: bool = False,
    names: Sequence[str] = (),
    sources: Sequence[Any] | None = None,
    told: Callable[[str], object] | None = None,
) -> int:
    """Read meters into a ledger until stopped; returns the number of sweeps.

    Raises
    ------
    MeterError
        If no meter can be read, or another process writes the ledger.
    """
    given = [source_named(n) for n in names] if names else None
    if sources is None:
        sources = given if given is not None else sources_here()[0]
    stopped: list[int] = []
    before = {s: signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)}
    with Ledger(path, durable) as ledger:
        recorder = Recorder(ledger, sources, hz)
        if told is not None:
            told(
                _("{n} channels into {path}, {hz} a second").format(
                    n=len(recorder.channels), path=path, hz=hz
                )
            )
            for name, why in recorder.missing:
                told(f"{name}: {why}")
        try:
            for one in before:
                signal.signal(one, lambda number, _frame: stopped.append(number))
            return recorder.run(seconds, lambda: bool(stopped))
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
            recorder.close()


@answers_with("meter show")
def stored(path: Path | str = "taotie-meter.db") -> Answer:
    """What a ledger holds.

    Raises
    ------
    MeterError
        If it is no ledger.
    """
    return recording_answer(read_ledger(path), {"ledger": str(path)}, "meter show")


class Live(NamedTuple):
    """One line of what is drawn now."""

    name: str
    boundary: str
    power_w: float | None
    energy_j: float | None
    seen: str
    status: str


def live_rows(path: Path | str, over_s: float = 10.0) -> list[Live]:
    """The latest power of each channel of a ledger, over what was seen of the last seconds."""
    from taotie.metering.channel import STATUS_NAMES
    from taotie.metering.steps import Readings, steps
    from taotie.metering.window import energy_window

    rows = []
    for one in read_ledger(path).readings:
        if not len(one):
            rows.append(Live(one.channel.id, one.channel.boundary, None, None, "", "absent"))
            continue
        since = int(one.t_ns[-1]) - round(over_s * 1e9)
        keep = one.t_ns >= since
        last = steps(Readings(one.channel, one.t_ns[keep], one.raw[keep], one.status[keep]))
        whole = energy_window(one)
        name = one.channel.name or one.channel.uuid
        rows.append(
            Live(
                name, one.channel.boundary, last.mean_power_w, whole.joules, iso_time(int(one.t_ns[-1])),
                STATUS_NAMES[int(one.status[-1])],
            )
        )  # fmt: skip
    return rows


def exported(paths: Sequence[Path | str], to: str) -> str:
    """What logs of meters hold, for other programs.

    Raises
    ------
    UnknownNameError
        If the layout is not known.
    """
    from taotie.metering.export import export_text
    from taotie.metering.import_file import read_meter_files

    return export_text(read_meter_files(paths), to)
