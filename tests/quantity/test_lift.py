"""Lifting: one kernel for arrays and figures, with units, boundaries and a record."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import BoundaryError, RangeError, ResultError, SamplingError, UnitError
from taotie.fleet.annual_energy import annual_energy_twh
from taotie.quantity.figure import Figure, exact
from taotie.quantity.kernels import kernel_of
from taotie.quantity.lift import lifted
from taotie.quantity.record import recompute, to_record
from taotie.quantity.sampling import Sampling, sampling

Make = Callable[..., Figure]


@lifted(servers="server", power_kw="kW/server", share="1", returns="MWh", boundary="server")
def energy_mwh(
    servers: Any, power_kw: Any, hours: Any = 24, share: Any = 1.0, mode: str = "sum"
) -> Any:
    """Energy.

    Notes
    -----
    ``E = N P t``; and ``more`` text.
    """
    return servers * power_kw * hours * share / 1000 * (1 if mode == "sum" else 2)


class Split(NamedTuple):
    it_mwh: Any
    rest_mwh: Any


@lifted(
    total_mwh="MWh",
    pue="1",
    returns={"it_mwh": "MWh", "rest_mwh": "MWh"},
    boundary={"it_mwh": "server", "rest_mwh": "facility"},
    expects={"total_mwh": "facility"},
)
def split(total_mwh: Any, pue: Any) -> Split:
    return Split(total_mwh / pue, total_mwh * (1 - 1 / pue))


def test_worked_arrays_pass_through_untouched() -> None:
    assert energy_mwh(2.0, 3.0) == 0.144
    assert energy_mwh(np.array([1.0, 2.0]), 1000.0).tolist() == [24.0, 48.0]
    assert split(3.0, 1.5) == (2.0, pytest.approx(1.0))
    assert energy_mwh.__doc__ is not None


def test_worked_figures_are_converted_and_remembered(make: Make) -> None:
    with sampling(200, 1):
        n = make("n", "server", low=10.0, high=20.0)
        p = make("p", "W/server", low=500.0, high=700.0)
        made = energy_mwh(n, p, mode="double")
        assert made.samples == pytest.approx(n.samples * p.samples / 1000 * 24 / 1000 * 2)
    assert (made.unit, made.boundary, made.kind) == ("MWh", "server", "modelled")
    assert made.formula == "energy_mwh(n, p) = E = N P t"
    assert made.parents == (n, p)
    arguments = made.parameters["arguments"]
    assert arguments["power_kw"] == {"input": 1, "factor": 0.001}
    # defaults too: a later default must not change an old result
    assert (arguments["hours"], arguments["share"], arguments["mode"]) == (24, 1.0, "double")


def test_published_annual_energy_of_2027(make: Make) -> None:
    """1.5 million servers of 6.5 to 10.2 kW: 85.4 to 134.0 TWh a year (de Vries 2023)."""
    power = make("power", "kW/server", low=6.5, high=10.2, spread="uniform")
    year = annual_energy_twh(exact(1.5e6, "server"), power)
    assert year.samples.min() == pytest.approx(85.4, abs=0.05)
    assert year.samples.max() == pytest.approx(134.0, abs=0.05)


@given(st.floats(1.0, 1e6), st.sampled_from(["kW/server", "W/server", "MW/server"]))
def test_matches_the_bare_kernel_in_any_unit(make: Make, servers: float, unit: str) -> None:
    made = annual_energy_twh(exact(servers, "server"), exact(6.5, "kW/server").to(unit))
    assert made.p50 == pytest.approx(float(annual_energy_twh(servers, 6.5)), rel=1e-12)


def test_worked_named_tuples(make: Make) -> None:
    with sampling(200, 1):
        parts = split(
            make("e", "kWh", "facility", low=1e3, high=2e3),
            make("pue", low=1.1, mode=1.2, high=1.5),
        )
    assert isinstance(parts, Split)
    assert (parts.it_mwh.boundary, parts.rest_mwh.boundary) == ("server", "facility")
    assert parts.it_mwh.parameters["field"] == "it_mwh"
    assert parts.it_mwh.content_hash != parts.rest_mwh.content_hash
    whole = parts.it_mwh.samples + parts.rest_mwh.samples
    assert whole == pytest.approx(parts.it_mwh.parents[0].samples / 1000)


def test_worked_same_boundary(make: Make) -> None:
    @lifted(a="Wh", b="Wh", returns="Wh")
    def longer(a: Any, b: Any) -> Any:
        return np.maximum(a, b)

    assert (
        longer(make("a", "Wh", "server", value=1.0), make("b", "Wh", value=2.0)).boundary
        == "server"
    )
    with pytest.raises(BoundaryError):
        longer(make("a", "Wh", "server", value=1.0), make("b", "Wh", "facility", value=2.0))


def test_property_a_kernel_of_ones_own_is_evaluated_and_recorded(make: Make) -> None:
    """Lifting is offered to users: their module is not taotie's."""
    made = energy_mwh(exact(2.0, "server"), exact(3.0, "kW/server"))
    assert made.p50 == 0.144
    assert recompute(json.loads(json.dumps(to_record([made]))), Sampling()) == []
    assert kernel_of(made.operation) is energy_mwh
    assert (
        annual_energy_twh(
            exact(1.0, "server"), pickle.loads(pickle.dumps(exact(1.0, "kW/server")))
        ).p50
        > 0
    )


