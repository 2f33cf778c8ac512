"""What went wrong, where, and what to do about it.

Every error a user can cause is a child of `TaotieError`: one sentence with value and unit, then a hint.
Children also inherit the built-in they refine, so `except ValueError` keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from taotie.words.language import _
from taotie.words.listing import listing
from taotie.words.spacing import closed_up

__all__ = [
    "BoundaryError",
    "CaseError",
    "CoefficientError",
    "DataError",
    "DistributionError",
    "MeterError",
    "MissingExtraError",
    "RangeError",
    "ResultError",
    "SamplingError",
    "SourceError",
    "StudyError",
    "TaotieError",
    "TraceError",
    "UnitError",
    "UnknownNameError",
    "nearest",
]


class TaotieError(Exception):
    """Base of all errors a user can cause.

    Parameters
    ----------
    message : str
        What is wrong, with value and unit, and where.
    hint : str, optional
        What to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = closed_up(message)
        self.hint = closed_up(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message}\n\n{_('hint')}: {self.hint}"

    def __reduce__(self) -> tuple[Any, ...]:
        # errors cross from worker processes; their own arguments are not those of `Exception`
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[TaotieError], args: tuple[Any, ...], state: dict[str, Any]) -> TaotieError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class UnitError(TaotieError, ValueError):
    """An unknown unit, or two dimensions that do not go together."""


class BoundaryError(TaotieError, ValueError):
    """Figures measured at different places of the chain were put together."""


class RangeError(TaotieError, ValueError):
    """A value outside what is physically or logically possible."""


class DistributionError(TaotieError, ValueError):
    """A range that no distribution fits."""


class SamplingError(TaotieError, ValueError):
    """Figures drawn with different seeds or sample counts were put together."""


class SourceError(TaotieError, LookupError):
    """A figure, table or source that is not in the catalogue, or is incomplete."""


class UnknownNameError(TaotieError, LookupError):
    """A name (model, accelerator, case, country ...) nobody knows."""


class TraceError(TaotieError, ValueError):
    """A request trace that cannot be read."""


class CaseError(TaotieError, ValueError):
    """A grid case that cannot be read or solved."""


class DataError(TaotieError, OSError):
    """A data file that is absent, unreachable or not what its publisher released."""

    def __str__(self) -> str:
        return TaotieError.__str__(self)


class CoefficientError(DataError):
    """Fitted coefficients that cannot be read or lack what the code needs: no row of a table is at fault."""


class MeterError(TaotieError, ValueError):
    """A meter, a recording or a ledger that cannot be read as what it should be."""


class ResultError(TaotieError, ValueError):
    """A result file that is damaged or does not recompute."""


class MissingExtraError(TaotieError, ImportError):
    """An optional part of taotie that is not installed."""

    def __init__(self, package: str, extra: str, why: str = "") -> None:
        message = _("the package {package} is needed for this and is not installed.").format(
            package=package
        )
        super().__init__(
            f"{why}{_(': ')}{message}" if why else message, f'pip install "taotie[{extra}]"'
        )


class StudyError(TaotieError, ValueError):
    """A study file with problems: all of them, each naming file, table, key and value."""

    def __init__(self, problems: Iterable[TaotieError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(str(p) for p in self.problems))


@lru_cache(maxsize=1024)
def _closest(name: str, known: tuple[str, ...]) -> list[str]:
    return difflib.get_close_matches(name, known, n=3, cutoff=0.5)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known spellings closest to `name`, whatever their case.

    Examples
    --------
    >>> nearest("H100-sxm", ["h100-sxm", "H100-PCIe", "b200"])
    'did you mean h100-sxm, H100-PCIe?'
    """
    names = sorted(set(known))
    spellings: dict[str, list[str]] = {}
    for spelling in names:
        spellings.setdefault(spelling.lower(), []).append(spelling)
    close = _closest(name[:200].lower(), tuple(spellings))
    if close:
        found = [spelling for key in close for spelling in spellings[key]]
        return _("did you mean {names}?").format(names=listing(found))
    shown = listing([*names[:12], "..."] if len(names) > 12 else names)
    return _("known: {names}").format(names=shown)
