"""What does a `/metrics` page say? Samples of the Prometheus text format and of OpenMetrics: name, labels, value.

Half a page is told: a last line that was cut off is dropped, never read as a smaller number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from taotie.errors import MeterError
from taotie.files.read import of_others
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Sample", "Scrape", "read_exposition"]

_LINE = re.compile(
    r"([a-zA-Z_:][\w:]*)(?:\{((?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?[ \t]+(\S+)(?:[ \t]+(\S+))?(?:[ \t]+#.*)?$"
)
_LABEL = re.compile(r"([a-zA-Z_][\w.]*)\s*=\s*\"((?:[^\"\\]|\\.)*)\"")


class Sample(NamedTuple):
    """One value of one series; `t_ns` None where the page gives no time."""

    name: str
    labels: dict[str, str]
    value: float
    t_ns: int | None = None


class Scrape(NamedTuple):
    """A page: its samples and what was wrong with it."""

    samples: tuple[Sample, ...]
    types: dict[str, str]
    said: tuple[Said, ...]


@of_others(MeterError)
def read_exposition(text: str, where: str = "") -> Scrape:
    """Read a page in the text format.

    Parameters
    ----------
    text : str
    where : str
        For messages: address or file.

    Returns
    -------
    scrape : Scrape
        NaN stays NaN: it is no reading. `_created` series are left out.

    Raises
    ------
    MeterError
        If it is HTML, JSON or otherwise no such page.

    Examples
    --------
    >>> made = read_exposition('# TYPE power gauge\\npower{gpu="0"} 52.7\\n')
    >>> made.samples
    (Sample(name='power', labels={'gpu': '0'}, value=52.7, t_ns=None),)
    """
    begin = text.lstrip()[:200].lower()
    if begin.startswith(("<!doctype", "<html", "<?xml", "{", "[")):
        kind = "JSON" if begin.startswith(("{", "[")) else "HTML"
        raise MeterError(
            _("{where}: this is {kind}, not a page of metrics.").format(where=where, kind=kind),
            _("the page is usually at /metrics; a login or an error page looks like this"),
        )
    types: dict[str, str] = {}
    said: list[Said] = []
    samples = list(_samples(text, types, said, where))
    if not samples and text.strip() and not said:
        raise MeterError(_("{where}: no sample in this page.").format(where=where))
    return Scrape(tuple(samples), types, tuple(said))


def _samples(text: str, types: dict[str, str], said: list[Said], where: str) -> Iterator[Sample]:
    lines = text.split("\n")
    whole = text.endswith("\n") or lines[-1].strip() == "# EOF"
    openmetrics = "# EOF" in (line.strip() for line in lines[-3:])
    bad = 0
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if stripped.startswith("#"):
            words = stripped.split(None, 3)
            if len(words) >= 4 and words[1] == "TYPE":
                types[words[2]] = words[3]
            continue
        if number == len(lines) and not whole:
            said.append(
                Said(
                    "half_a_scrape",
                    N_("{where} ends in the middle of a line; the last series was dropped."),
                    {"where": where},
                )
            )
            continue
        found = _LINE.match(stripped)
        value = _value(found[3]) if found else None
        if found is None or value is None:
            bad += 1
            continue
        if found[1].endswith("_created"):
            continue
        labels = {
            k: v.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
            for k, v in _LABEL.findall(found[2] or "")
        }
        yield Sample(found[1], labels, value, _time(found[4], openmetrics))
    if bad:
        said.append(
            Said(
                "lines_not_read",
                N_("{where}: {n} lines are no samples and were dropped."),
                {"where": where, "n": bad},
            )
        )


def _value(text: str) -> float | None:
    try:
        return float(text.replace("Inf", "inf"))
    except ValueError:
        return None


def _time(text: str | None, openmetrics: bool) -> int | None:
    """Times are milliseconds in the old format, seconds in OpenMetrics."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value):
        return None
    seconds = openmetrics and value < 1e11
    return round(value * (1e9 if seconds else 1e6))
