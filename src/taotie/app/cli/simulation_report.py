"""`taotie simulate --report PAGE`: the curve of the promise and the page, with a progress line."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taotie.app.cli.common import progress
from taotie.words.language import _

__all__ = ["FIELDS", "Page", "given_settings", "promise_curve", "request_options", "write_report"]

LOG = ("layout", "only", "strict", "session_prefix", "start_hour", "hours")
CHAT = ("per_day", "start_hour", "hours", "interval_cv", "day", "weekend", "mean_prompt", "mean_answer")  # fmt: skip
TALKS = (*CHAT, "turns", "think", "system_prompt")
"""Options that say which requests came, for a log, for `chat` and for `conversations`."""

FIELDS = {
    "on": ("accelerator", "accelerators"),
    "slo": ("level",),
    "prefix_cache": ("prefix_cache_tokens",),
    "load_report": ("load_report_s",),
    "draft": ("drafted",),
    "acceptance": ("acceptance_rate",),
    "pipeline": ("pipeline_stages",),
    "startup": ("startup_s",),
}
"""Options of the command that have another name in `ServingCase`."""


@dataclass(frozen=True)
class Page:
    """The page a command was asked for, or none."""

    path: Path | None
    given: Collection[str]
    options: Mapping[str, Any]

    def write(
        self, done: Any, curve: Any = None, rate_scale: float | None = None, quiet: bool = False
    ) -> None:
        """Write it, if it was asked for; see `write_report`."""
        if self.path is not None:
            write_report(
                done, self.path, curve, given=self.given, rate_scale=rate_scale, options=self.options,
                quiet=quiet,
            )  # fmt: skip


def given_settings(context: Any) -> set[str]:
    """Fields of `ServingCase` that stand on the command line, by Click's word; the rest are defaults."""
    given: set[str] = set()
    for name in context.params:
        # by name: Typer may bring a copy of Click with it
        if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE":
            given.update(FIELDS.get(name, (name,)))
    return given


def request_options(wanted: Any, scale_by: str) -> dict[str, Any]:
    """Options that played a part in which requests came, and their values.

    Examples
    --------
    >>> from taotie.workload.wanted import Wanted
    >>> request_options(Wanted("log.csv", hours=2.0), "time")["hours"]
    2.0
    """
    names = {"chat": CHAT, "conversations": TALKS}.get(wanted.trace, LOG)
    found = {name: getattr(wanted, name) for name in names}
    if names is not LOG:
        found["hours"] = wanted.duration_h
    return {**found, "scale_by": scale_by}


def promise_curve(done: Any, quiet: bool = False) -> Any:
    """A few more fleets simulated for the cost of the promise; None where no one number of replicas can vary."""
    from taotie.compute.serving.promise_cost import cost_of_promise

    serving = done.serving
    if serving.scaling is not None or serving.writing is not None or not len(done.run.number):
        return None
    with progress(_("simulating other fleets"), quiet=quiet) as step:
        return cost_of_promise(
            done.requests,
            serving,
            done.case.level,
            run=done.run,
            progress=lambda i, n, size: step(
                _("simulating fleet {i} of {n}: {size} replicas").format(
                    i=min(i + 1, n), n=n, size=size
                )
            ),
        )


def write_report(
    done: Any,
    path: Path,
    curve: Any = None,
    *,
    given: Collection[str] | None = None,
    rate_scale: float | None = None,
    options: Mapping[str, Any] | None = None,
    command: Collection[str] | None = None,
    quiet: bool = False,
) -> None:
    """Write the page.

    Parameters
    ----------
    done : CaseRun or StreamedCase
    path : Path
    curve : PromiseCurve, optional
        See `promise_curve`.
    given : collection of str, optional
        See `given_settings`.
    rate_scale : float, optional
        What was asked for, where the requests were scaled before the case was run.
    options : mapping, optional
        See `request_options`.
    command : collection of str, optional
        Words of the command line; default: those of this process.
    quiet : bool
        No progress line.

    Raises
    ------
    TaotieError
        If nobody was served, a package is missing, or the place cannot be written.
    """
    from taotie.app.pages.simulation_page import write_simulation_report

    words = ["taotie", *sys.argv[1:]] if command is None else list(command)
    with progress(_("drawing the page"), quiet=quiet):
        if rate_scale is not None:
            done = done._replace(case=replace(done.case, rate_scale=rate_scale))
        write_simulation_report(
            done, path, promise=curve, given=given, command=words, options=options
        )
