"""What did Bitcoin take on a day? The ask behind `taotie mine`. [TWh/a]"""

from __future__ import annotations

from datetime import date

import numpy as np

from taotie.answer.answer import Answer, Series
from taotie.answer.asking import Chosen, answers
from taotie.errors import DataError, RangeError
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["mine"]


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


def _bound(key: str, value: float, label: str, day: str) -> Figure:
    from taotie.words.said import labels

    return leaf(
        key, value=value, unit="TWh/a", boundary="facility", kind="modelled", label=labels(label),
        note=f"method of the Cambridge index on {day}, from the series given",
    )  # fmt: skip


def _day(text: str) -> str:
    try:
        return str(date.fromisoformat(text))
    except ValueError:
        raise RangeError(
            _("--date {text} is not a date.").format(text=repr(text)), "--date 2024-04-05"
        ) from None
