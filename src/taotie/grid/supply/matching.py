"""What mix supplies a load, hour by hour or over the year, at the least cost? [currency/MWh, MW, MWh]

One sparse linear program (HiGHS): sizes of generators and stores, and what each does in every step. The score is the
share of the load's energy that is carbon-free in the hour it is used. Everything is solved per MW of mean load, so a
load of twice the size has twice the plant and the same cost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.grid.supply.technology import Generator, Technology
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["SupplyPlan", "SupplyProblem", "best_score", "solve_supply"]

Floats = npt.NDArray[np.float64]

HOURS_PER_YEAR = 8760.0
UNCOVERED = 1e-6
"""A step counts as uncovered from this share of the mean load. [1]"""


@dataclass(frozen=True, eq=False)
class SupplyProblem:
    """A load and what may supply it.

    Attributes
    ----------
    load_mw : ndarray, shape (step,)
        [MW]
    step_h : float
        [h]
    profiles : mapping of str to ndarray, shape (step,)
        Capacity factors by name, within 0..1. [1]
    technologies : sequence of Generator and Store
    grid_price : ndarray, shape (step,)
        [currency/MWh]
    grid_co2_g_per_kwh, grid_clean : ndarray, shape (step,)
        Intensity of the grid [g/kWh] and the carbon-free share of its power [1].
    connection_mw : float or None
        Most the grid may give; None for no limit, 0 for no grid. [MW]
    matching : {"hourly", "annual"}
        Whether carbon-free power counts in its hour or over the year. Over the year all that is made counts: what is
        left over reaches the grid, paid (see `most_sold`) or not.
    most_sold : float
        Energy sold to the grid over the energy of the load; what is not sold is curtailed. [1]
    sold_price : float
        Price of what is sold over the price of the hour. [1]
    """

    load_mw: Floats
    step_h: float
    profiles: Mapping[str, Floats]
    technologies: Sequence[Technology]
    grid_price: Floats
    grid_co2_g_per_kwh: Floats
    grid_clean: Floats
    connection_mw: float | None = None
    matching: str = "hourly"
    most_sold: float = 0.0
    sold_price: float = 1.0

    def __post_init__(self) -> None:
        n = self.load_mw.size
        if n < 2 or not (self.load_mw >= 0).all() or not self.load_mw.mean() > 0:
            raise RangeError(_("a load needs at least two steps, none negative, not all zero."))
        series = {"grid_price": self.grid_price, "grid_co2_g_per_kwh": self.grid_co2_g_per_kwh,
                  "grid_clean": self.grid_clean, **self.profiles}  # fmt: skip
        for name, values in series.items():
            if values.shape != (n,):
                raise RangeError(
                    _("{name} has {m} steps, the load {n}.").format(name=name, m=values.size, n=n)
                )
            if not np.isfinite(values).all():
                raise RangeError(_("{name} holds what is not a number.").format(name=name))
        for one in self.technologies:
            if isinstance(one, Generator) and one.profile and one.profile not in self.profiles:
                raise RangeError(
                    _("{name} needs a series of its capacity factor.").format(name=one.key),
                    _("a column {name}_cf in the file given with --series").format(
                        name=one.profile
                    ),
                )
        if self.matching not in ("hourly", "annual"):
            raise RangeError(
                _("matching={value} is not hourly or annual.").format(value=repr(self.matching))
            )


@dataclass(frozen=True, eq=False)
class SupplyPlan:
    """The least-cost mix.

    Attributes
    ----------
    cost_per_mwh : float
        Of a MWh of the load. [currency/MWh]
    score : float
        Carbon-free share of the load's energy, hour by hour, the grid's own share included. [1]
    matched : float
        Carbon-free generation of the year over the load's energy, whenever it came, left-over included. [1]
    size_mw : mapping of str to float
        Of generators, and the power at which stores discharge. [MW]
    charge_mw, size_mwh : mapping of str to float
        Of stores. [MW, MWh]
    made_mwh : mapping of str to float
        Energy of each generator, before curtailment. [MWh]
    import_mw, sold_mw, curtailed_mw : ndarray, shape (step,)
        [MW]
    output_mw, charging_mw, discharging_mw, stored_mwh : mapping of str to ndarray, shape (step,)
        What each does; stored energy at the end of the step.
    co2_g_per_kwh : float
        Of what the load uses: grid and own plant, combustion only; what is sold earns no credit. [g/kWh]
    price : ndarray, shape (step,)
        Dual of the balance: what one more MWh in that step would cost. [currency/MWh]
    score_price : float
        Dual of the score: what one more MWh of carbon-free power would cost; not a number at a score of one, where no
        more can be added and any large number is a dual. [currency/MWh]
    """

    problem: SupplyProblem
    cost_per_mwh: float
    score: float
    matched: float
    size_mw: Mapping[str, float]
    charge_mw: Mapping[str, float]
    size_mwh: Mapping[str, float]
    made_mwh: Mapping[str, float]
    import_mw: Floats
    sold_mw: Floats
    curtailed_mw: Floats
    output_mw: Mapping[str, Floats]
    charging_mw: Mapping[str, Floats]
    discharging_mw: Mapping[str, Floats]
    stored_mwh: Mapping[str, Floats]
    co2_g_per_kwh: float
    price: Floats
    score_price: float

    @property
    def load_mwh(self) -> float:
        """Energy of the load. [MWh]"""
        return float(self.problem.load_mw.sum() * self.problem.step_h)

    @property
    def import_mwh(self) -> float:
        """Energy taken from the grid. [MWh]"""
        return float(self.import_mw.sum() * self.problem.step_h)

    @property
    def sold_mwh(self) -> float:
        """Energy sold to the grid. [MWh]"""
        return float(self.sold_mw.sum() * self.problem.step_h)

    @property
    def curtailed_mwh(self) -> float:
        """Energy thrown away. [MWh]"""
        return float(self.curtailed_mw.sum() * self.problem.step_h)

    @property
    def hours_uncovered(self) -> float:
        """Hours in which power that is not carbon-free is used. [h]"""
        p = self.problem
        dirty = self.import_mw * (1 - p.grid_clean)
        for one in p.technologies:
            if isinstance(one, Generator) and not one.clean:
                dirty = dirty + self.output_mw[one.key]
        return float((dirty > UNCOVERED * p.load_mw.mean()).sum() * p.step_h)

    @property
    def imbalance(self) -> Floats:
        """What the balance of each step misses, over the mean load, shape (step,). [1]"""
        p = self.problem
        left = self.import_mw - self.sold_mw - self.curtailed_mw - p.load_mw
        for values in (*self.output_mw.values(), *self.discharging_mw.values()):
            left = left + values
        for values in self.charging_mw.values():
            left = left - values
        return np.asarray(left / p.load_mw.mean())


@dataclass
class _Program:
    """The rows and columns of the linear program, per MW of mean load."""

    columns: list[tuple[str, int]] = field(default_factory=list)
    cost: list[Floats] = field(default_factory=list)
    low: list[Floats] = field(default_factory=list)
    high: list[Floats] = field(default_factory=list)
    equal: list[tuple[dict[str, Any], Floats]] = field(default_factory=list)
    below: list[tuple[dict[str, Any], Floats]] = field(default_factory=list)

    def add(self, name: str, n: int, cost: Any = 0.0, high: Any = np.inf) -> None:
        self.columns.append((name, n))
        self.cost.append(np.broadcast_to(np.asarray(cost, dtype=float), (n,)).copy())
        self.low.append(np.zeros(n))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=float), (n,)).copy())

    def matrix(self, rows: list[tuple[dict[str, Any], Floats]]) -> tuple[Any, Floats]:
        from scipy import sparse

        blocks = []
        for terms, right in rows:
            row = []
            for name, n in self.columns:
                block = terms.get(name)
                row.append(sparse.csr_array((right.size, n)) if block is None else block)
            blocks.append(row)
        return sparse.block_array(blocks, format="csc"), np.concatenate([r for _t, r in rows])

    def split(self, x: Floats) -> dict[str, Floats]:
        found, at = {}, 0
        for name, n in self.columns:
            found[name] = x[at : at + n]
            at += n
        return found


def _program(p: SupplyProblem, technologies: Sequence[Technology]) -> _Program:
    """Columns and the rows every goal shares; the dirty energy is in `dirty_terms`."""
    from scipy import sparse

    n, dt = p.load_mw.size, p.step_h
    mean = float(p.load_mw.mean())
    hours = n * dt
    year = hours / HOURS_PER_YEAR / hours  # yearly cost to cost per MWh of load
    step = dt / hours
    eye = sparse.eye_array(n, format="csr")
    shift = sparse.csr_array(
        (np.ones(n), (np.arange(n), np.roll(np.arange(n), 1))), shape=(n, n)
    )  # the step before; the first follows the last
    lp = _Program()
    balance: dict[str, Any] = {}
    own: dict[str, Any] = {}

    def column(values: Any) -> Any:
        return sparse.csr_array(np.asarray(values, dtype=float).reshape(-1, 1))

    limit = np.inf if p.connection_mw is None else p.connection_mw / mean
    lp.add("grid", n, step * p.grid_price, limit)
    balance["grid"] = eye
    lp.add("curtailed", n)
    balance["curtailed"] = -eye
    if p.most_sold > 0:
        lp.add("sold", n, -step * p.sold_price * p.grid_price)
        balance["sold"] = -eye
        lp.below.append(
            ({"sold": sparse.csr_array(np.full((1, n), step))}, np.array([p.most_sold]))
        )
    for one in technologies:
        most = np.inf if one.most_mw is None else one.most_mw / mean
        size = f"{one.key}.mw"
        if isinstance(one, Generator):
            if one.profile:
                factor = p.profiles[one.profile]
                lp.add(
                    size, 1, year * one.fixed_cost + step * one.running_cost * factor.sum(), most
                )
                balance[size] = own[size] = column(factor)
            else:
                lp.add(size, 1, year * one.fixed_cost, most)
                output = f"{one.key}.output"
                lp.add(output, n, step * one.running_cost)
                balance[output] = own[output] = eye
                lp.below.append(
                    ({output: eye, size: column(np.full(n, -one.availability))}, np.zeros(n))
                )
            continue
        room, charge, discharge, stored = (
            f"{one.key}.{w}" for w in ("mwh", "charging", "discharging", "stored")
        )
        lp.add(size, 1, year * one.in_cost, most)
        out = size
        if not one.one_converter:
            out = f"{one.key}.out_mw"
            lp.add(out, 1, year * one.out_cost, most)
        lp.add(room, 1, year * one.energy_cost, np.inf if one.most_mwh is None else one.most_mwh / mean)  # fmt: skip
        for name in (charge, discharge, stored):
            lp.add(name, n)
        balance[charge], balance[discharge] = -eye, eye
        minus = column(np.full(n, -1.0))
        lp.below.append(({charge: eye, size: minus}, np.zeros(n)))
        lp.below.append(({discharge: eye, out: minus}, np.zeros(n)))
        lp.below.append(({stored: eye, room: minus}, np.zeros(n)))
        lp.equal.append(
            (
                {
                    charge: -one.efficiency_in * dt * eye,
                    discharge: dt / one.efficiency_out * eye,
                    stored: eye - shift,
                },
                np.zeros(n),
            )
        )
    lp.equal.insert(0, (balance, p.load_mw / mean))
    if (p.grid_price < 0).any():
        # without this, imports at negative prices would be thrown away
        thrown: dict[str, Any] = {name: -block for name, block in own.items()}
        thrown["curtailed"] = eye
        if p.most_sold > 0:
            thrown["sold"] = eye
        lp.below.append((thrown, np.zeros(n)))
    return lp


def _dirty(p: SupplyProblem, technologies: Sequence[Technology]) -> dict[str, Any]:
    """Terms of the energy that is not carbon-free over the load's energy; for a year: not matched."""
    from scipy import sparse

    n = p.load_mw.size
    row = np.full(n, 1.0 / n)
    if p.matching == "hourly":
        terms = {"grid": sparse.csr_array(((1 - p.grid_clean) * row).reshape(1, -1))}
        for one in technologies:
            if isinstance(one, Generator) and not one.clean:
                terms[f"{one.key}.output"] = sparse.csr_array(row.reshape(1, -1))
        return terms
    # over the year what is left over counts as well: it reaches the grid, paid or not
    terms = {}
    for one in technologies:
        if isinstance(one, Generator) and one.clean:
            if one.profile:
                value = float((p.profiles[one.profile] * row).sum())
                terms[f"{one.key}.mw"] = sparse.csr_array([[-value]])
            else:
                terms[f"{one.key}.output"] = sparse.csr_array(-row.reshape(1, -1))
    return terms


