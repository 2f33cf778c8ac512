"""How do requests spread over the day and the week? Hourly shares of a day, and what each day has of a week [1].

The built-in course is our fit of two waves to fourteen days of three language services of one provider. It is a
mean course: single services differ, and a single day peaks higher (`peak_over_mean` in the table `workload_defaults`).
There is no built-in week: the fourteen days of those services show none in common.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, SourceError
from taotie.quantity.catalog import table
from taotie.words.language import N_, _, in_language, language
from taotie.workload.requests import Floats, Requests

__all__ = [
    "DailyShape",
    "WeeklyShape",
    "chat_day",
    "harmonic_shares",
    "observed_day",
    "observed_week",
    "single_chat_day",
    "weekend_over_weekday",
]


@dataclass(frozen=True, eq=False)
class DailyShape:
    """The course of a day.

    Attributes
    ----------
    share : ndarray, shape (24,)
        Share of a day's requests in each hour, from midnight on; sums to 1. [1]
    name, source : str
        For reports: what this is and what it was fitted to.
    """

    share: Floats
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        share = np.array(self.share, dtype=np.float64)
        if share.shape != (24,) or not np.isfinite(share).all() or (share < 0).any():
            raise RangeError(_("a daily course needs 24 finite shares, none below 0."))
        total = float(share.sum())
        if total <= 0 or not np.isfinite(total):
            raise RangeError(_("a daily course needs at least one hour with requests."))
        share /= total
        share.flags.writeable = False
        object.__setattr__(self, "share", share)

    @classmethod
    def flat(cls) -> DailyShape:
        """The same in every hour."""
        return cls(np.full(24, 1 / 24), name=_("flat day"))

    @property
    def peak_over_mean(self) -> float:
        """Busiest hour over the mean hour. [1]

        Examples
        --------
        >>> DailyShape.flat().peak_over_mean
        1.0
        """
        return float(24.0 * self.share.max())

    def with_peak(self, peak_over_mean: float) -> DailyShape:
        """The same course with its swing stretched or shrunk to another peak.

        Parameters
        ----------
        peak_over_mean : float
            At least 1; hours that would fall below 0 are refused. [1]
        """
        swing = self.peak_over_mean - 1.0
        if not 1.0 <= peak_over_mean < float("inf") or (swing < 1e-12 and peak_over_mean > 1.0):
            raise RangeError(
                _("peak_over_mean={value} cannot be had from this course.").format(
                    value=peak_over_mean
                )
            )
        factor = (peak_over_mean - 1.0) / swing if swing > 0 else 1.0
        share = (1.0 + factor * (24.0 * self.share - 1.0)) / 24.0
        if share.min() < 0:
            raise RangeError(
                _("peak_over_mean={value} would make the quietest hour negative.").format(
                    value=peak_over_mean
                ),
                _("give 24 shares of your own"),
            )
        return replace(self, share=share)

    def shifted(self, hours: int) -> DailyShape:
        """The same course `hours` later (another time zone)."""
        return replace(self, share=np.roll(self.share, int(hours)))

    def requests_per_hour(self, requests_per_day: npt.ArrayLike) -> Floats:
        """Requests in each hour of a day.

        Parameters
        ----------
        requests_per_day : array_like, shape () or (n_sample,)
            Requests of a whole day. [request/d]

        Returns
        -------
        requests : ndarray, shape (24,) or (n_sample, 24)
            [request/h]
        """
        per_day = np.asarray(requests_per_day, dtype=np.float64)
        return np.asarray(per_day[..., None] * self.share, dtype=np.float64)

    def steps(
        self, requests_per_day: float, start_h: float, duration_h: float
    ) -> tuple[Floats, Floats]:
        """The hours between two moments, the first and last cut short, and the rate in each.

        Returns
        -------
        edges_h : ndarray, shape (n + 1,)
            From 0 to `duration_h`. [h]
        rate_per_h : ndarray, shape (n,)
            [request/h]
        """
        first, end = float(start_h) % 24.0, float(start_h) % 24.0 + duration_h
        inner = np.arange(np.floor(first) + 1.0, end)
        clock = np.concatenate([[first], inner[inner > first], [end]])
        hour = np.floor(clock[:-1]).astype(np.int64) % 24
        return clock - first, requests_per_day * self.share[hour]


@dataclass(frozen=True, eq=False)
class WeeklyShape:
    """The course of a week: a day's course, and how many requests each day has.

    Attributes
    ----------
    day : DailyShape
        Course within each day.
    factor : ndarray, shape (7,)
        Requests of each day over the mean day, Monday first; the mean is 1. [1]
    name, source : str
        For reports.
    """

    day: DailyShape
    factor: Floats
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        factor = np.array(self.factor, dtype=np.float64)
        if factor.shape != (7,) or not np.isfinite(factor).all() or (factor < 0).any():
            raise RangeError(_("a week needs 7 finite factors, none below 0."))
        if not 0 < factor.sum() < float("inf"):
            raise RangeError(_("a week needs at least one day with requests."))
        factor *= 7.0 / factor.sum()
        factor.flags.writeable = False
        object.__setattr__(self, "factor", factor)

    @classmethod
    def working_week(cls, day: DailyShape, weekend: float | None = None) -> WeeklyShape:
        """Five days alike and two days alike.

        Parameters
        ----------
        day : DailyShape
        weekend : float, optional
            Requests of a Saturday or Sunday over those of another day; `weekend_over_weekday` by default. [1]

        Examples
        --------
        >>> WeeklyShape.working_week(DailyShape.flat(), 0.3).factor.round(3)
        array([1.25 , 1.25 , 1.25 , 1.25 , 1.25 , 0.375, 0.375])
        """
        ratio = weekend_over_weekday() if weekend is None else weekend
        if not 0 <= ratio < float("inf"):
            raise RangeError(_("weekend={value} is negative or not finite.").format(value=ratio))
        return cls(
            day,
            np.array([1.0] * 5 + [ratio] * 2),
            name=_("{day}, weekend {ratio} of a weekday").format(day=day.name, ratio=ratio),
            source=day.source,
        )

    def steps(
        self, requests_per_day: float, start_h: float, duration_h: float
    ) -> tuple[Floats, Floats]:
        """As `DailyShape.steps`; `start_h` counts from Monday, `requests_per_day` is that of the mean day.

        Returns
        -------
        edges_h : ndarray, shape (n + 1,)
            From 0 to `duration_h`. [h]
        rate_per_h : ndarray, shape (n,)
            [request/h]
        """
        edges, rate = self.day.steps(requests_per_day, start_h, duration_h)
        middle = float(start_h) % 168.0 + 0.5 * (edges[:-1] + edges[1:])
        return edges, rate * self.factor[np.floor(middle / 24.0).astype(np.int64) % 7]


def weekend_over_weekday() -> float:
    """Requests of a Saturday or Sunday over those of another day, if nothing else is said. [1]

    Returns
    -------
    ratio : float
        From the table `conversation_defaults`: 1, assumed, with the reason there.

    Examples
    --------
    >>> weekend_over_weekday()
    1.0
    """
    value = table("conversation_defaults").value("week", "weekend_over_weekday")
    if not isinstance(value, float):
        raise SourceError(
            _("table {table} lacks {quantity}.").format(
                table="conversation_defaults", quantity="weekend_over_weekday"
            )
        )
    return value


def harmonic_shares(cosines: npt.ArrayLike, sines: npt.ArrayLike) -> Floats:
    """Hourly shares of a day made of waves of 24 h, 12 h, 8 h and so on.

    Parameters
    ----------
    cosines, sines : array_like, shape (n_wave,)
        Amplitudes over the mean; the wave `k` has `k` periods a day and counts from midnight. [1]

    Returns
    -------
    share : ndarray, shape (24,)
        Value at the middle of each hour over the day's total. [1]

    Examples
    --------
    >>> float(harmonic_shares([0.0], [0.0])[0] * 24)
    1.0
    """
    c, s = np.asarray(cosines, dtype=np.float64), np.asarray(sines, dtype=np.float64)
    angle = 2.0 * np.pi * np.outer(np.arange(24) + 0.5, np.arange(1, c.size + 1)) / 24.0
    return np.asarray((1.0 + np.cos(angle) @ c + np.sin(angle) @ s) / 24.0, dtype=np.float64)


def chat_day() -> DailyShape:
    """Our fit of a mean daily course to three language services.

    Returns
    -------
    shape : DailyShape
        Coefficients from the table `workload_defaults`. Hour 0 is the start of the trace, whose clock its
        publisher does not state; the quiet hours at 4 to 6 suggest local midnight.

    References
    ----------
    .. [1] Source ``taotie_fit2026``; the rates are from ``xiang2025_servegen``.

    Examples
    --------
    >>> round(chat_day().peak_over_mean, 2)
    1.13
    """
    return _chat_day(language())  # the name is in the language in force


def single_chat_day() -> DailyShape:
    """The built-in course with the peak of a single day, which machines must serve.

    The mean course of many days is flatter than any one of them.

    Examples
    --------
    >>> round(single_chat_day().peak_over_mean, 2)
    1.49
    """
    peak = table("workload_defaults").value("chat_day", "peak_over_mean")
    if not isinstance(peak, float):
        raise SourceError(
            _("table workload_defaults lacks {quantity}.").format(quantity="peak_over_mean")
        )
    return chat_day().with_peak(peak)


@lru_cache(maxsize=2)
def _chat_day(code: str) -> DailyShape:
    cells = table("workload_defaults")
    waves = []
    for quantity in ("cos_1", "cos_2", "sin_1", "sin_2"):
        value = cells.value("chat_day", quantity)
        if not isinstance(value, float):
            raise SourceError(
                _("table workload_defaults lacks {quantity}.").format(quantity=quantity)
            )
        waves.append(value)
    return DailyShape(
        harmonic_shares(waves[:2], waves[2:]),
        name=in_language(N_("built-in day (our fit to three language services)"), code),
        source="taotie_fit2026",
    )


def observed_day(requests: Requests) -> DailyShape | None:
    """The mean course of a day in a log, or None if the log is shorter than a day.

    Parameters
    ----------
    requests : Requests
        Only whole days are counted, from the first request on.

    Returns
    -------
    shape : DailyShape or None
        By the log's own clock if it has dates; else hour 0 is its first hour. Hours of UTC where its stamps name a zone,
        which its name says: `Requests.on_clock` puts it on the clock of a place before.
    """
    days = int(requests.span_s // 86_400.0)
    if days < 1:
        return None
    start = requests.start_h or 0.0
    within = requests.t_s < days * 86_400.0
    hour = np.floor(start + requests.t_s[within] / 3600.0).astype(np.int64) % 24
    share = np.bincount(hour, minlength=24)
    return DailyShape(
        share.astype(np.float64),
        name=(
            _("course of {days} days in {name}, by hours of UTC")
            if requests.in_utc
            else _("course of {days} days in {name}")
        ).format(days=days, name=requests.name),
        source=requests.source,
    )


def observed_week(requests: Requests, first_day: int = 0) -> WeeklyShape | None:
    """The mean course of a week in a log, or None if the log is shorter than a week.

    Parameters
    ----------
    requests : Requests
        Only whole weeks are counted, from the first request on.
    first_day : int, default 0
        Day of the week of the first request, Monday 0. A log's days are counted from its first midnight if
        it has a clock, else from its first request.

    Returns
    -------
    shape : WeeklyShape or None
    """
    weeks = int(requests.span_s // (7 * 86_400.0))
    day = observed_day(requests)
    if weeks < 1 or day is None:
        return None
    clock = requests.t_s + 3600.0 * (requests.start_h or 0.0)
    within = requests.t_s < weeks * 7 * 86_400.0
    which = (np.floor(clock[within] / 86_400.0).astype(np.int64) + first_day) % 7
    return WeeklyShape(
        day,
        np.bincount(which, minlength=7).astype(np.float64),
        name=_("course of {weeks} weeks in {name}").format(weeks=weeks, name=requests.name),
        source=requests.source,
    )
