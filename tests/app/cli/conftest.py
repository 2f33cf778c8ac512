"""The command in this process: what it prints, its exit code, in a folder and an environment of its own."""

from __future__ import annotations

import contextlib
import gettext
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from taotie.app.cli import main as door
from taotie.words.language import _language

ROOT = Path(__file__).resolve().parents[3]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def _in_process(
    *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What a process of its own gives, without the second that one takes to start."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    code: object = 0
    _language.set(None)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TAOTIE_LANG": "en", "COLUMNS": "100", **environment}.items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["taotie", *arguments])
        for name in (
            "gettext",
            "ngettext",
        ):  # which a command in Chinese takes for Typer's own words
            patch.setattr(gettext, name, getattr(gettext, name))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                door.main()
            except SystemExit as end:
                code = end.code
    _language.set(None)
    out.flush()
    err.flush()
    shown, said = (s.buffer.getvalue().decode("utf-8") for s in (out, err))  # type: ignore[attr-defined]
    number = code if isinstance(code, int) else 0 if code is None else 1
    return subprocess.CompletedProcess(arguments, number, shown, said)


@pytest.fixture(scope="session")
def taotie() -> Command:
    """Runs `taotie` with some words, `cwd=` a folder and settings of the environment."""
    return _in_process
