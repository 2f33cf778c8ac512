"""Figures: arithmetic with units and boundaries, immutability, names, hashes, what a person reads."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import (
    BoundaryError,
    DistributionError,
    RangeError,
    SourceError,
    TaotieError,
    UnitError,
)
from taotie.quantity import unit as units
from taotie.quantity.figure import Figure, as_figure, derived_kind, exact, leaf, leaves, topological
from taotie.quantity.profile import Profile
from taotie.quantity.sampling import Sampling, sampling
from taotie.quantity.source import Source

Make = Callable[..., Figure]
UNITS = (
    "Wh",
    "kWh",
    "W",
    "MW",
    "s",
    "request",
    "token",
    "gCO2e",
    "g",
    "USD",
    "EUR",
    "1",
    "%",
    "Wh/request",
    "L",
)


# ---- published numbers ---------------------------------------------------------------------------


def test_published_energy_per_request_of_2023() -> None:
    """564 MWh/day over 195 million requests/day: 2.9 Wh (de Vries 2023)."""
    day = exact(564, "MWh/d", boundary="server")
    each = (day / exact(195e6, "request/d")).to("Wh/request")
    assert each.p50 == pytest.approx(2.9, abs=0.05)
    assert each.boundary == "server"
    assert each.unit == "Wh/request"


def test_published_product_of_three_lognormals(make: Make) -> None:
    """Notes on uncertainty, 1.2: the 90 % range is the median times or over 4.107; mean/median 1.4461."""
    with sampling(200_000, 1):
        requests = make("requests", "request", low=1.0, high=3.0)
        energy = make("energy", "Wh/request", low=0.3, high=4.0)
        pue = make("pue", "1", low=1.08, high=1.40)
        total = requests * energy * pue
    assert total.p95 / total.p50 == pytest.approx(4.107, rel=0.01)
    assert total.p50 / total.p05 == pytest.approx(4.107, rel=0.01)
    assert total.mean / total.p50 == pytest.approx(1.4461, rel=0.01)


# ---- arithmetic ----------------------------------------------------------------------------------


@given(st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_property_dimension_errors_are_always_caught(make: Make, a: str, b: str) -> None:
    one, other = make("one", a, low=1.0, high=2.0), make("other", b, low=1.0, high=2.0)
    if units.same_dimension(a, b):
        assert (one + other).unit == (one - other).unit == units.canonical(a)
        assert one.to(b).unit == units.canonical(b)
        return
    for operation in (lambda: one + other, lambda: one - other, lambda: one.to(b)):
        with pytest.raises(UnitError) as caught:
            operation()
        assert "is not" in caught.value.message


@given(st.data())
def test_property_a_figure_less_itself_is_exactly_zero(
    trees: st.SearchStrategy[Figure], data: st.DataObject
) -> None:
    figure = data.draw(trees)
    assert not np.any((figure - figure).samples)
    assert np.array_equal((figure / figure).samples, np.ones_like(figure.samples))


def test_worked_one_leaf_made_twice_is_the_same_draws(make: Make, few: Sampling) -> None:
    first, second = make("x", low=1.0, high=2.0), make("x", low=1.0, high=2.0)
    assert first is not second
    assert not np.any((first - second).samples)


@given(st.data())
def test_property_percentiles_are_in_order(
    trees: st.SearchStrategy[Figure], data: st.DataObject
) -> None:
    figure = data.draw(trees)
    assert figure.p05 <= figure.p50 <= figure.p95
    ends = figure.samples.min(), figure.samples.max()
    assert ends[0] <= figure.p05
    assert figure.p95 <= ends[1]
    assert ends[0] - 1e-12 * abs(ends[0]) <= figure.mean <= ends[1] + 1e-12 * abs(ends[1])


@given(st.data(), st.randoms(use_true_random=False))
def test_property_the_order_of_asking_does_not_matter(
    trees: st.SearchStrategy[Figure], data: st.DataObject, random: Any
) -> None:
    figure = data.draw(trees)
    asked_last = pickle.loads(pickle.dumps(figure))
    nodes = topological(asked_last)
    random.shuffle(nodes)
    for node in nodes:
        node.value
    assert np.array_equal(figure.samples, asked_last.samples)
    for first, second in zip(topological(figure), topological(asked_last), strict=True):
        assert first.value == second.value


@given(st.data(), st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_property_adding_a_leaf_moves_no_other(
    trees: st.SearchStrategy[Figure], make: Make, data: st.DataObject, names: list[str]
) -> None:
    figure = data.draw(trees)
    before = figure.samples.copy()
    with sampling(200, 7):
        more = figure
        for name in names:
            more = more * make(f"extra {name}", low=1.0, high=2.0)
        more.samples
    assert np.array_equal(pickle.loads(pickle.dumps(figure)).samples, before)


@given(
    st.sampled_from(["Wh", "kWh", "MJ", "J", "TWh"]),
    st.sampled_from(["Wh", "kWh", "MJ", "J", "TWh"]),
    st.sampled_from(["Wh", "kWh", "MJ", "J", "TWh"]),
)
def test_property_conversion_and_sums_change_places(make: Make, a: str, b: str, u: str) -> None:
    with sampling(200, 1):
        one, other = make("one", a, low=1.0, high=3.0), make("other", b, low=2.0, high=5.0)
        assert (one + other).to(u).samples == pytest.approx(
            (one.to(u) + other.to(u)).samples, rel=1e-12
        )
        assert (one - other).to(u).samples == pytest.approx(
            (one.to(u) - other.to(u)).samples, rel=1e-9, abs=1e-12
        )
        assert one.to(u).to(a).samples == pytest.approx(one.samples, rel=1e-14)


def test_worked_sums_and_numbers(make: Make, few: Sampling) -> None:
    parts = [make(name, "kWh", low=1.0, high=2.0) for name in "abc"]
    total = sum(parts)
    assert isinstance(total, Figure)
    assert np.allclose(total.samples, sum(p.samples for p in parts))
    x = make("x", low=1.0, high=2.0)
    assert np.array_equal((2 * x + 1).samples, 2 * x.samples + 1)
    assert np.array_equal((1 - x).samples, 1 - x.samples)
    assert np.array_equal((1 / x).samples, 1 / x.samples)
    assert np.array_equal((-x).samples, -x.samples)
    assert np.array_equal((np.float64(2.0) * x).samples, 2 * x.samples)
    assert np.array_equal((x**2).samples, x.samples**2)
    assert (x**0).unit == "1"
    assert (make("e", "Wh", value=2.0) ** 0).unit == "1"
    assert (make("e", "Wh", value=4.0) ** 0.5).p50 == 2.0
    assert (make("ratio", "%", value=50.0) + 1).p50 == pytest.approx(150.0)


@pytest.mark.parametrize("other", ["2", None, [1.0], np.ones(200), True, object(), 1j])
def test_error_not_a_number(make: Make, few: Sampling, other: Any) -> None:
    x = make("x", low=1.0, high=2.0)
    for operation in (
        lambda: x + other,
        lambda: other + x,
        lambda: x * other,
        lambda: x - other,
        lambda: other / x,
        lambda: x**other,
    ):
        with pytest.raises((UnitError, TypeError)) as caught:
            operation()
        assert (
            not isinstance(caught.value, UnitError) or caught.value.hint or "power" in str(caught)
        )


def test_error_a_plain_number_beside_an_energy(make: Make) -> None:
    energy = make("energy", "kWh", low=1.0, high=2.0)
    with pytest.raises(UnitError, match="energy is not a number"):
        energy + 1
    with pytest.raises(UnitError, match="exponent is a plain number"):
        energy**energy
    with pytest.raises(UnitError, match="power"):
        make("power", "kW", value=1.0) + energy


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_error_numbers_that_are_none(make: Make, number: float) -> None:
    x = make("x", low=1.0, high=2.0)
    for operation in (lambda: x * number, lambda: number + x, lambda: x**number):
        with pytest.raises(DistributionError, match="not a finite number"):
            operation()


# ---- what cannot be computed -----------------------------------------------------------------------


def test_error_division_by_a_range_that_holds_zero(make: Make, few: Sampling) -> None:
    x = make("x", low=1.0, high=2.0)
    with pytest.raises(RangeError, match="x - x is zero"):
        (x / (x - x)).p50
    with pytest.raises(RangeError, match="zero"):
        (1 / make("nothing", value=0.0)).p50


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, y: y**0.5,  # a root of a negative
        lambda x, y: (x - x) ** -1,
        lambda x, y: x**1e6,
        lambda x, y: (x * 1e200) * (x * 1e200),
        lambda x, y: 1 / ((x * 1e200) * (x * 1e200)),  # would come out as 0 again
        lambda x, y: x / 1e-320,
    ],
)
def test_error_nothing_is_computed_on_from_a_nan(
    make: Make, few: Sampling, wrong: Callable[[Figure, Figure], Figure]
) -> None:
    x = make("x", low=10.0, high=20.0)
    y = make("y", low=-1.0, high=1.0)
    with pytest.raises(RangeError) as caught:
        wrong(x, y).value
    assert "not a finite number in" in caught.value.message
    assert caught.value.hint


def test_error_pue_below_one(make: Make, few: Sampling) -> None:
    energy = make("energy", "kWh", "server", value=1.0)
    with pytest.raises(RangeError, match=r"pue=0.9") as caught:
        energy.at_boundary("facility", make("pue", low=0.9, high=1.2, spread="uniform"))
    assert "triangular" in caught.value.hint
    with pytest.raises(UnitError, match="plain number"):
        energy.at_boundary("facility", energy)
    with pytest.raises(UnitError):
        energy.at_boundary("facility", "1.2")  # type: ignore[arg-type]


# ---- it does not change ----------------------------------------------------------------------------


def test_property_a_figure_does_not_change(make: Make, few: Sampling) -> None:
    x = make("x", "kWh", low=1.0, high=2.0)
    figure = (x + x.to("MWh")).named("sum", en="Sum")
    before = figure.content_hash
    for name in ("unit", "kind", "parents", "parameters", "sampling", "anything"):
        with pytest.raises(AttributeError, match="does not change"):
            setattr(figure, name, "Wh")
        with pytest.raises(AttributeError):
            delattr(figure, name)
    for change in (
        lambda: figure.parameters.update(factor=2.0),  # type: ignore[attr-defined]
        lambda: figure.parameters.__setitem__("factor", 2.0),  # type: ignore[attr-defined]
        lambda: figure.parameters.pop("factor"),  # type: ignore[attr-defined]
        lambda: figure.label.clear(),  # type: ignore[attr-defined]
    ):
        with pytest.raises(TypeError, match="do not change"):
            change()
    with pytest.raises(ValueError, match="read-only"):
        figure.samples[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        x.samples[0] = 1.0
    assert figure.content_hash == before
    assert (x + x.to("MWh")).content_hash == before


def test_property_parameters_are_a_copy(make: Make) -> None:
    numbers = {"shapes": [[1.0, 2.0]]}
    figure = Figure(
        unit="1", boundary=None, kind="modelled", operation="peak", parameters=numbers,
        parents=(make("x", value=3.0),),
    )  # fmt: skip
    before = figure.content_hash
    numbers["shapes"][0][1] = 99.0
    assert figure.p50 == 6.0
    assert figure.content_hash == before
    assert json.loads(json.dumps(figure.parameters)) == {"shapes": [[1.0, 2.0]]}


@given(st.data())
def test_property_copies_and_pickles_are_equal(
    trees: st.SearchStrategy[Figure], data: st.DataObject
) -> None:
    figure = data.draw(trees)
    samples = figure.samples
    for other in (pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure), copy.copy(figure)):
        assert "samples" not in other.__dict__
        assert other.content_hash == figure.content_hash
        assert np.array_equal(other.samples, samples)
        assert not other.samples.flags.writeable


# ---- names and hashes --------------------------------------------------------------------------------


def test_property_the_hash_changes_when_anything_behind_changes(make: Make) -> None:
    source, other = Source("a", "A"), Source("b", "B")

    def result(
        low: float = 1.0, unit: str = "kWh", boundary: str = "server", kind: str = "estimated",
        key: str = "x", cited: Source = source, factor: float = 2.0, operation: str = "*",
        bound: str = "",
    ) -> str:  # fmt: skip
        x = leaf(
            key,
            low=low,
            high=3.0,
            unit=unit,
            boundary=boundary,
            kind=kind,
            source=cited,
            bound=bound,
        )
        y = x * factor if operation == "*" else x / factor
        return ((y + y.to("MWh")) ** 2).content_hash

    changed = [
        result(low=1.1), result(unit="MWh"), result(boundary="facility"), result(kind="measured"),
        result(key="y"), result(cited=other), result(factor=3.0), result(operation="/"), result(bound="at_most"),
    ]  # fmt: skip
    assert result() == result()
    assert len({result(), *changed}) == len(changed) + 1


def test_error_one_name_for_two_quantities(make: Make, few: Sampling) -> None:
    total = make("x", low=1.0, high=2.0) + make("x", low=1.0, high=3.0)
    with pytest.raises(SourceError, match="x stands for two different figures"):
        leaves(total)


@pytest.mark.parametrize("key", ["", "#x", "#"])
def test_error_names_that_cannot_be(make: Make, key: str) -> None:
    with pytest.raises(SourceError, match="cannot name a figure"):
        make(key, value=1.0)
    if key:
        with pytest.raises(SourceError, match="cannot name a figure"):
            (make("x", value=1.0) * 2).named(key)


def test_error_a_leaf_without_a_source() -> None:
    with pytest.raises(SourceError, match="x has neither a source nor a reason"):
        leaf("x", unit="1", kind="assumed", value=1.0)
    with pytest.raises(SourceError, match="kind='guessed'"):
        leaf("x", unit="1", kind="guessed", note="n", value=1.0)
    with pytest.raises(DistributionError, match="'hihg' does not belong"):
        leaf("x", unit="1", kind="assumed", note="n", value=1.0, hihg=2.0)
    with pytest.raises(UnitError, match="unknown unit 'kwh'"):
        leaf("x", unit="kwh", kind="assumed", note="n", value=1.0)
    with pytest.raises(BoundaryError):
        leaf("x", unit="1", kind="assumed", note="n", value=1.0, boundary="rack")


def test_worked_kinds(make: Make) -> None:
    measured = leaf("m", unit="1", kind="measured", value=1.0, note="meter")
    forecast = leaf("f", unit="1", kind="forecast", value=1.0, note="outlook")
    assert (exact(2, "1") * exact(3, "1")).kind == "defined"
    assert (measured * 2).kind == "modelled"
    assert (measured * forecast).kind == "forecast"
    assert measured.to("%").kind == "measured"
    assert derived_kind([measured, forecast]) == "forecast"
    assert (measured * 2).of_kind("forecast").kind == "forecast"


def test_worked_naming_keeps_the_draws(make: Make, few: Sampling) -> None:
    x = make("x", "kWh", low=1.0, high=2.0)
    named = (x * 2).named("double", en="Double", zh="两倍", note="twice")
    assert (named.key, named.name, named.note) == ("double", "Double", "twice")
    assert np.array_equal(named.samples, 2 * x.samples)
    assert np.array_equal(x.named("y").samples, x.samples)
    assert named.node_id == "double"
    assert (x * 2).node_id == f"#{(x * 2).content_hash}"
    assert named.content_hash == (x * 2).content_hash


def test_worked_stating_a_boundary(make: Make) -> None:
    x = make("x", "kWh", value=1.0)
    assert x.with_boundary("server").boundary == "server"
    assert x.with_boundary("server").with_boundary("server").p50 == 1.0
    with pytest.raises(BoundaryError):
        x.with_boundary("server").with_boundary("facility")
    with pytest.raises(BoundaryError):
        x.with_boundary("rack")


def test_worked_steps_by_adding_and_taking_away(make: Make) -> None:
    chips = make("chips", "kWh", "accelerator", value=3.0)
    host = make("host", "Wh", "server", value=1000.0)
    whole = chips.joined("server", host)
    assert (whole.p50, whole.boundary, whole.unit) == (4.0, "server", "kWh")
    assert whole.at_boundary("facility", 1.5).beyond(whole).p50 == pytest.approx(2.0)
    with pytest.raises(BoundaryError):
        host.joined("accelerator", chips)
    with pytest.raises(BoundaryError):
        whole.beyond(whole)
    with pytest.raises(UnitError):
        chips.joined("server", make("power", "kW", "server", value=1.0))


# ---- big and deep -----------------------------------------------------------------------------------


def test_worked_a_sum_deeper_than_python_calls_itself(make: Make, few: Sampling) -> None:
    parts = [make(f"part {i}", "kWh", low=1.0, high=2.0) for i in range(1200)]
    total = sum(parts[1:], parts[0])
    assert total.samples == pytest.approx(np.sum([p.samples for p in parts], axis=0))
    assert len(total.content_hash) == 16
    assert len(total.formula) < 500
    assert len(leaves(total)) == 1200
    assert total.explain().count("part ") >= 1200


def test_worked_a_tree_with_shared_branches(make: Make, few: Sampling) -> None:
    """x = x + x, sixty times, is 61 figures and not 2^60."""
    figure = make("x", low=1.0, high=2.0)
    first = figure
    for _ in range(60):
        figure = figure + figure
    assert figure.samples == pytest.approx(first.samples * 2.0**60)
    assert len(topological(figure)) == 61
    assert figure.explain().count("\n") < 200


def test_matches_threads(make: Make) -> None:
    """Eight threads ask one tree at once and see the same draws."""
    with sampling(250_000, 3):
        parts = [make(f"p{i}", low=1.0 + i, high=2.0 + i) for i in range(4)]
        alone = sum(parts[1:], parts[0]).value
        for _ in range(3):
            total = sum(parts[1:], parts[0])
            fresh = pickle.loads(pickle.dumps(total))
            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda f: f.value, [fresh] * 4 + list(topological(fresh))))
            assert found[:4] == [alone] * 4


def test_worked_constants_have_one_value() -> None:
    hours = exact(365, "d/a") * exact(24, "h/d")
    assert hours.is_exact
    assert hours.value.n == 1
    assert hours.p05 == hours.p50 == hours.p95 == hours.mean == 8760.0
    assert as_figure(3).p50 == 3.0
    assert as_figure(hours) is hours


@given(st.lists(st.floats(-1e300, 1e300), min_size=100, max_size=300))
def test_matches_mean(values: list[float]) -> None:
    figure = Figure(
        unit="1", boundary=None, kind="modelled", key="k", operation="scale", parameters={"factor": 1.0}
    )  # fmt: skip
    figure.__dict__["samples"] = np.array(values)
    assert figure.mean == pytest.approx(
        np.mean(np.array(values)), rel=1e-9, abs=1e-9 * max(map(abs, values))
    )


# ---- what a person reads ------------------------------------------------------------------------------


def test_worked_text(make: Make) -> None:
    x = make("x", "Wh/request", "facility", low=0.9, high=4.4)
    assert str(x) == "2.0 Wh/request [0.90 to 4.4] facility, assumed"
    assert f"{x:J/request}" == str(x.to("J/request"))
    assert repr(x) == f"<Figure {x}>"
    with pytest.raises(UnitError):
        f"{x:>20}"


@given(st.data())
def test_property_every_leaf_is_explained(
    trees: st.SearchStrategy[Figure], data: st.DataObject
) -> None:
    figure = data.draw(trees)
    lines = figure.explain().splitlines()
    for x in leaves(figure):
        shown = [line for line in lines if line.lstrip("│├└─ ").startswith(f"{x.key} = ")]
        assert shown, x.key
        assert all("[assumed: for a test]" in r or "[definition]" in r for r in shown)


@given(st.sampled_from(UNITS), st.sampled_from(UNITS), st.floats(), st.integers(0, 5))
def test_error_any_failure_is_ours(make: Make, a: str, b: str, number: float, how: int) -> None:
    """Whatever is put together, a person sees finite numbers or an error of taotie."""
    with sampling(200, 1):
        x, y = make("x", a, low=-1.0, high=2.0), make("y", b, low=0.0, high=2.0)
    operations: list[Callable[[], Figure]] = [
        lambda: x / y, lambda: x * y**number, lambda: x**number, lambda: x * number,
        lambda: number / x + y, lambda: (x - y).to(b),
    ]  # fmt: skip
    try:
        samples = operations[how]().samples
    except TaotieError:
        return
    assert np.isfinite(samples).all()


def test_worked_a_profile_times_a_figure(make: Make) -> None:
    load = Profile(((np.ones(3), make("load", "MW", value=2.0)),))
    assert (load * make("pue", value=1.5)).peak().p50 == 3.0
