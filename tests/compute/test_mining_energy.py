"""CBECI's rules by hand, on made-up machines; bad series and lists. Published years: tests/fleet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.compute.mining_energy import (
    Miners,
    MiningEnergy,
    example_miners,
    mining_energy,
    mining_figure,
    mining_power_gw,
    profitability_threshold_j_per_gh,
    read_miners,
)
from taotie.errors import DataError, RangeError, UnitError
from taotie.workload.mining import (
    HashRates,
    block_subsidy_btc,
    miner_revenue_usd,
    read_hash_rates,
)


def rates(n: int = 40, start: str = "2024-01-01", revenue: float = 45e6) -> HashRates:
    days = np.arange(np.datetime64(start), np.datetime64(start) + n)
    return HashRates(days, np.full(n, 500e6), np.full(n, revenue))


def miners(*rows: tuple[str, float]) -> Miners:
    return Miners(
        tuple(f"m{i}" for i in range(len(rows))),
        np.array([r[0] for r in rows], dtype="M8[D]"),
        np.array([r[1] for r in rows]),
    )


def test_published_halvings() -> None:
    days = ["2016-07-08", "2016-07-09", "2020-05-11", "2024-04-19", "2024-04-20"]
    assert block_subsidy_btc(days).tolist() == [25, 12.5, 6.25, 6.25, 3.125]


def test_worked_threshold_and_power() -> None:
    # 43.2 million USD a day over 500 EH/s are 1e-6 USD per TH; at 0.036 USD/kWh a cent buys a megajoule
    one = profitability_threshold_j_per_gh(43.2e6, 500e6, 0.036)
    assert float(one) == pytest.approx(0.1)
    assert float(profitability_threshold_j_per_gh(43.2e6, 500e6, 0.072)) == pytest.approx(0.05)
    assert float(mining_power_gw(0.03, 500e6)) == pytest.approx(15.0)


def test_worked_bounds() -> None:
    """30 and 50 J/TH pay, 200 does not; the younger weighs 1, the older 0.6."""
    found = mining_energy(
        rates(), miners(("2023-06-01", 0.03), ("2021-06-01", 0.05), ("2020-06-01", 0.2))
    )
    power = 500e6 * 1e3 / 1e9
    lower, best, upper = found.on("2024-01-20")
    assert lower == pytest.approx(0.03 * 1.01 * power * 8.766)
    assert best == pytest.approx((1.0 * 0.03 + 0.6 * 0.05) / 1.6 * 1.10 * power * 8.766)
    assert upper == pytest.approx(0.05 * 1.20 * power * 8.766)
    equal = mining_energy(
        rates(), miners(("2023-06-01", 0.03), ("2021-06-01", 0.05)), weights="equal"
    )
    assert equal.on("2024-01-20")[1] == pytest.approx(0.04 * 1.10 * power * 8.766)


def test_worked_age_limits() -> None:
    """Not before release, not from 60 months on."""
    found = mining_energy(rates(60), miners(("2024-01-31", 0.02), ("2019-02-10", 0.05)))
    assert found.on("2024-01-30")[0] == pytest.approx(found.on("2024-01-30")[1] * 1.01 / 1.10)
    assert found.n_eligible[found.days == np.datetime64("2024-01-30")] == 1
    assert found.n_eligible[found.days == np.datetime64("2024-02-05")] == 2
    assert found.n_eligible[found.days == np.datetime64("2024-02-12")] == 1


def test_worked_nobody_pays_carries_on() -> None:
    poor = rates(60)
    poor.revenue_usd_per_day[30:] = 1.0
    found = mining_energy(poor, miners(("2023-06-01", 0.03)))
    assert found.n_eligible[-1] == 0
    assert found.best_twh[-1] == found.best_twh[0]
    never = mining_energy(rates(5, revenue=1.0), miners(("2023-06-01", 0.03)))
    assert np.isnan(never.best_twh).all()
    with pytest.raises(RangeError, match="had paid for its power"):
        mining_figure(never, "2024-01-02")


def test_worked_before_mining_paid_all_machines_run() -> None:
    """In 2009 and 2010 a price of nothing did not stop anybody; from the day a machine pays, its rule holds."""
    days = np.arange("2010-06-01", "2010-08-01", dtype="M8[D]")
    earned = np.where(days < np.datetime64("2010-07-10"), 0.0, 5e9)
    early = HashRates(days, np.full(days.size, 1e-3), earned)
    found = mining_energy(
        early, miners(("2008-12-22", 1e5), ("2009-12-05", 1e4), ("2010-07-20", 1e3))
    )
    assert found.first_paid == np.datetime64("2010-07-10")
    assert found.n_eligible[0] == 2
    lower, best, upper = found.on("2010-06-15")
    assert lower / 1.01 == pytest.approx(upper / 1.20 / 10)
    assert lower < best < upper


def test_matches_plain_loop() -> None:
    rng = np.random.default_rng(4)
    given_rates = rates(30)
    given_rates.revenue_usd_per_day[:] = rng.uniform(5e6, 60e6, 30)
    machines = example_miners()
    found = mining_energy(given_rates, machines)
    for i in range(30):
        first = max(0, i - 13)
        threshold = np.mean(
            [
                float(profitability_threshold_j_per_gh(r, 500e6))
                for r in given_rates.revenue_usd_per_day[first : i + 1]
            ]
        )
        day = given_rates.days[i].astype(object)
        total = weight = 0.0
        paying = []
        for released, eff in zip(
            machines.released.astype(object), machines.efficiency_j_per_gh, strict=True
        ):
            months = (
                (day.year - released.year) * 12
                + day.month
                - released.month
                + (day.day - released.day) / 31
            )
            if 0 <= months < 60 and eff < threshold:
                w = (1, 0.8, 0.6, 0.4, 0.2)[int(months // 12)]
                total, weight = total + w * eff, weight + w
                paying.append(eff)
        if paying:
            power = 500e6 * 1e3 / 1e9 * 8.766
            np.testing.assert_allclose(
                found.on(day),
                [
                    min(paying) * 1.01 * power,
                    total / weight * 1.1 * power,
                    max(paying) * 1.2 * power,
                ],
            )


@given(st.floats(0.02, 0.15), st.floats(5e6, 2e8))
def test_property_bounds_in_order_and_falling_with_price(price: float, revenue: float) -> None:
    cheap = mining_energy(rates(20, revenue=revenue), example_miners(), price)
    dear = mining_energy(rates(20, revenue=revenue), example_miners(), 1.5 * price)
    for found in (cheap, dear):
        ok = np.isfinite(found.best_twh)
        assert (found.lower_twh[ok] < found.best_twh[ok]).all()
        assert (found.best_twh[ok] < found.upper_twh[ok]).all()
    both = np.isfinite(dear.upper_twh)
    assert (dear.upper_twh[both] <= cheap.upper_twh[both]).all()


def test_property_order_of_machines_does_not_matter() -> None:
    a = example_miners()
    order = np.random.default_rng(1).permutation(len(a.names))
    b = Miners(tuple(a.names[i] for i in order), a.released[order], a.efficiency_j_per_gh[order])
    np.testing.assert_allclose(
        mining_energy(rates(), a).best_twh, mining_energy(rates(), b).best_twh, rtol=1e-12
    )


def test_worked_figure() -> None:
    found = mining_energy(rates(), example_miners())
    one = mining_figure(found, "2024-02-01")
    lower, best, upper = found.on("2024-02-01")
    assert lower < one.p05 < one.p50 < one.p95 < upper
    assert (one.boundary, one.unit, one.distribution.mode) == ("facility", "TWh/a", best)
    assert isinstance(found, MiningEnergy)


# ---- files -------------------------------------------------------------------------------------------


def _csv(folder: Path, head: str, *rows: str) -> Path:
    path = folder / "series.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


HEAD = "date,hashrate_th_s,price_usd"


def test_worked_series_is_interpolated(tmp_path: Path) -> None:
    path = _csv(tmp_path, HEAD, "2024-01-01,1e8,1000", "2024-01-05,5e8,2000")
    read = read_hash_rates(path)
    assert read.hashrate_th_s.tolist() == [1e8, 2e8, 3e8, 4e8, 5e8]
    np.testing.assert_allclose(
        read.revenue_usd_per_day, miner_revenue_usd(read.days, [1000, 1250, 1500, 1750, 2000])
    )


def test_worked_dates_of_their_own(tmp_path: Path) -> None:
    """Hash rate and price on dates three days apart: joined over the days both have."""
    path = _csv(
        tmp_path, "date,hashrate_th_s,price_date,price_usd",
        "2024-01-01,1e8,2024-01-03,10", "2024-01-07,7e8,2024-01-09,70",
    )  # fmt: skip
    read = read_hash_rates(path)
    assert (str(read.days[0]), str(read.days[-1])) == ("2024-01-03", "2024-01-07")
    assert read.hashrate_th_s[0] == 3e8


@pytest.mark.parametrize(
    ("head", "rows", "error", "says"),
    [
        (
            HEAD,
            ["2024-01-01,1,1", "2024-01-01,1,1"],
            DataError,
            "line 3: 2024-01-01 is given twice",
        ),
        (HEAD, ["2024-01-05,1,1", "2024-01-01,1,1"], DataError, "comes after 2024-01-05"),
        (HEAD, ["2024-01-01,1,1", "2024-03-01,1,1"], DataError, "60 days without a value"),
        (HEAD, ["2024-01-01,1,-5"], DataError, r"price_usd=-5\.0 is negative"),
        (HEAD, ["2024-01-01,x,5"], DataError, "line 2"),
        (HEAD, ["2024-01-01,nan,5"], DataError, "hashrate_th_s=nan"),
        (HEAD, [], DataError, "no values"),
        ("date,hashrate_th_s,price_eur", ["2024-01-01,1,1"], UnitError, "price_eur is not in USD"),
        ("date,price_usd", ["2024-01-01,1"], DataError, "hashrate_th_s is missing"),
    ],
)
def test_error_series(
    tmp_path: Path, head: str, rows: list[str], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_hash_rates(_csv(tmp_path, head, *rows))


@pytest.mark.parametrize(
    ("day", "value"),
    [("2024-01-0{}", 500.0), ("2024-01-0{}", 5e5), ("2016-01-0{}", 0.8), ("2024-01-0{}", 5e11), ("2026-05-0{}", 1e3)],
)  # fmt: skip
def test_error_a_hash_rate_of_another_unit(day: str, value: float, tmp_path: Path) -> None:
    path = _csv(tmp_path, HEAD, *(f"{day.format(i)},{value},40000" for i in range(1, 6)))
    with pytest.raises(UnitError, match="cannot be the hash rate of all miners") as caught:
        read_hash_rates(path)
    assert "1e6 TH/s" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("day", "value"),
    [("2020-05-01", 34), ("2023-05-01", 17.5), ("2014-05-01", 700), ("2020-05-01", 3.4e-5)],
)
def test_error_a_machine_of_another_unit(day: str, value: float, tmp_path: Path) -> None:
    path = _csv(tmp_path, "name,released,efficiency_j_per_gh", f"a,{day},{value}")
    with pytest.raises(UnitError, match="no machine of") as caught:
        read_miners(path)
    assert "efficiency_j_th" in (caught.value.hint or "")


def test_worked_lists_of_machines(tmp_path: Path) -> None:
    one = read_miners(_csv(tmp_path, "name,released,efficiency_j_per_gh", "a,2020-05-01,0.03"))
    two = read_miners(
        _csv(tmp_path, "model,release,efficiency_j_th", "b,May 2020,30", "c,Jun 2020,")
    )
    three = read_miners(
        _csv(tmp_path, "Miner_name,UNIX_date_of_release,Efficiency_J_Gh", "c,1588291200,0.03")
    )
    assert str(one.released[0]) == str(two.released[0]) == str(three.released[0]) == "2020-05-01"
    assert two.efficiency_j_per_gh.tolist() == [0.03]  # a machine without an efficiency is left out
    assert len((one + three).names) == 2
    assert one.after("2020-05-01").names == ()


def test_error_lists_and_inputs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="released is missing"):
        read_miners(_csv(tmp_path, "name,efficiency_j_per_gh", "a,0.03"))
    with pytest.raises(DataError, match="line 2"):
        read_miners(_csv(tmp_path, "name,released,efficiency_j_per_gh", "a,soon,0.03"))
    with pytest.raises(DataError, match="does not hold what such a file holds"):
        read_miners(_csv(tmp_path, "name,released,efficiency_j_per_gh", "a,-200-01-01,0.03"))
    with pytest.raises(DataError, match="is not above 0"):
        read_miners(_csv(tmp_path, "name,released,efficiency_j_per_gh", "a,2020-05-01,0"))
    with pytest.raises(RangeError, match="price_usd_per_kwh=0"):
        mining_energy(rates(), example_miners(), 0.0)
    with pytest.raises(RangeError, match=r"price_usd_per_kwh=-0\.05"):
        mining_energy(rates(), example_miners(), -0.05)
    with pytest.raises(RangeError, match="age, equal"):
        mining_energy(rates(), example_miners(), weights="old")
    with pytest.raises(RangeError, match="no machines"):
        mining_energy(rates(), example_miners().after("2030-01-01"))
    with pytest.raises(RangeError, match="2024-01-01 to"):
        mining_energy(rates(), example_miners()).on("2030-01-01")
    with pytest.raises(RangeError, match="price_usd=-1"):
        miner_revenue_usd("2024-01-01", -1.0)
    with pytest.raises(RangeError, match="no day of 1999"):
        mining_energy(rates(), example_miners()).mean(1999)
