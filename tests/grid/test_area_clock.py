"""Hours of the day and months of a demand file: by the place's clock, the file's own, or UTC, and which is said.

Demand is 95 MW in one local hour of the day, on a day a month 100 MW, and 60 MW else: a load above 5 MW is cut in that hour.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.headroom import headroom
from taotie.errors import UnknownNameError

PEAK_H = 17


def written(path: Path, area: str, offset: int, suffix: str, column: str = "time") -> Path:
    """A year that peaks at 17:00 of a zone so many hours ahead of UTC, stamped in UTC or in the zone."""
    local = suffix not in ("Z", "")
    instants = np.arange("2023-01-01", "2024-01-01", dtype="datetime64[h]")
    rows = [f"{column},{area}"]
    for one in instants:
        hour = (one + np.timedelta64(offset, "h")).astype(int) % 24
        shown = one + np.timedelta64(offset, "h") if local else one
        top = 100 if str(one)[8:10] == "15" else 95
        rows.append(f"{shown}:00{suffix},{top if hour == PEAK_H else 60}")
    path.write_text("\n".join(rows), "utf-8")
    return path


def cut_at(path: Path, **more: object) -> tuple[list[int], set[str], list[str]]:
    """Hours of the day with a cut, codes and sentences of what is said."""
    made = headroom(path, limits=[0.02], **more)
    hours = np.flatnonzero(made.own["areas"][0]["hours_by_hour_of_day"]).tolist()
    return hours, {one.code for one in made.said}, [one.text() for one in made.said]


@pytest.mark.parametrize(
    ("area", "offset", "suffix", "more", "clock"),
    [
        ("ERCO", -6, "Z", {}, "UTC-6"),
        ("CAISO", -8, "Z", {}, "UTC-8"),
        ("Germany", 1, "Z", {}, "UTC+1"),
        ("north", 8, "+08:00", {}, "UTC+8"),
        ("north", 8, "Z", {"place": "Sichuan"}, "UTC+8"),
        ("north", 8, "-05:00", {"place": "Sichuan"}, "UTC+8"),
    ],
)
def test_worked_the_hour_is_that_of_the_place(
    area: str, offset: int, suffix: str, more: dict[str, str], clock: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "d.csv", area, offset if suffix != "-05:00" else -5, suffix)
    if suffix == "-05:00":  # a peak at 17:00 there is 6:00 of the next day in Sichuan
        assert cut_at(path, **more)[0] == [(PEAK_H + 13) % 24]
    else:
        assert cut_at(path, **more)[0] == [PEAK_H]
    _hours, codes, sentences = cut_at(path, **more)
    assert "hours_by_clock" in codes
    assert any(f"those of {clock}," in text for text in sentences)
    assert "part_of_year" not in codes  # a whole year of UTC stays whole


def test_worked_no_clock_is_known_and_that_is_said(tmp_path: Path) -> None:
    hours, codes, sentences = cut_at(written(tmp_path / "d.csv", "north", 8, "Z"))
    assert hours == [PEAK_H - 8]
    assert "hours_in_utc" in codes
    assert any("those of UTC" in text for text in sentences)
    assert "clock_of_file" in cut_at(written(tmp_path / "e.csv", "north", 0, ""))[1]


def test_worked_a_column_named_utc_is_in_utc(tmp_path: Path) -> None:
    path = written(tmp_path / "d.csv", "ERCO", -6, "", "utc_time")
    hours, codes, _sentences = cut_at(path)
    assert hours == [PEAK_H]
    assert {"utc_by_name", "hours_by_clock"} <= codes


def test_error_a_place_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Atlantis"):
        headroom(written(tmp_path / "d.csv", "north", 0, "Z"), place="Atlantis")


def test_worked_months_of_a_file_by_its_own_clock(tmp_path: Path) -> None:
    """The first hours of July in China are the last of June in UTC."""
    path = tmp_path / "m.csv"
    instants = np.arange("2023-01-01", "2024-01-01", dtype="datetime64[h]")
    first = np.datetime64("2023-06-30T16", "h")  # 1 July, 0:00 at UTC+8

    def load(t: np.datetime64) -> int:
        if t in (first, np.datetime64("2023-01-15T00", "h")):
            return 100
        return 95 if first < t < first + 8 else 60

    path.write_text("\n".join(["time,Sichuan", *(f"{t}:00Z,{load(t)}" for t in instants)]), "utf-8")
    made = headroom(path, limits=[0.0005])
    months = made.own["areas"][0]["hours_by_month"]
    assert (months[5], months[6]) == (0.0, 8.0)


def test_worked_a_column_without_a_unit_is_told(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    rows = [
        str(t).replace("T", " ")
        for t in np.arange("2023-01-01T00:00", "2024-01-01T00:00", 60, "datetime64[m]")
    ]
    for n, wanted in ((1, "A"), (5, "A, B, C, D, E"), (6, "6 columns"), (0, None)):
        names = "ABCDEF"[:n] or "load_mw"
        path.write_text("\n".join([",".join(["time", *(names if n else [names])]), *(",".join([row, *["5"] * max(n, 1)]) for row in rows)]), "utf-8")  # fmt: skip
        said = [one.text("en") for one in headroom(path).said if one.code == "unit_taken"]
        assert len(said) == (wanted is not None)
        assert all(wanted in text and "MW" in text for text in said if wanted)
