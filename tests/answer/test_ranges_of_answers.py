"""A modelled figure that hangs on something uncertain has a range; those without one are listed, each with its reason."""

from __future__ import annotations

import re
from pathlib import Path

from rows import each_row

PINNED = Path(__file__).resolve().parents[1] / "cases" / "answers"
FIGURE = re.compile(
    r"^figure (\S+): .* \| (\S+) (\S+) (\S+) \S+ [^|]* \| [^|]* \| modelled$", re.MULTILINE
)
CASE = "an outcome of the grid's own file, whose numbers are taken as they are"
GIVEN = "arithmetic of numbers that were given, none of them uncertain"
PUBLISHED = "published values alone, which their publishers give without a range"
NONE = "exactly nothing, or exactly all"

EXACT = {
    "embed": {},
    "generate": {"carbon_intensity": PUBLISHED},
    "prompt": {"energy_cooling": NONE},
    "simulate": {"carbon_intensity": PUBLISHED},
    "train": {
        "accelerator_hours": GIVEN, "accelerator_over_processor_power": PUBLISHED, "computation": GIVEN,
        "hours": GIVEN, "wall_hours": GIVEN,
    },
    "run": {
        **dict.fromkeys(
            ("load_hosting_capacity", "load_hosting_capacity_n0_margin", "load_hosting_capacity_n1_cutoff",
             "load_hosting_capacity_n1_margin", "load_hosting_capacity_n1_strict", "median_capacity_cutoff",
             "median_capacity_margin", "median_capacity_n0", "median_capacity_strict", "several_sites",
             "several_sites_loads", "share_of_buses_cut_off", "share_of_buses_cutoff", "share_of_buses_margin",
             "share_of_buses_n0", "share_of_buses_strict", "share_of_capacity", "spare_generation",
             "spare_generation_loads"), CASE,
        ),
        **dict.fromkeys(
            ("accelerators", "annual_carbon_average", "annual_carbon_marginal", "annual_emissions", "annual_energy",
             "annual_energy_grid", "connection", "equivalent_gpt3_training", "equivalent_us_household_year",
             "flow_accelerator", "flow_facility", "flow_host", "flow_network", "flow_server", "highest_it_power",
             "mean_facility_power", "mean_it_power", "mean_load", "output_tokens", "peak_facility_power", "peak_load",
             "power_accelerators", "power_host", "share_of_state", "wall_hours"), GIVEN,
        ),
        "hourly_carbon_intensity": PUBLISHED,
        "busy_share": "counted in the one day that is simulated; the error of the speed is not drawn into it",
        "energy_idle": NONE,
        **dict.fromkeys(
            ("replicas", "servers", "embedding_accelerators", "embedding_replicas"),
            "a whole number, the same in every sample",
        ),
    },
}  # fmt: skip


@each_row("name", sorted(EXACT))
def test_property_what_hangs_on_an_uncertain_value_has_a_range(name: str) -> None:
    text = (PINNED / f"{name}.txt").read_text("utf-8")
    found = FIGURE.findall(text)
    assert len(found) > 20
    exact = {key for key, low, _middle, high in found if low == high}
    assert exact - set(EXACT[name]) == set()
    assert set(EXACT[name]) - exact == set(), "listed, and no longer without a range"
