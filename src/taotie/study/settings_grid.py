"""Which settings do the questions about the grid take? Capacity, sites, headroom, dispatch, splitting a cluster."""

from __future__ import annotations

from taotie.study.setting import Setting
from taotie.words.language import N_

__all__ = ["GRID"]

_CASE = Setting(
    "case", "text", N_("Case by name, such as ACTIVSg2000 or RTS_GMLC, or a file: MATPOWER, PSS/E, CGMES, IIDM, UCTE, pandapower, PyPSA."),
    first=True, required=True, may_be_file=True, known="taotie.answer.load.case_names_known",
)  # fmt: skip
_LOAD = Setting(
    "load",
    "text",
    N_("New load: 150MW, 1.2GW or 100000xh100."),
    options=("--load", "-l"),
    python="load_mw",
)
_PUE = Setting(
    "pue",
    "number",
    N_("PUE of the new building."),
    "1",
    high=10.0,
    default=1.2,
    reason=N_("a new building; it counts only where the load is given in accelerators"),
)
_BUS = Setting("bus", "text", N_("Only this bus, by number or name."), options=("--bus", "-b"))
_MOVE = Setting(
    "move", "number", N_("With --redispatch: share of its Pmax by which a unit may move."), "1"
)
_WATTS = Setting(
    "power",
    "number",
    N_("Watts of one accelerator with its host."),
    "W",
    1,
    default=1050.0,
    reason=N_("an H100 with its share of the host"),
    python="power_w",
)

