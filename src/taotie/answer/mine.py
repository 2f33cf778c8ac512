"""What did Bitcoin take on a day? The ask behind `taotie mine`. [TWh/a]"""

from __future__ import annotations

from datetime import date

import numpy as np

from taotie.answer.answer import Answer, Series
from taotie.answer.asking import Chosen, answers
from taotie.compute.mining_energy import Miners
from taotie.errors import DataError, RangeError
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.mining import HashRates, averaging_days

__all__ = ["mine"]

INDEX_AVERAGES_DAYS = 7
"""Read off the index's own series of 2019 to 2021 by `averaging_days`: 7.0, 6.9 and 7.1."""

LONGEST_AVERAGE_DAYS = 100
"""No publisher averages the hash rate over more (ninety at most): what looks like more is no average of blocks."""
OLD_LIST_DAYS = 365
"""A list of machines that ends so long before the day lacks at least one generation of them."""


@answers("mine")
def mine(chosen: Chosen) -> Answer:
    """Lower, best and upper estimate of the electricity of Bitcoin, as if the day lasted a year.

    Raises
    ------
    DataError
        If no series is given.
    RangeError
        If the day is none, or no machine of the list had paid for its power by then.
    """
    from taotie.compute.mining_energy import example_miners, mining_energy, read_miners
    from taotie.workload.mining_export import read_series

    if not chosen.series:
        raise DataError(
            _("`taotie mine` needs a series of hash rate and price; none may be shipped."),
            _(
                "--series FILE with the columns date,hashrate_th_s,price_usd, or a publisher's export"
            ),
        )
    rates, seen = read_series(chosen.series)
    found = None
    for path in chosen.machines or ():
        one = read_miners(path)
        if found is not None:
            after = str(found.released.max())
            later = one.after(after)
            seen.append(
                Said(
                    "later_machines",
                    N_("{file}: {n} machines released after {day}, the last of the lists before it; the others would count twice"),
                    {"file": path.name, "n": len(later.names), "day": after},
                )
            )  # fmt: skip
            one = later
        found = one if found is None else found + one
    energy = mining_energy(rates, found or example_miners(), chosen.price, chosen.weights)
    at = _day(chosen.date) if chosen.date else str(rates.days[-1])
    lower, best, upper = energy.on(at)
    if best != best:
        paid = np.flatnonzero(rates.revenue_usd_per_day > 0)
        if not paid.size or np.datetime64(at) < rates.days[paid[0]]:
            raise RangeError(
                _("nobody had paid for a bitcoin by {day}: the method asks what machines earn, and says nothing where that is nothing.").format(day=at),
                f"--date {rates.days[paid[0]]}" if paid.size else "",
            )  # fmt: skip
        raise RangeError(
            _("no machine of the list had paid for its power by {day}.").format(day=at)
        )
    said = [
        *seen,
        Said(
            "as_if_a_year",
            N_("Bitcoin on {day} at {price} USD/kWh, as if the day lasted a year"),
            {"day": at, "price": f"{chosen.price:g}"},
        ),
    ]
    if energy.first_paid is not None and np.datetime64(at) < energy.first_paid:
        said.append(
            Said(
                "before_paying",
                N_(
                    "on {day} no machine had yet paid for its power: all that were on sale count, however dear"
                ),
                {"day": at},
            )
        )
    if found is None:
        said.append(
            Said(
                "example_machines",
                N_("machines are an invented example list: give --machines FILE"),
            )
        )
    if found is not None:
        said.extend(_odd(rates, found, chosen, at, best))
        said.extend(_old(found, at))
    window = averaging_days(rates, at)
    if window is not None and window > LONGEST_AVERAGE_DAYS:
        said.append(
            Said(
                "smooth_hash_rate",
                N_("the hash rate given hardly moves from one reading to the next, less than chance alone makes counted blocks do: it is a trend or was drawn by hand, so single days say no more than their month"),
            )
        )  # fmt: skip
    elif window is not None and window > 1.5 * INDEX_AVERAGES_DAYS:
        said.append(
            Said(
                "averaged_hash_rate",
                N_("the hash rate given seems to be a mean of about {n} days, that of the Cambridge index of {week}: single days may differ by up to a tenth for this alone, means of months by little"),
                {"n": round(window), "week": INDEX_AVERAGES_DAYS},
            )
        )  # fmt: skip
    figures = {
        "lower": _bound("mining.lower", lower, N_("lower"), at),
        "best": _bound("mining.best", best, N_("best"), at),
        "upper": _bound("mining.upper", upper, N_("upper"), at),
    }
    return Answer(
        "mine",
        {**chosen.values, "date": at},
        figures,
        series={
            "estimates": Series(
                "TWh/a",
                24.0,
                {k: np.asarray(getattr(energy, f"{k}_twh")) for k in ("lower", "best", "upper")},
                "facility",
            )
        }
        if hasattr(energy, "best_twh")
        else {},
        said=(*said, *chosen.defaults()),
        own={
            "date": at,
            "price": chosen.price,
            "lower_twh": lower,
            "best_twh": best,
            "upper_twh": upper,
            "unit": "TWh/a",
            "boundary": "facility",
            "machines": "example" if found is None else len(found.names),
            "weights": chosen.weights,
        },
        detail=energy,
    )


def _odd(rates: HashRates, miners: Miners, chosen: Chosen, day: str, best: float) -> list[Said]:
    """What young and wasteful machines of a list do to the best guess, where they do anything."""
    from taotie.compute.mining_energy import mining_energy, odd_machines

    odd, rest = odd_machines(miners, day)
    if not odd.names or not rest.names:
        return []
    without = mining_energy(rates, rest, chosen.price, chosen.weights).on(day)[1]
    if not abs(without / best - 1) >= 0.005:
        return []
    return [
        Said(
            "odd_machines",
            N_("{names}: on sale for less than two years, yet over 1.75 times the median of such machines; a dealer's list may hold what hardly anybody runs. Without these the best guess is {twh} TWh/a ({percent} %)"),
            {
                "names": ", ".join(odd.names),
                "twh": f"{without:.4g}",
                "percent": f"{100 * (without / best - 1):+.1f}",
            },
        )
    ]  # fmt: skip


def _old(miners: Miners, day: str) -> list[Said]:
    """That a list ends long before the day: what was released since, and takes less, is missing."""
    youngest = miners.released[miners.released <= np.datetime64(day)].max(
        initial=miners.released.min()
    )
    behind = int((np.datetime64(day, "D") - np.datetime64(youngest, "D")).astype(int))
    if behind <= OLD_LIST_DAYS:
        return []
    return [
        Said(
            "old_machines",
            N_("the youngest machine of the list is of {youngest}, {n} days before: newer ones, which take less, are missing, so all three estimates are too high"),
            {"youngest": str(youngest), "n": behind},
        )
    ]  # fmt: skip


def _bound(key: str, value: float, label: str, day: str) -> Figure:
    from taotie.words.said import labels

    return leaf(
        key, value=value, unit="TWh/a", boundary="facility", kind="modelled", label=labels(label),
        note=N_("method of the Cambridge index on {day}, from the series given").format(day=day),
    )  # fmt: skip


def _day(text: str) -> str:
    try:
        return str(date.fromisoformat(text))
    except ValueError:
        raise RangeError(
            _("--date {text} is not a date.").format(text=repr(text)), "--date 2024-04-05"
        ) from None
