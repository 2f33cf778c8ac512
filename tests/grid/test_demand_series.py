"""Demand of areas: parts of years, lengths of step, zones, areas by name."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import DataError
from taotie.grid.demand_series import demand_of_area, read_hourly_demand
from taotie.grid.headroom import area_headroom


def written(path, when, mw, stamp=str):
    rows = "".join(f"{stamp(w)},{m:.6f}\n" for w, m in zip(when, mw, strict=True))
    path.write_text(f"time,A\n{rows}")
    return path


def wave(hours):
    return 1000 + 300 * np.sin(2 * np.pi * hours / 24) + 200 * np.cos(2 * np.pi * hours / 8760)


@pytest.fixture(scope="module")
def year():
    when = np.arange("2021-01-01T00", "2022-01-01T00", dtype="datetime64[h]")
    return when, wave(np.arange(8760.0))


def test_worked_part_of_a_year_weighs_as_a_part(year, tmp_path):
    when, mw = year
    more = np.arange("2021-01-01T00", "2022-01-04T00", dtype="datetime64[h]")
    whole = area_headroom(read_hourly_demand(written(tmp_path / "a.csv", when, mw)), "A", (0.01,))
    longer = read_hourly_demand(written(tmp_path / "b.csv", more, wave(np.arange(len(more)))))
    assert longer.share_of_year[2022] == pytest.approx(72 / 8760)
    assert area_headroom(longer, "A", (0.01,)).load_mw[0] == pytest.approx(
        whole.load_mw[0], rel=0.01
    )
    assert [one.code for one in longer.told] == ["part_of_year"]
    assert longer.n_year == pytest.approx(1 + 72 / 8760)


def test_worked_quarters_of_an_hour_count_by_their_length(year, tmp_path):
    when, mw = year
    fine = np.arange("2021-01-01T00:00", "2022-01-01T00:00", 15, dtype="datetime64[m]")
    hourly = area_headroom(read_hourly_demand(written(tmp_path / "a.csv", when, mw)), "A", (0.01,))
    series = read_hourly_demand(written(tmp_path / "b.csv", fine, np.repeat(mw, 4)))
    assert series.step_h == 0.25
    found = area_headroom(series, "A", (0.01,))
    assert found.load_mw == pytest.approx(hourly.load_mw)
    assert found.hours[0].hours_per_year == pytest.approx(hourly.hours[0].hours_per_year)
    assert found.hours[0].longest_h == pytest.approx(hourly.hours[0].longest_h)
    assert found.by_month[0].sum() == pytest.approx(found.hours[0].hours_per_year)
    assert found.by_hour[0].sum() == pytest.approx(found.hours[0].hours_per_year)


@pytest.mark.parametrize(
    ("zone", "shift"),
    [("Z", 0), ("+00:00", 0), ("+05:30", -5), ("-0600", 6), ("-06", 6), (" UTC", 0), ("", 0)],
)
def test_worked_zones(zone, shift, tmp_path):
    """13:00 at -06:00 is 19:00 UTC; a stamp without a zone stays as it is."""
    when = np.arange("2021-07-01T10", "2021-07-03T10", dtype="datetime64[h]")
    path = written(tmp_path / "z.csv", when, np.ones(48), lambda w: f"{w!s}:00{zone}")
    series = read_hourly_demand(path)
    assert series.hour[0] == (10 + shift) % 24 - (1 if zone == "+05:30" else 0)


def test_worked_gaps_and_doubles_are_told(tmp_path):
    when = np.arange("2021-07-01T00", "2021-08-01T00", dtype="datetime64[h]")
    when = np.delete(np.insert(when, 100, when[100]), [200, 201])
    series = read_hourly_demand(written(tmp_path / "g.csv", when, np.ones(len(when))))
    assert {"steps_missing", "steps_twice", "part_of_year"} == {one.code for one in series.told}


def test_error_steps(tmp_path):
    days = np.arange("2021-01-01", "2021-12-01", 2, dtype="datetime64[D]")
    with pytest.raises(DataError, match="48 h"):
        read_hourly_demand(
            written(tmp_path / "d.csv", days, np.ones(len(days)), lambda w: f"{w} 00:00")
        )
    mixed = np.cumsum(np.where(np.arange(100) % 3, 1, 2)) + np.datetime64("2021-01-01T00", "h")
    with pytest.raises(DataError, match="several lengths"):
        read_hourly_demand(written(tmp_path / "m.csv", mixed, np.ones(100)))


def test_error_area_that_was_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="not on this machine") as error:
        demand_of_area("ERCO")
    assert "taotie data fetch eia930-cleaned-demand" in error.value.hint


def test_worked_one_row_an_area_is_the_same_as_one_column_an_area(tmp_path):
    when = np.arange("2021-01-01T00", "2021-03-01T00", dtype="datetime64[h]")
    a, b = wave(np.arange(len(when))), 2 * wave(np.arange(len(when)) + 5)
    (tmp_path / "wide.csv").write_text("time,A,B\n" + "".join(f"{w},{x:.3f},{y:.3f}\n" for w, x, y in zip(when, a, b, strict=True)))  # fmt: skip
    rows = "".join(f"{w},B,{y:.3f}\n{w},A,{x:.3f}\n" for w, x, y in zip(when, a, b, strict=True))
    (tmp_path / "long.csv").write_text("time,area,mw\n" + rows)
    wide, long = (read_hourly_demand(tmp_path / f"{n}.csv") for n in ("wide", "long"))
    assert long.areas == wide.areas == ("A", "B")
    np.testing.assert_array_equal(long.demand_mw, wide.demand_mw)
    assert [t.code for t in long.told] == [t.code for t in wide.told]


def test_error_times_repeat_and_nothing_names_the_area(tmp_path):
    when = np.arange("2021-01-01T00", "2021-01-05T00", dtype="datetime64[h]")
    path = tmp_path / "d.csv"
    path.write_text("time,mw\n" + "".join(f"{w},5\n{w},7\n" for w in when))
    with pytest.raises(DataError, match="no one column says"):
        read_hourly_demand(path)
    path.write_text("time,area,mw\n" + "".join(f"{w},A,5\n{w},B,7\n" for w in when) + f"{when[0]},A,9\n")  # fmt: skip
    with pytest.raises(DataError, match="A has 2 rows at 2021-01-01"):
        read_hourly_demand(path)


@pytest.mark.parametrize(("name", "scale"), [("A_gw", 1e3), ("A (GW)", 1e3), ("A [kW]", 1e-3), ("A_MW", 1.0), ("Norway", 1.0)])  # fmt: skip
def test_worked_a_column_in_another_unit(tmp_path, name, scale):
    when = np.arange("2021-01-01T00", "2021-02-01T00", dtype="datetime64[h]")
    path = tmp_path / "d.csv"
    path.write_text(f"time,{name}\n" + "".join(f"{w},5\n" for w in when))
    found = read_hourly_demand(path)
    assert found.demand_mw[0, 0] == pytest.approx(5 * scale)
    assert ("unit_of_name" in [t.code for t in found.told]) == (scale != 1.0)


@pytest.mark.parametrize(("name", "scale"), [("A_mwh", 1.0), ("Bezug [kWh]", 1e-3), ("电量（万千瓦时）", 10.0), ("电量(度)", 1e-3)])  # fmt: skip
def test_worked_a_column_of_energy_is_divided_by_the_length_of_its_steps(tmp_path, name, scale):
    when = np.arange("2021-01-01T00:00", "2021-02-01T00:00", 15, dtype="datetime64[m]")
    path = tmp_path / "d.csv"
    path.write_text(f"time,{name}\n" + "".join(f"{w},{5 + i % 7}\n" for i, w in enumerate(when)))
    found = read_hourly_demand(path)
    np.testing.assert_allclose(found.demand_mw[:9, 0], scale * 4 * (5 + np.arange(9) % 7))
    assert "energy_of_steps" in [t.code for t in found.told]


def test_error_a_meters_reading_is_no_energy_of_steps(tmp_path):
    when = np.arange("2021-01-01T00", "2021-02-01T00", dtype="datetime64[h]")
    path = tmp_path / "d.csv"
    path.write_text("time,A_kwh\n" + "".join(f"{w},{900 + 5 * i}\n" for i, w in enumerate(when)))
    with pytest.raises(DataError, match="only counts up"):
        read_hourly_demand(path)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("Zeit;Last [MW]", "{d:%d.%m.%Y %H:%M};1.0{h:02d},5"),
        ("date\tload_mw", "{d:%m/%d/%Y %I:%M:%S %p}\t10{h:02d}.5"),
        ("horodate;Puissance (kW)", "{d:%d/%m/%Y %H:%M};10{h:02d}500"),
        ("时间,负荷(万千瓦)", "{d:%Y年}{d.month}月{d.day}日 {d:%H:%M},10{h:02d}.5e-1"),
        ("时间,负荷_兆瓦", "{d:%Y/%m/%d %H:%M},10{h:02d}.5"),
    ],
)
def test_worked_tables_as_other_countries_write_them(tmp_path, head, row):
    """Day first, semicolons, commas before decimals, am and pm, 10 MW as one: the same hours, the same MW."""
    when = np.arange("2021-01-01T00", "2021-02-01T00", dtype="datetime64[h]")
    path = tmp_path / "d.csv"
    lines = [row.format(d=w.astype(object), h=w.astype(object).hour) for w in when]
    path.write_text("\n".join([head, *lines]) + "\n\n", "utf-8")
    found = read_hourly_demand(path)
    np.testing.assert_array_equal(found.when, when)
    np.testing.assert_allclose(found.demand_mw[:, 0], 1000.5 + found.hour)
    assert not found.without_unit


def test_error_day_or_month(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("time,mw\n" + "".join(f"01/02/2021 {h:02d}:00,5\n" for h in range(24)))
    with pytest.raises(DataError, match="which is the day"):
        read_hourly_demand(path)


def test_worked_a_column_that_names_no_unit_is_known(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("time,power,b_kw\n" + "".join(f"2021-01-01T{h:02d}:00,5,5\n" for h in range(24)))  # fmt: skip
    assert read_hourly_demand(path).without_unit == ("power",)


HEAD = (
    '"Balancing Authority","Data Date","Hour Number","Local Time at End of Hour","UTC Time at End of Hour",'
    '"Demand Forecast (MW)","Demand (MW)","Net Generation (MW)","Demand (MW) (Imputed)","Demand (MW) (Adjusted)","Region"'
)


def six_months(path, first, hours, gap=None, areas=("ERCO", "PJM")):
    """A file as the agency hands it out: end of hour in UTC, commas at the thousands, an area without demand."""
    lines = [HEAD]
    for area in areas:
        for h in range(hours):
            end = (np.datetime64(first, "h") + h + 1).astype(object)
            clock = f"{end:%m/%d/%Y} {end.hour % 12 or 12}:00:00 {'PM' if end.hour >= 12 else 'AM'}"
            mw = "" if gap == (area, h) else f"{wave(h) * 50:,.0f}"
            lines.append(
                f'"{area}","{end:%m/%d/%Y}",1,"{clock}","{clock}","1","2","3","","{mw}","TEX"'
            )
    lines += [
        line.replace('"ERCO"', '"GRID"').rsplit(',"', 2)[0] + ',"","TEX"' for line in lines[1:25]
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


def test_worked_files_of_the_agency_as_handed_out(tmp_path):
    """Two half years in one folder: starts of hours in UTC, the mended column, an area without demand left out."""
    six_months(tmp_path / "EIA930_BALANCE_2023_Jan_Jun.csv", "2023-01-01", 4344)
    six_months(tmp_path / "EIA930_BALANCE_2023_Jul_Dec.csv", "2023-07-01", 4416)
    read = read_hourly_demand(tmp_path)
    assert read.areas == ("ERCO", "PJM")
    assert read.demand_mw.shape == (8760, 2)
    assert read.demand_mw[13, 0] == round(
        wave(13) * 50
    )  # 65,000 and more: no comma is a decimal sign
    assert read.month[[0, -1]].tolist() == [1, 12]
    assert read.hour[[0, 13, -1]].tolist() == [0, 13, 23]
    assert read.share_of_year == {2023: 1.0}
    assert {"eia_930", "areas_with_gaps"} <= {one.code for one in read.told}
    half = read_hourly_demand(tmp_path / "EIA930_BALANCE_2023_Jan_Jun.csv")
    assert half.demand_mw.shape == (4344, 2)


def test_worked_an_area_with_a_gap_by_its_name(tmp_path):
    path = six_months(
        tmp_path / "EIA930_BALANCE_2023_Jan_Jun.csv", "2023-01-01", 480, ("ERCO", 100)
    )
    assert read_hourly_demand(path).areas == ("PJM",)
    named = read_hourly_demand(path, wanted=["ERCO"])
    assert named.demand_mw.shape == (479, 1)
    told = {one.code: one.values for one in named.told}
    assert told["hours_without_demand"] == {"n": 1, "names": "ERCO"}
    assert told["steps_missing"]["n"] == 1


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("(Adjusted)", "(X)", None),
        ("Demand (MW)", "Flow (MW)", "no column of demand"),
        ("01/01/2023 2:00:00 AM", "2023-01-01 02:00", "row 3: '2023-01-01 02:00' is no time"),
        ("01/01/2023 2:00:00 AM", "02/30/2023 2:00:00 AM", "is no time"),
        ('"65,000"', '"many"', "row 2: demand 'many' is no number"),
        ('"ERCO"', '"ELSE"', "hold no area ERCO"),
    ],
)
def test_error_files_of_the_agency(tmp_path, old, new, match):
    path = six_months(tmp_path / "EIA930_BALANCE_2023_Jan_Jun.csv", "2023-01-01", 48)
    text = path.read_text("utf-8-sig").replace(f'"{wave(0) * 50:,.0f}"', '"65,000"')
    path.write_text(text.replace(old, new))
    if match is None:
        assert read_hourly_demand(path, wanted=["ERCO"]).demand_mw.shape == (48, 1)
        return
    with pytest.raises(DataError, match=match):
        read_hourly_demand(path, wanted=["ERCO"])