def test_worked_two_local_kernels_of_one_name(make: Make) -> None:
    def kernel(factor: float) -> Any:
        @lifted(x="1", returns="1")
        def scaled(x: Any) -> Any:
            return factor * x

        return scaled

    two, three = kernel(2.0)(exact(1.0, "1")), kernel(3.0)(exact(1.0, "1"))
    assert (two.p50, three.p50) == (2.0, 3.0)
    # what cannot be found again is not in a record
    assert recompute(to_record([two]), Sampling()) != []


def test_error_inputs_cannot_be_overwritten(make: Make) -> None:
    """A kernel that writes into what it is given would change other figures."""

    @lifted(x="1", returns="1")
    def careless(x: Any) -> Any:
        x *= 2
        return x

    x = make("x", low=1.0, high=2.0)
    for figure in (x, x * 2.0):
        with pytest.raises(ValueError, match="read-only"):
            careless(figure).samples


@pytest.mark.parametrize("shape", [(24,), (2, 2), (0,)])
def test_error_not_one_number_per_draw(make: Make, shape: tuple[int, ...]) -> None:
    @lifted(x="1", returns="1")
    def hourly(x: Any) -> Any:
        return np.ones(shape)

    for figure in (exact(1.0, "1"), make("x", low=1.0, high=2.0)):
        with pytest.raises(SamplingError, match="not one number per sample"):
            hourly(figure).samples


def test_worked_a_row_of_one_is_a_number() -> None:
    @lifted(x="1", returns="1")
    def boxed(x: Any) -> Any:
        return np.atleast_1d(x)

    assert boxed(exact(3.0, "1")).is_exact


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_error_a_kernel_that_gives_no_number(make: Make, wrong: float) -> None:
    @lifted(x="1", returns="1")
    def broken(x: Any) -> Any:
        return np.where(x > 1.5, wrong, x)

    with (
        sampling(200, 1),
        pytest.raises(RangeError, match=r"not a finite number in \d+ of 200 samples"),
    ):
        broken(make("x", low=1.0, high=2.0)).value


def test_error_units_and_boundaries(make: Make) -> None:
    n, p = exact(2.0, "server"), exact(3.0, "kW/server")
    with pytest.raises(UnitError, match=r"power_kw=3.0 is a bare number") as caught:
        energy_mwh(n, 3.0)
    assert "exact(3, 'kW/server')" in caught.value.hint
    with pytest.raises(UnitError):
        energy_mwh(n, exact(3.0, "kW"))
    with pytest.raises(UnitError, match="hours does not take a figure"):
        energy_mwh(n, p, hours=exact(24, "h"))
    with pytest.raises(
        BoundaryError, match="must be at the facility boundary, not server"
    ) as caught:
        split(make("e", "MWh", "server", value=1.0), exact(1.2, "1"))
    assert "PUE" in caught.value.hint
    with pytest.raises(BoundaryError, match="not -"):
        split(make("e", "MWh", value=1.0), exact(1.2, "1"))
    with pytest.raises(TypeError):
        energy_mwh(n, p, nothing=3)


@each_row("literal", [object(), {"a": 1}, np.ones(10_001), ["a"], [np.nan], [[1], [1, 2]], 1j])
def test_error_literals_that_cannot_be_recorded(literal: Any) -> None:
    with pytest.raises(UnitError, match="cannot be recorded"):
        energy_mwh(exact(2.0, "server"), exact(3.0, "kW/server"), hours=literal)


def test_error_a_literal_that_is_no_number() -> None:
    with pytest.raises(RangeError, match="hours=nan"):
        energy_mwh(exact(2.0, "server"), exact(3.0, "kW/server"), hours=float("nan"))


def test_worked_short_arrays_are_recorded() -> None:
    @lifted(x="1", returns="1")
    def weighted(x: Any, weights: Any, loud: Any = False) -> Any:
        return x * np.sum(weights)

    made = weighted(exact(2.0, "1"), np.array([1.0, 2.0]), loud=np.bool_(True))
    assert made.p50 == 6.0
    assert made.parameters["arguments"]["weights"] == {"array": (1.0, 2.0)}
    assert made.parameters["arguments"]["loud"] is True


def test_error_declarations() -> None:
    with pytest.raises(TypeError, match="has no argument y"):
        lifted(y="1", returns="1")(lambda x: x)
    with pytest.raises(TypeError, match="takes any arguments"):
        lifted(returns="1")(lambda *x: x)

    @lifted(x="1", returns={"a": "1"})
    def loose(x):  # type: ignore[no-untyped-def]
        return x

    with pytest.raises(TypeError, match="named tuple"):
        loose(exact(1.0, "1"))


@pytest.mark.parametrize(
    "operation",
    [
        "kernel:os:system",
        "kernel:taotie.errors:nearest",
        "kernel:taotie.x.__main__:f",
        "kernel:a:b",
        "mul",
    ],
)
def test_error_kernels_a_file_may_not_name(operation: str) -> None:
    with pytest.raises(ResultError, match="is not an operation of this version"):
        kernel_of(operation)
