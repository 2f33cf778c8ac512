"""No fleet draws more than its machines can, in any sample; nor less in its busiest hour than on the mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.study.run import run_study
from taotie.study.service_machines import replicas_that_carry

PEAKY = [0.01] * 23 + [5.0]
CHAT = '[compute]\nmodel = "llama-3.1-8b"\nserving = "mean-request"\nutilization = 0.9\n'
SERVICES = [
    f'[workload]\nrequests_per_day = 50\n{CHAT}',
    f'[workload]\nrequests_per_day = 8e5\n{CHAT}',
    f'[workload]\nrequests_per_day = 8e5\n{CHAT}redundancy = 1\n',
    f'[workload]\nrequests_per_day = 2e6\n{CHAT}prefill_on = "h100"\n',
    f'[workload]\nrequests_per_day = 3e5\ndaily_shape = {PEAKY}\n{CHAT}',
    f'[workload]\nrequests_per_day = 1e5\ndaily_shape = {PEAKY}\n[compute]\nmodel = "gpt-4o"\n',
    f'[workload]\nkind = "reasoning"\nrequests_per_day = 1e5\n{CHAT}',
    '[workload]\nkind = "film"\nrequests_per_day = 300\n',
    '[workload]\nkind = "embedding"\nrequests_per_day = 4e6\n',
    '[workload]\nkind = "mix"\nrequests_per_day = 1e6\n[workload.parts.batch]\nshare = 0.7\n[workload.parts.picture]\nshare = 0.3\n',
    *(f'[workload]\nkind = "training"\nparameters = 8e9\ntraining_tokens = 1e12\n[compute]\naccelerator = "{chip}"\n' for chip in ("h100", "tpu-v5e")),
    '[workload]\nkind = "training"\naccelerators = 1000\ndays = 30\n',
    '[workload]\nkind = "campus"\npower = "300 MW"\ntraining_share = 0.4\n',
]  # fmt: skip


@pytest.mark.parametrize("service", SERVICES, ids=range(len(SERVICES)))
def test_property_mean_below_busiest_hour_below_what_the_machines_can_draw(
    tmp_path: Path, service: str
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'title = "x"\nsamples = 500\n{service}', "utf-8")
    figures = run_study(path).figures
    mean, busiest, connection, most = (
        figures[k].to("MW").samples
        for k in ("mean_facility_power", "peak_facility_power", "connection", "highest_it_power")
    )
    worst = figures.get("pue_worst_hour", figures["pue"]).samples
    above = 1.0 + 1e-9
    assert (mean <= busiest * above).all()
    assert (busiest <= most * worst * above).all()
    assert (busiest <= connection * above).all()
    held = figures.get("replicas", figures["accelerators"]).samples
    if "requests_per_day" in service:
        assert (held == np.rint(held)).all()
        assert (held >= 1.0).all()


def test_worked_machines_added_where_the_busiest_hour_asks_for_them() -> None:
    """900 W in the mean, twice that at the busiest, on machines of 1,000 W: two, of which one waits off the peak."""
    course = [2.0, 0.0]
    made = replicas_that_carry(
        [1.0, 1.0, 3.0], [400.0, 900.0, 900.0], 1000.0, 100.0, 0.0, course=course
    )
    np.testing.assert_array_equal(made.replicas, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(made.waiting, [0.0, 0.6, 0.0])
    # the one held ready shares the load; where both cannot draw it, three carry it and one is ready beside them
    spare = replicas_that_carry(
        2.0, [900.0, 1100.0], 1000.0, 100.0, 0.0, course=course, redundancy=1
    )
    np.testing.assert_array_equal(spare.replicas, [2.0, 4.0])
    beside = replicas_that_carry(1.0, 900.0, 1000.0, 100.0, 900.0, course=course)
    np.testing.assert_array_equal(beside.replicas, [1.0])
    # no more than leaves the busiest hour within what both can draw: 1,990 W and twice 5 W
    full = replicas_that_carry(1.0, 995.0, 1000.0, 100.0, 0.0, course=course)
    np.testing.assert_allclose([full.replicas[0], full.waiting[0]], [2.0, 0.05])
