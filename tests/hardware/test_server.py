"""Whole servers: host share, idle draw, power curve."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.accelerator import accelerator, accelerators
from taotie.hardware.server import (
    host_draw,
    host_power_w,
    server,
    server_of,
    server_power_w,
    servers,
)
from taotie.quantity.figure import exact


def test_published_eight_h100():
    box = server("hgx-h100")
    assert box.rated_power_w == 10_200.0
    assert box.max_power_w == 8_400.0
    # host under load + accelerators at rated power = the highest draw anyone measured
    assert box.host_max_power_w + 8 * 700 == box.max_power_w


def test_published_100k_h100_golden():
    # typical, highest measured and rated draw per accelerator: 70 (rated chips), 105, 127.5 MW
    box = server("hgx-h100")
    n = 100_000
    assert n * 700 / 1e6 == 70.0
    assert n / 8 * box.max_power_w / 1e6 == 105.0
    assert n / 8 * box.rated_power_w / 1e6 == 127.5


def test_property_every_accelerator_has_a_plausible_server():
    for chip in accelerators().values():
        box = server_of(chip)
        assert box.accelerator.name == chip.name
        assert 0 < box.host_idle_power_w < box.host_max_power_w < box.rated_power_w
    assert {b.name for b in servers().values()} >= {"hgx-h100", "hgx-h200", "dgx-b200"}


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.3, 2))
def test_property_power_rises_with_load(u, v, gamma):
    low, high = sorted((u, v))
    p = server_power_w([low, high], 1900.0, 8400.0, gamma)
    assert 1900.0 - 1e-6 <= p[0] <= p[1] + 1e-9 <= 8400.0 + 1e-6


def test_worked_host_power_with_figures():
    figure = host_power_w(exact(0.5, "1"), exact(950.0, "W"), exact(2800.0, "W"))
    assert float(figure.to("kW").samples) == pytest.approx(1.875)
    assert float(host_power_w(0.5, 950.0, 2800.0)) == pytest.approx(1875.0)


def test_property_every_chip_has_a_host_range():
    for chip in accelerators().values():
        draw = host_draw(chip)
        assert 0 < draw.idle.p05 < draw.most.p95, chip.name
        assert draw.assumed == server_of(chip).stand_in
        if draw.assumed:
            assert draw.most.p95 > 1.8 * draw.most.p05, chip.name
            assert draw.most.kind == "assumed"


def test_error_load_above_one():
    with pytest.raises(RangeError, match=r"1\.3"):
        host_power_w(1.3, 950.0, 2800.0)
    with pytest.raises(RangeError, match="utilization"):
        server_power_w(np.array([0.5, 80.0]), 1900.0, 8400.0)


def test_error_unknown_server():
    with pytest.raises(UnknownNameError) as caught:
        server("hgx-h101")
    assert "hgx-h100" in caught.value.hint
    assert server_of(accelerator("mi355x")).rated_power_w > 8 * 1400