NOTHING = 1e-12  # per MW of mean load: what an interior solution leaves of a thing nobody builds
TIE = 1e-4
"""What a MWh into a store adds to the goal, to no cost that is told: of two mixes that cost the same, the one that stores less. [currency/MWh]"""


def _stores_less(lp: _Program) -> Floats:
    """Without it, how much is curtailed and how much lost in stores would hang on the last digit of the processor."""
    dear = [TIE if name.endswith(".charging") else 0.0 for name, _n in lp.columns]
    most = max(n for _name, n in lp.columns)
    return np.repeat(np.array(dear) / most, [n for _name, n in lp.columns])


def _run(lp: _Program, goal: Floats) -> Any:
    """The program solved with its goal per step and MWh, so that the solver's tolerance is one of prices."""
    from scipy.optimize import linprog

    steps = max(n for _name, n in lp.columns)

    below, right = lp.matrix(lp.below) if lp.below else (None, None)
    equal, wanted = lp.matrix(lp.equal)
    bounds = np.stack([np.concatenate(lp.low), np.concatenate(lp.high)], axis=1)
    found = linprog(
        steps * goal, A_ub=below, b_ub=right, A_eq=equal, b_eq=wanted, bounds=bounds, method="highs-ipm"
    )  # fmt: skip
    if found.status == 0:
        found.fun /= steps
        found.eqlin.marginals /= steps
        found.ineqlin.marginals /= steps
    return found


