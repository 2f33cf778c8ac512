"""Page and terminal say the same: every note and limit of an answer, in both languages, read off both."""

from __future__ import annotations

import contextlib
import html
import re
import shlex
import sys
from pathlib import Path

import pytest

from taotie.answer.asking import ask
from taotie.answer.asks import declared_of
from taotie.words.language import speaking

pytest.importorskip("jinja2", reason="pages are in the extra `report`")

ASKED = {
    "flex": ({"load": 120}, "--load 120"),
    "tax": ({"energy": "100 GWh"}, "--energy '100 GWh'"),
    "power": ({"options": ["grid_queue=100"], "need": 80, "samples": 200}, "--option grid_queue=100 --need 80 --samples 200"),
    "swings": ({"duration": 20, "floor": 60}, "--duration 20 --floor 60"),
    "capacity": ({"case": "case39", "load": "50MW"}, "case39 --load 50MW"),
    "headroom": ({"demand": "{folder}/demand.csv"}, "{folder}/demand.csv"),
    "supply": ({"load": "100", "technologies": ["wind"], "step": 24, "score": 0.4, "compare": True}, "--load 100 --with wind --step 24 --score 0.4"),
}  # fmt: skip
SLOW = ("supply", "capacity", "headroom")


def _plain(text: str) -> str:
    """Letters alone: neither tags, nor how lines break."""
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]*>", " ", text)))


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in ASKED]
)
def test_matches_what_page_and_terminal_say(
    name: str,
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from taotie.app.cli import main

    (tmp_path / "demand.csv").write_text(
        "time,A\n"
        + "".join(
            f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + d}\n"
            for d in range(336)
            for h in range(24)
        )
    )
    settings, line = ASKED[name]
    settings = {
        k: v.replace("{folder}", str(tmp_path)) if isinstance(v, str) else v
        for k, v in settings.items()
    }
    page = tmp_path / "page.html"
    words = [*declared_of(name).words, *shlex.split(line.replace("{folder}", str(tmp_path)))]
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(sys, "argv", ["taotie", *words, "--report", str(page), "--lang", code])
    capsys.readouterr()
    with speaking(code):
        with contextlib.suppress(SystemExit):
            main.main()
        told = _plain(capsys.readouterr().out)
        answer = ask(name, **settings)
    shown = _plain(page.read_text("utf-8"))
    assert answer.limits or answer.said
    missing = [
        (door, one.code)
        for one in (*answer.said, *answer.limits)
        for door, text in (("terminal", told), ("page", shown))
        if _plain(one.text(code)) not in text
    ]
    assert missing == []
