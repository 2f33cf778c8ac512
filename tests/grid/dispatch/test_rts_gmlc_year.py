"""The year of RTS-GMLC: read from NREL's files where they lie beside the project, and dispatched."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.errors import DataError
from taotie.grid.dispatch.by_hour import hourly_dispatch, marginal_g_per_kwh
from taotie.grid.dispatch.rts_gmlc_year import rts_gmlc_year


@pytest.fixture(scope="module")
def folder(shared_data):
    place = shared_data / "upstream" / "rts-gmlc"
    if not (place / "RTS_Data" / "SourceData" / "gen.csv").is_file():
        pytest.skip("the tables of RTS-GMLC are not beside the project")
    return place


def test_worked_series_and_units(folder):
    """Values of the first hour as they stand in the files; rates by hand from gen.csv."""
    year = rts_gmlc_year(folder, slice(0, 1))
    assert year.load_mw.shape == (1, 73)
    assert year.available_mw.shape == (1, 158)
    area = year.case.bus[:, 6].astype(int)
    regions = np.bincount(area, year.load_mw[0])[1:]
    assert regions == pytest.approx([985.0197922, 1102.675901, 1249.636191])
    at = {name: i for i, name in enumerate(year.unit)}
    assert year.available_mw[0, at["309_WIND_1"]] == pytest.approx(142.8)
    assert year.available_mw[0, at["320_PV_1"]] == 0.0
    assert year.available_mw[0, at["122_HYDRO_1"]] == pytest.approx(4.2)
    assert year.available_mw[0, at["101_STEAM_3"]] == 76.0  # no series: Pmax
    assert year.case.gen_on[at["309_WIND_1"]]
    assert not year.case.gen_on[at["313_STORAGE_1"]]
    assert year.from_weather.sum() == 4 + 25 + 31 + 1
    # 0.4 x 13114 + 0.2 x (9456 + 9476 + 10352) = 11102.4 BTU/kWh; 160 lb/MMBTU; 10.3494 $/MMBTU
    oil = at["101_CT_1"]
    assert year.factor_t_per_mwh[oil] == pytest.approx(160 * 11102.4 * 0.45359237e-6, rel=1e-9)
    assert year.fuel_usd_per_mwh[oil] == pytest.approx(114.903, abs=5e-4)
    assert year.factor_t_per_mwh[at["121_NUCLEAR_1"]] == 0.0


def checked(year, hours, least_g, most_g):
    assert hours.solved.all()
    assert hours.shed_mw.max() == pytest.approx(0, abs=1e-6)
    assert hours.power_mw.sum(axis=1) == pytest.approx(year.load_mw.sum(axis=1), rel=1e-6)
    assert (hours.power_mw <= year.available_mw + 1e-6).all()
    carbon = hours.average_g_per_kwh(year.factor_t_per_mwh)
    assert (carbon >= 0).all()
    assert (carbon < 1100).all()
    assert least_g < np.median(carbon) < most_g
    weather = hours.power_mw[:, year.from_weather].sum() / hours.power_mw.sum()
    assert 0.2 < weather < 0.7  # wind and sun take part


def test_worked_noon_of_every_tenth_day(folder):
    year = rts_gmlc_year(folder, slice(12, None, 240))
    assert len(year.load_mw) == 37
    checked(
        year,
        hourly_dispatch(year.case, year.load_mw, year.available_mw, keep_minimum=False),
        100,
        500,
    )


@pytest.mark.slow
def test_worked_fortnight_and_what_more_load_emits(folder):
    """336 hours: 1 % more load emits more than the average, since wind and sun run anyway."""
    year = rts_gmlc_year(folder, slice(0, 336))
    before = hourly_dispatch(year.case, year.load_mw, year.available_mw, keep_minimum=False)
    checked(year, before, 100, 500)
    after = hourly_dispatch(year.case, 1.01 * year.load_mw, year.available_mw, keep_minimum=False)
    marginal = marginal_g_per_kwh(before, after, year.factor_t_per_mwh)
    average = before.average_g_per_kwh(year.factor_t_per_mwh)
    assert 400 < np.nanmean(marginal) < 1100
    assert np.nanmean(marginal) > average.mean()
    held = hourly_dispatch(year.case, year.load_mw, year.available_mw)
    assert 0 < held.solved.sum() < 336  # all units on all the time: too much in windy hours


def test_error_files_missing(tmp_path):
    with pytest.raises(DataError, match=r"gen\.csv"):
        rts_gmlc_year(tmp_path)