def _ordered(technologies: Iterable[Technology]) -> tuple[Technology, ...]:
    """By key, so that the order in which they are named changes nothing."""
    found: dict[str, Technology] = {}
    for one in technologies:
        if one.key in found:
            raise RangeError(_("{name} is named twice.").format(name=one.key))
        found[one.key] = one
    return tuple(found[k] for k in sorted(found))


def _score_right(p: SupplyProblem, score: float) -> Floats:
    return np.array([1.0 - score if p.matching == "hourly" else -score])


def best_score(problem: SupplyProblem) -> float:
    """The highest score that any size of these technologies reaches. [1]

    Notes
    -----
    The same program with the energy that is not carbon-free as its goal, whatever that costs. Over the year any share
    can be matched as long as there is carbon-free generation.

    Raises
    ------
    RangeError
        If the load cannot be met at all.
    """
    technologies = _ordered(problem.technologies)
    lp = _program(problem, technologies)
    goal = _goal(lp, _dirty(problem, technologies))
    found = _run(lp, goal)
    if found.status == 3:  # annual matching without a limit
        return 1.0
    if found.status != 0:
        _refuse(found, problem)
    return float(1.0 - found.fun) if problem.matching == "hourly" else float(min(-found.fun, 1.0))


def _goal(lp: _Program, terms: Mapping[str, Any]) -> Floats:
    return np.concatenate(
        [terms[name].toarray().ravel() if name in terms else np.zeros(n) for name, n in lp.columns]
    )


