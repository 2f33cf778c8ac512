"""What do pages and pictures of the fleet take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

import math
from collections.abc import Iterable

from taotie.fleet.backtest import Backtest, RollingBacktest, backtest, rolling_backtest
from taotie.fleet.comparison import countries, country_demand, demand_year
from taotie.fleet.decomposition import Decomposition, chat_growth
from taotie.fleet.efficiency import efficiency_bands, efficiency_trend, generations
from taotie.fleet.forecast import FleetForecast, Floats
from taotie.fleet.part_of_whole import conflict_said
from taotie.fleet.power_gap import PowerGap
from taotie.fleet.published_models import (
    SCOPES,
    PublishedForecast,
    one_axis,
    published_forecasts,
    region_name,
)
from taotie.fleet.stock import chip_stock, makers
from taotie.fleet.time_to_power import power_option, power_options, probability_by


def share_of_all(part: float, every: Iterable[float]) -> float:
    """A part over the sum of all parts. [1]"""
    return part / math.fsum(every)


__all__ = [
    "SCOPES",
    "Backtest",
    "Decomposition",
    "FleetForecast",
    "Floats",
    "PowerGap",
    "PublishedForecast",
    "RollingBacktest",
    "backtest",
    "chat_growth",
    "chip_stock",
    "conflict_said",
    "countries",
    "country_demand",
    "demand_year",
    "efficiency_bands",
    "efficiency_trend",
    "generations",
    "makers",
    "one_axis",
    "power_option",
    "power_options",
    "probability_by",
    "published_forecasts",
    "region_name",
    "rolling_backtest",
    "share_of_all",
]
