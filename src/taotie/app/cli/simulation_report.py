"""`taotie simulate --report PAGE`: the page of an answer, with a progress line."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from taotie.app.cli.common import progress
from taotie.words.language import _

__all__ = ["write_page"]


def write_page(
    answer: Any, path: Path, *, command: Collection[str] | None = None, quiet: bool = False
) -> None:
    """Write the page of a simulated service.

    Parameters
    ----------
    answer : Answer
        Of the ask `simulate`.
    path : Path
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

    detail = answer.detail
    done = detail.done
    words = ["taotie", *sys.argv[1:]] if command is None else list(command)
    with progress(_("drawing the page"), quiet=quiet):
        if detail.rate_scale is not None:
            done = done._replace(case=replace(done.case, rate_scale=detail.rate_scale))
        write_simulation_report(
            done, path, promise=detail.curve, given=detail.given, command=words,
            options=detail.options, said=answer.said,
        )  # fmt: skip