def _refuse(found: Any, p: SupplyProblem) -> None:
    if found.status == 3:
        raise RangeError(
            _("the prices pay for wasting power without end; there is no least cost."),
            _("--connection MW limits what the grid gives; --negative-prices zero"),
        )
    if found.status == 2:
        raise RangeError(
            _("no mix of these technologies meets the load in every hour."),
            _("--connection MW for more from the grid, or --with nuclear for firm power"),
        )
    raise RangeError(_("the program was not solved: {why}").format(why=str(found.message)[:160]))


def solve_supply(
    problem: SupplyProblem, score: float | None = None, most_cost: float | None = None
) -> SupplyPlan:
    """The least-cost mix at a score, or the best score at a cost.

    Parameters
    ----------
    problem : SupplyProblem
    score : float, optional
        Carbon-free share that must be reached, within 0..1; by hour or by year as `problem.matching` says. [1]
    most_cost : float, optional
        Cost of a MWh of the load that must not be passed; then the score is what is sought. [currency/MWh]

    Returns
    -------
    plan : SupplyPlan

    Raises
    ------
    RangeError
        If both or neither goal is given, a value is impossible, or nothing reaches it; the message says how far it
        can go.

    Notes
    -----
    ``min sum c X + sum price g dt`` subject to the balance of each step, cyclic stores, sizes, and
    ``sum (1 - clean_t) g_t dt <= (1 - score) L H``. Yearly costs are scaled by the hours covered over 8760.

    References
    ----------
    .. [1] I. Riepin, T. Brown, Energy Strategy Reviews 2024, arXiv 2403.07876.

    Examples
    --------
    Two hours, sun in one of them; half of the load without the grid needs one MW:

    >>> sun = Generator("pv", 8760.0, profile="pv")
    >>> one = np.ones(2)
    >>> problem = SupplyProblem(one, 1.0, {"pv": np.array([1.0, 0.0])}, [sun], 100 * one, 400 * one, 0 * one)
    >>> plan = solve_supply(problem, score=0.5)
    >>> plan.size_mw, plan.cost_per_mwh, plan.co2_g_per_kwh
    ({'pv': 1.0}, 51.0, 200.0)
    """
    if (score is None) == (most_cost is None):
        raise RangeError(_("give a score or a cost as the goal, one of them."), "--score 0.9")
    p, technologies = problem, _ordered(problem.technologies)
    if score is not None and not 0 <= score <= 1:
        raise RangeError(_("a score of {score} leaves 0..1.").format(score=score), _("90 % is 0.9"))
    lp = _program(p, technologies)
    cost = np.concatenate(lp.cost)
    terms = _dirty(p, technologies)
    if score is not None:
        lp.below.append((terms, _score_right(p, score)))
        found = _run(lp, cost + _stores_less(lp))
        if found.status == 2:
            reached = best_score(p)
            shown = np.floor(1e4 * reached) / 1e4
            raise RangeError(
                _("a score of {score:.2%} cannot be reached with {names}: {best:.2%} is the most.").format(
                    score=score, names=listing(t.key for t in technologies) or _("the grid alone"),
                    best=shown,
                ),
                f"--score {shown:.4f}",
            )  # fmt: skip
    else:
        assert most_cost is not None
        from scipy import sparse

        whole = {
            name: sparse.csr_array(c.reshape(1, -1))
            for (name, _n), c in zip(lp.columns, lp.cost, strict=True)
        }
        lp.below.append((whole, np.array([float(most_cost)])))
        found = _run(lp, _goal(lp, terms))
        if found.status == 2:
            least = solve_supply(p, score=0.0).cost_per_mwh
            raise RangeError(
                _("no mix costs as little as {cost:g} per MWh: {least:.2f} is the least.").format(
                    cost=most_cost, least=least
                ),
                f"--cost {np.ceil(100 * least) / 100:.2f}",
            )
    if found.status != 0:
        _refuse(found, p)
    return _plan(p, technologies, lp, found, cost, score)


