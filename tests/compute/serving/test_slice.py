"""A slice of a fleet beside the whole: energy of a request within the stated share, in half a second."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from taotie.compute.serving.case import ServingCase, serving_of
from taotie.compute.serving.service import ServiceLevel, simulate, smallest_fleet
from taotie.compute.serving.slice import SLICE_ERROR, kept_replicas, served_slice
from taotie.errors import RangeError
from taotie.workload.chat import chat_lengths, sampled_requests
from taotie.workload.daily_shape import single_chat_day

LENGTHS = chat_lengths()
MEANS = (LENGTHS.moments.mean_prompt, LENGTHS.moments.mean_output)
DAY = single_chat_day()
SERVICES = [
    ("llama-3.1-8b", "h100-sxm", 1), ("llama-3.1-70b", "h100-sxm", 4), ("deepseek-v3", "h200-sxm", 8),
    ("gpt-oss-120b", "h100-sxm", 2),
]  # fmt: skip


def _whole(case: ServingCase, per_day: float) -> float:
    requests = sampled_requests(LENGTHS, per_day, np.random.default_rng(7), shape=DAY)
    run = simulate(requests, serving_of(case, *MEANS))
    return run.summary()["energy_j"]["total"] / len(run.number) / 3600.0


LOADS = ((2e4, 1), (1e6, 12), (3e3, 2), (3e6, 30), (6e6, 100), (5e6, 9))


def _quick(service: tuple[str, str, int], per_day: float) -> bool:
    """A million requests once in `make test`; the rest in `make accept`."""
    return per_day == 2e4 or (per_day == 1e6 and service[0] == "llama-3.1-8b")


@pytest.mark.parametrize(
    ("service", "per_day", "replicas"),
    [
        pytest.param(s, n, r, id=f"{s[0]}-{n:g}", marks=[] if _quick(s, n) else [pytest.mark.slow])
        for s in SERVICES
        for n, r in LOADS
    ],
)
def test_matches_a_slice_and_the_whole(
    service: tuple[str, str, int], per_day: float, replicas: int
) -> None:
    case = ServingCase(service[0], service[1], service[2], replicas=replicas)
    made = served_slice(case, LENGTHS.sample, MEANS, per_day, DAY.share)
    assert made.server_wh == pytest.approx(_whole(case, per_day), rel=SLICE_ERROR)
    assert made.simulated <= replicas
    parts = made.prefill_wh + made.decode_wh + made.host_wh + made.idle_wh
    # the hours' draw is the energy of the requests of the day
    drawn_wh = made.hourly_power_w.mean() * 24 / (made.requests * 3600 / made.hour_s)
    assert parts == pytest.approx(drawn_wh * made.simulated / replicas, rel=0.02)


def test_matches_the_replicas_a_whole_day_needs() -> None:
    level = ServiceLevel.parsed("ttft=1s,tpot=50ms")
    case = ServingCase("llama-3.1-70b", "h100-sxm", 4, level=level)
    requests = sampled_requests(LENGTHS, 5e5, np.random.default_rng(7), shape=DAY)
    wanted, _run = smallest_fleet(requests, serving_of(case, *MEANS), level)
    for near in (1, wanted, 4 * wanted):
        found = kept_replicas(case, LENGTHS.sample, MEANS, 5e5, DAY.share, near)
        assert abs(found - wanted) <= 1


def test_property_a_service_of_any_size_takes_half_a_second_of_the_processor() -> None:
    level = ServiceLevel.parsed("ttft=1s,tpot=50ms")
    case = ServingCase("llama-3.1-8b", "h100-sxm", 1, level=level)
    best = np.inf
    for _turn in range(3):  # the first may compile
        begin = time.process_time()
        n = kept_replicas(case, LENGTHS.sample, MEANS, 1e9, DAY.share, 1300)
        served_slice(replace(case, replicas=n), LENGTHS.sample, MEANS, 1e9, DAY.share)
        best = min(best, time.process_time() - begin)
    assert best < 0.5


def test_error_nobody_asks_and_a_promise_no_fleet_keeps() -> None:
    case = ServingCase("llama-3.1-8b", "h100-sxm", 1, replicas=1)
    with pytest.raises(RangeError, match="without requests"):
        served_slice(case, LENGTHS.sample, MEANS, 0.0, DAY.share)
    never = replace(case, level=ServiceLevel.parsed("ttft=1ms,tpot=1ms"))
    with pytest.raises(RangeError, match="no fleet keeps"):
        kept_replicas(never, LENGTHS.sample, MEANS, 1e4, DAY.share, 1)
    with pytest.raises(RangeError, match="no promise"):
        kept_replicas(case, LENGTHS.sample, MEANS, 1e4, DAY.share, 1)