GRID: dict[str, tuple[Setting, ...]] = {
    "capacity": (
        _CASE,
        _LOAD,
        _PUE.but(reason=""),
        _BUS,
        Setting("near", "text", N_("LAT,LON: the nearest buses stand first.")),
        Setting("top", "whole", N_("How many buses are listed by name."), low=0, default=10),
        Setting("contingencies", "text", N_("all branches, none, or table: the branches and units of the case's own contingency table."), default="all", choices=("all", "none", "table")),
        Setting("dispatch", "text", N_("Output of the units: file, optimal (cheapest) or n-1 (cheapest and secure)."), choices=("file", "optimal", "n-1")),
        Setting("post_outage_rating", "text", N_("Rating after an outage: a, b or c."), default="a", choices=("a", "b", "c")),
        Setting("coordinates", "file", N_("CSV with bus_id, lat, lon for the picture and the report.")),
        Setting("redispatch", "flag", N_("Units may be told anew what to give; exact."), default=False),
        Setting("units_off", "flag", N_("With --redispatch: units may also go off."), default=False),
        Setting("unit_outages", "flag", N_("With --redispatch: single units may trip too."), default=False),
        _MOVE,
        Setting("hours", "text", N_("Load by hour: year (the scenarios of the case) or a CSV, one column a bus number."), may_be_file=True),
        Setting("curtail", "text", N_("Shares of its energy that may be cut: 0,0.25%,0.5%,1%,5%.")),
        Setting("calls", "whole", N_("How often the load may be called in these hours.")),
        Setting("depth", "number", N_("Share of the load that may be off at most."), "1"),
        Setting("ac", "flag", N_("Prove the redispatched answer in AC, every outage."), default=False),
        Setting("ac_every", "flag", N_("With --ac: solve all outages at the answer, foretell none."), default=False),
        Setting("ac_check", "flag", N_("With --bus: solve its firm MW, or --load, in AC by pandapower, a second opinion."), default=False),
        Setting("power_factor", "number", N_("Of the new load, in AC."), "1", default=0.98),
        Setting("threads", "whole", N_("Threads; results do not depend on it."), low=1, high=64),
    ),
    "sites": (
        _CASE,
        Setting("buses", "wholes", N_("Number of a bus; once for each site."), options=("--bus", "-b"), required=True, split=","),
        Setting("most", "numbers", N_("Largest load wanted at each, in the same order. [MW]"), "MW", python="most_mw", split=","),
        Setting("units_off", "flag", N_("Units may also go off."), default=False),
        _MOVE.but(help=N_("Share of its Pmax by which a unit may move.")),
    ),
    "headroom": (
        Setting("demand", "text", N_("Demand by the hour, CSV or Parquet: one column of times, one of MW an area; or a US balancing area by name, such as ERCOT."), first=True, required=True, may_be_file=True),
        Setting("areas", "texts", N_("Only these areas."), default=(), options=("--area", "-a")),
        Setting("limits", "numbers", N_("Share of energy that may be cut: 0.005 is 0.5 %."), "1", options=("--limit",), split=","),
        Setting("first_year", "whole", N_("First year used.")),
        Setting("last_year", "whole", N_("Last year used.")),
        Setting("draws", "whole", N_("Years to sample for a range; 0 for none."), low=0, high=10_000, default=0),
        Setting("seed", "whole", N_("Seed of the samples."), low=0, high=2**63 - 1, default=0),
        _WATTS,
        _PUE.but(reason=N_("a new building")),
        Setting("place", "text", N_("Where the areas lie: whose clock months and hours of the day are of, where the times name a zone."), known="taotie.grid.region_names.place_keys"),
    ),
    "dispatch": (
        _CASE,
        _BUS.but(help=N_("Where the new load stands, by number or name.")),
        _LOAD,
        _PUE.but(reason=""),
        Setting("n_1", "flag", N_("Keep every rating after any one outage too."), default=False, options=("--n-1",)),
        Setting("value_of_lost_load", "number", N_("Allow load to be shed at this $/MWh."), "USD/MWh"),
        Setting("hours", "text", N_("Hour by hour: year (of RTS_GMLC from its publisher's files, else the scenarios of the case) or a CSV, one column a bus number."), may_be_file=True),
        Setting("span", "text", N_("With --hours: only these, such as 0:168, counted from 0."), default=""),
        Setting("units_down", "flag", N_("With --hours: units may go below their minimum, as if commitment followed the load."), default=False),
        Setting("storage", "texts", N_("With --hours: a storage, BUS:MW:MWH[:EFFICIENCY[:START[:END]]]; MW may be CHARGE/DISCHARGE; may be repeated."), default=()),
        Setting("ramps", "flag", N_("With --hours: units move no faster than the case says (RAMP_AGC, RAMP_10, RAMP_30)."), default=False),
        Setting("ramp_share", "number", N_("With --ramps: share of Pmax a unit may move in an hour where the case states no ramp."), "1/h"),
        Setting("start_up", "flag", N_("With --hours: units go on and off by parts, and starts cost what the case says."), default=False),
        Setting("start_cost", "number", N_("With --start-up: USD for each MW started where the case states no cost."), "USD/MW"),
        Setting("window", "whole", N_("With --hours: hours solved at once; all of them where they fit."), low=1, high=8784),
        Setting("overlap", "whole", N_("With --window: hours each programme looks ahead beyond those it keeps; 24."), low=0, high=8784),
    ),
    "split": (
        Setting("sites", "texts", N_("name:MW:Tbit/s, such as A:80:1 (repeat); may go on :PUE:USD/MWh."), options=("--site", "-s"), required=True, split=","),
        Setting("accelerators", "whole", N_("How many accelerators."), low=1, high=10**9, default=100_000, options=("--accelerators", "-n")),
        Setting("parameters", "number", N_("Parameters of the model."), "1", 0, default=1.8e12, reason=N_("a frontier model of 2023, as reported")),
        Setting("active", "number", N_("Parameters used per token."), "1", 0, default=280e9, reason=N_("the same model")),
        Setting("tokens", "number", N_("Tokens of one optimizer step."), "1", 0, default=60e6, reason=N_("the same model's batch")),
        Setting("peak", "number", N_("TFLOP/s of one accelerator."), "1", 0, default=989.4, reason=N_("an H100 in bf16, dense"), python="peak_tflops"),
        Setting("mfu", "number", N_("Share of the peak achieved."), "1", 0, 1, default=0.4, reason=N_("usual for large runs")),
        _WATTS,
        Setting("local_steps", "number", N_("Steps between two exchanges."), "1", default=1.0),
        Setting("compression", "number", N_("Times smaller on the wire."), "1", default=1.0),
        Setting("overlap", "number", N_("Share of computing time that hides the exchange."), "1", default=0.0),
    ),
}  # fmt: skip
"""Settings by question."""