def _plan(
    p: SupplyProblem,
    technologies: Sequence[Technology],
    lp: _Program,
    found: Any,
    cost: Floats,
    score: float | None,
) -> SupplyPlan:
    n, dt = p.load_mw.size, p.step_h
    mean = float(p.load_mw.mean())
    x = lp.split(np.where(found.x > NOTHING, found.x, 0.0))
    size_mw: dict[str, float] = {}
    charge_mw: dict[str, float] = {}
    size_mwh: dict[str, float] = {}
    output: dict[str, Floats] = {}
    charging: dict[str, Floats] = {}
    discharging: dict[str, Floats] = {}
    stored: dict[str, Floats] = {}
    for one in technologies:
        size = float(x[f"{one.key}.mw"][0]) * mean
        if isinstance(one, Generator):
            size_mw[one.key] = size
            output[one.key] = (
                size * p.profiles[one.profile] if one.profile else mean * x[f"{one.key}.output"]
            )
            continue
        charge_mw[one.key] = size
        size_mw[one.key] = size if one.one_converter else float(x[f"{one.key}.out_mw"][0]) * mean
        size_mwh[one.key] = float(x[f"{one.key}.mwh"][0]) * mean
        charging[one.key] = mean * x[f"{one.key}.charging"]
        discharging[one.key] = mean * x[f"{one.key}.discharging"]
        stored[one.key] = mean * x[f"{one.key}.stored"]
    grid, curtailed = mean * x["grid"], mean * x["curtailed"]
    sold = mean * x["sold"] if "sold" in x else np.zeros(n)
    energy = mean * n * dt
    dirty = grid * (1 - p.grid_clean)
    co2 = float((grid * p.grid_co2_g_per_kwh).sum())
    clean_mwh = 0.0
    for one in technologies:
        if not isinstance(one, Generator):
            continue
        made = output[one.key]
        co2 += float(made.sum()) * one.co2_g_per_kwh
        if one.clean:
            clean_mwh += float(made.sum() * dt)
        else:
            dirty = dirty + made
    marginals = np.asarray(found.eqlin.marginals[:n])
    limit = float(found.ineqlin.marginals[-1])
    if score is not None:
        price = marginals * n + 0.0
        score_price = -limit + 0.0 if score < 1 else float("nan")
    else:  # the goal is the dirty share; the dual of the cost turns it into money
        score_price = -1.0 / limit if limit < 0 else float("nan")
        price = marginals * n * (score_price if limit < 0 else float("nan"))
    return SupplyPlan(
        problem=p,
        # the true sum of the products: a library's own hangs on how many threads it takes
        cost_per_mwh=math.fsum((cost * np.clip(found.x, 0.0, None)).tolist()),
        score=1.0 - float(dirty.sum() * dt) / energy,
        matched=clean_mwh / energy,
        size_mw=size_mw,
        charge_mw=charge_mw,
        size_mwh=size_mwh,
        made_mwh={k: float(v.sum() * dt) for k, v in output.items()},
        import_mw=grid,
        sold_mw=sold,
        curtailed_mw=curtailed,
        output_mw=output,
        charging_mw=charging,
        discharging_mw=discharging,
        stored_mwh=stored,
        co2_g_per_kwh=co2 * dt / energy,
        price=price,
        score_price=score_price,
    )
