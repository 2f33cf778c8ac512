"""Do printed numbers follow from their inputs? Each recomputed beside what was printed, with its tolerance.

The list is that of docs/concepts/fleet.md; its numbers 19 to 23 and 27 need a series or a fit and are checked in tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from taotie.fleet.published_models import (
    compound_growth,
    grown,
    implied_total_twh,
    mean_capacity_gw,
    published_forecasts,
    request_energy_wh,
)
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure

__all__ = ["Check", "published_checks"]


@dataclass(frozen=True)
class Check:
    """A printed number beside ours.

    Attributes
    ----------
    number : int
        Of the list in docs/concepts/fleet.md.
    what, unit : str
    published, ours : float
    tolerance : float
        Relative, or absolute where `absolute` is true (percentage points).
    sources : tuple of str
        Keys of the catalogue behind it.
    """

    number: int
    what: str
    published: float
    ours: float
    tolerance: float
    unit: str
    sources: tuple[str, ...]
    absolute: bool = False

    @property
    def deviation(self) -> float:
        """Ours less published; relative unless `absolute`."""
        gap = self.ours - self.published
        return gap if self.absolute else gap / self.published

    @property
    def ok(self) -> bool:
        """Within the tolerance? A rounding error of the last bit is not a deviation."""
        return abs(self.deviation) <= self.tolerance + 1e-12


def _value(item: str) -> float:
    one = next(p for p in published_forecasts() if p.key == item)
    return one.middle


def published_checks() -> list[Check]:
    """Printed numbers that follow from inputs we hold, each recomputed.

    Numbers 19 to 23 and 27 of the list need a series or a fit and are checked in the tests of their rooms.

    Examples
    --------
    >>> all(c.ok for c in published_checks())
    True
    """
    return [
        *_training_checks(),
        *_request_checks(),
        *_data_center_checks(),
        *_stock_checks(),
        *_nation_checks(),
    ]


_RUNS = {
    "gpt-3": (1, 0.005), "t5-11b": (3, 0.01), "gshard-600b": (4, 0.01), "switch-1500b": (4, 0.01),
    "bloom-176b": (5, 0.003), "llama-65b": (6, 0.005), "palm-540b": (7, 0.005),
    "llama-3-70b": (8, 0.001), "llama-3.1-405b": (8, 0.001),
}  # fmt: skip
_WITH_EMISSIONS = ("gpt-3", "t5-11b", "bloom-176b", "llama-65b")


def _training_checks() -> list[Check]:
    from taotie.compute.training.training_energy import published_runs, training_hours

    made: list[Check] = []
    for run in published_runs():
        if run.key not in _RUNS:
            continue
        number, tolerance = _RUNS[run.key]
        source = (run.energy or run.emissions or run.mean_power).source
        keys = (source.key,) if source else ()
        # 21,588 MWh of Llama 3.1 are hours x 700 W: its card prints hours and tonnes only
        printed = (
            run.energy.p50 if run.energy else 21_588.0 if run.key == "llama-3.1-405b" else None
        )
        if printed is not None:
            made.append(
                Check(number, f"{run.label}, energy", printed, run.recomputed_energy.p50,
                      tolerance, "MWh", keys)
            )  # fmt: skip
        if run.emissions and run.recomputed_emissions and run.key in _WITH_EMISSIONS:
            made.append(
                Check(number, f"{run.label}, emissions", run.emissions.p50,
                      run.recomputed_emissions.p50, tolerance, "tCO2e", keys)
            )  # fmt: skip
    days = float(training_hours(3.14e23, 10_000, 24.6e12)) / 24
    made.insert(2, Check(2, "GPT-3, duration", 14.8, days, 0.01, "d", ("patterson2021",)))
    luccioni = ("luccioni2022",)
    chips = 1_082_990 * 0.150 / (6 * 8760 * 0.85)  # 150 kg a GPU, 6 years at 85 %
    made.append(Check(5, "BLOOM, embodied in GPUs", 3.64, chips, 0.003, "tCO2e", luccioni))
    total = 24.69 + 14.6 + 11.2  # dynamic, idle and embodied as printed
    made.append(Check(5, "BLOOM, total", 50.5, total, 0.003, "tCO2e", luccioni))
    return sorted(made, key=lambda c: c.number)


def _request_checks() -> list[Check]:
    from taotie.fleet.annual_energy import daily_energy_mwh, energy_per_request_wh

    def wh(tokens: float) -> float:
        def get(name: str) -> float:
            return figure(f"epoch2025_chatgpt.{name}").p50

        return float(
            request_energy_wh(
                get("active_parameters_gpt4o"), tokens, 9.89e14, get("utilization"),
                get("power_per_accelerator_h100"), get("partial_use_factor"), get("pue"),
            )
        )  # fmt: skip

    def of(name: str) -> Figure:
        return figure(f"devries2023.{name}")

    day = daily_energy_mwh(of("servers_chatgpt"), of("power_per_server_a100"))  # type: ignore[arg-type]
    each = energy_per_request_wh(day, of("requests_per_day_chatgpt"))  # type: ignore[arg-type]
    epoch, devries = ("epoch2025_chatgpt",), ("devries2023",)
    return [
        Check(9, "GPT-4o, 500 tokens", 0.301, wh(500), 0.005, "Wh/request", epoch),
        Check(9, "GPT-4o, 1500 tokens", 0.902, wh(1500), 0.005, "Wh/request", epoch),
        Check(10, "ChatGPT a day", 564.0, day.p50, 0.005, "MWh/d", devries),  # type: ignore[attr-defined]
        Check(10, "ChatGPT a request", 2.9, each.p50, 0.005, "Wh/request", devries),  # type: ignore[attr-defined]
    ]


def _data_center_checks() -> list[Check]:
    from taotie.fleet.annual_energy import annual_energy_twh

    servers = figure("devries2023.servers_2027").p50
    low, high = (
        float(annual_energy_twh(servers, figure(f"devries2023.power_per_server_{c}").p50))
        for c in ("a100", "h100")
    )
    regions = ("united_states", "china", "europe", "asia_pacific_without_china", "rest_of_world")
    iea = ("iea2025_energy_and_ai",)
    made = [
        Check(11, "De Vries 2027, low", 85.4, low, 0.001, "TWh/a", ("devries2023",)),
        Check(11, "De Vries 2027, high", 134.0, high, 0.001, "TWh/a", ("devries2023",)),
    ]
    for year in (2024, 2030):
        total = sum(_value(f"iea2025_{r}_{year}") for r in regions)
        made.append(
            Check(12, f"IEA {year}, five regions", _value(f"iea2025_world_{year}"), total, 0.005, "TWh/a", iea)
        )  # fmt: skip
    rate = 100 * float(
        compound_growth(_value("iea2025_world_2024"), _value("iea2025_world_2030"), 6)
    )
    made.append(Check(13, "IEA growth 2024-2030", 15.0, rate, 0.5, "%", iea, absolute=True))
    lbnl = ("shehabi2024",)
    ends = {2014: 58.0, 2018: 76.0, 2023: 176.0}
    for printed, a, b, first, last in (
        (7.0, 2014, 2018, ends[2014], ends[2018]),
        (18.0, 2018, 2023, ends[2018], ends[2023]),
        (13.0, 2023, 2028, ends[2023], 325.0),
        (27.0, 2023, 2028, ends[2023], 580.0),
    ):
        rate = 100 * float(compound_growth(first, last, b - a))
        made.append(Check(14, f"LBNL growth {a}-{b}", printed, rate, 0.5, "%", lbnl, absolute=True))
    for printed, energy in ((74.0, 325.0), (132.0, 580.0)):
        power = float(mean_capacity_gw(energy, 0.5))
        made.append(Check(15, f"LBNL capacity of {energy:g} TWh", printed, power, 0.01, "GW", lbnl))
    for printed, energy, year, use in (
        (4.4, 176.0, 2023, 4000.0), (6.7, 325.0, 2028, 4851.0), (12.0, 580.0, 2028, 4833.0)
    ):  # fmt: skip
        part = 100 * energy / use
        made.append(
            Check(16, f"LBNL {year}, of {use:.0f} TWh of consumption", printed, part, 0.1, "%", lbnl, absolute=True)
        )  # fmt: skip
    generation = figure("countries/united_states/net_generation_2023").p50
    made.append(
        Check(16, "LBNL 2023, of net generation", 4.2, 100 * 176.0 / generation, 0.1, "%",
              (*lbnl, "eia_mer_72a"), absolute=True)
    )  # fmt: skip
    base = _value("epri2024_us_2023")
    for printed, rate in ((196.3, 0.037), (214.0, 0.05), (403.9, 0.15)):
        energy = float(grown(base, rate, 7))
        made.append(
            Check(17, f"EPRI 2030 at {rate:.1%}", printed, energy, 0.01, "TWh/a", ("epri2024",))
        )
    rate = 100 * float(
        compound_growth(_value("mckinsey2024_us_2023"), _value("mckinsey2024_us_2030"), 7)
    )
    made.append(
        Check(
            28, "McKinsey growth 2023-2030", 22.4, rate, 0.2, "%", ("mckinsey2024",), absolute=True
        )
    )
    total = float(implied_total_twh(_value("mckinsey2024_us_2030"), 0.117))
    made.append(
        Check(28, "McKinsey 2030, US demand", 5180.0, total, 0.002, "TWh/a", ("mckinsey2024",))
    )
    return made


def _stock_checks() -> list[Check]:
    from taotie.fleet.stock import chip_stock, makers

    medians = [float(chip_stock(m).rated_power_mw[-1, 1]) for m in makers()]
    key = ("epoch2026_chip_counts",)
    return [
        Check(18, "NVIDIA, end of 2025", 8562.0, medians[0], 0.0, "MW", key),
        Check(18, "Four makers, end of 2025", 12_387.0, sum(medians), 0.0, "MW", key),
    ]


def _nation_checks() -> list[Check]:
    from taotie.fleet.nation import net_generation, state_generation, states

    mer, state = ("eia_mer_72a",), ("eia_state_generation",)
    change = 100 * (net_generation(2023).p50 / net_generation(2022).p50 - 1)
    flat = 100 * float(compound_growth(net_generation(2007).p50, net_generation(2021).p50, 14))
    total = sum(state_generation(s).p50 for s in states())
    decade = [net_generation(y).p50 for y in range(2013, 2023)]
    return [
        Check(24, "US net generation 2023 on 2022", -1.24, change, 0.05, "%", mer, absolute=True),
        Check(25, "US growth 2007-2021", -0.08, flat, 0.02, "%", mer, absolute=True),
        Check(25, "US 2013-2022, least", 4010.0, min(decade), 0.001, "TWh/a", mer),
        Check(25, "US 2013-2022, most", 4231.0, max(decade), 0.001, "TWh/a", mer),
        Check(26, "Sum of the states 2021", 4109.70, total, 1e-5, "TWh/a", state),
    ]
