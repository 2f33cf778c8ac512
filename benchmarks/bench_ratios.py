"""What became faster since another checkout? `make bench-ratios OLD=FOLDER`: one JSON line a row.

Both are run in turn on this machine, five times unless `--runs` says otherwise; processor seconds, medians. A row that
the other checkout cannot run is said on standard error. `old_mb` and `new_mb` are the largest memory, `old_bytes` and
`new_bytes` what the row wrote as a page. Rows of yardsticks.py measure this build against something else in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from timed import Used, in_turn, median
from yardsticks import NAMES as YARDSTICKS
from yardsticks import log_of

ROOT = Path(__file__).resolve().parents[1]
SERVICE = ("--model", "llama-3.1-8b", "--on", "1xh100", "--replicas", "60", "--threads", "1")
ROWS = {
    "run studies/chat_service.toml": ("run", "{root}/studies/chat_service.toml", "--out", "out"),
    "fleet --report": ("fleet", "--report", "fleet.html"),
    "audit": ("audit",),
    "prompt": ("prompt",),
    "simulate": ("simulate", "chat", "--model", "llama-3.1-8b", "--on", "1xh100", "--per-day", "50000", "--replicas", "2"),
    "grid capacity ACTIVSg2000": ("grid", "capacity", "ACTIVSg2000"),
    "run hundred_thousand_h100_west": ("run", "{root}/studies/hundred_thousand_h100_west.toml", "--out", "out"),
    "simulate a long log": ("simulate", "{log}", *SERVICE),
    "simulate a long log --stream": ("simulate", "{log}", *SERVICE, "--stream"),
    "grid capacity SyntheticUSA": ("grid", "capacity", "SyntheticUSA"),
    "audit of 2,000 claims": ("audit", "{claims}", "--html", "page.html"),
}  # fmt: skip
EXTRA = {
    "a million samples, extra over ten thousand": (
        ("{few}", "--out", "out"),
        ("{many}", "--out", "out"),
    )
}
"""Rows that are a difference of two runs."""


FILES = {"log": "log.parquet", "few": "few.toml", "many": "many.toml", "claims": "claims.toml"}


def claims_of(count: int, place: Path) -> None:
    """A claims file of so many short claims, every third of them off by a tenth."""
    head = '[article]\nkey = "many"\nauthor = "-"\noutlet = "-"\ntitle = "-"\ndate = 2026-01-01\nlanguage = "en"\nchecked = 2026-01-01\n'
    one = (
        '\n[[claim]]\nid = "c{i}"\nline = {i}\nsays_en = "{e} MWh a day."\nsystem = "grid"\nkind = "computed"\n'
        'stated = {{ value = {e}, unit = "MWh", tol = 0.02 }}\nformula = "p"\n'
        '[claim.inputs]\np = {{ value = {p}, unit = "MWh", source = "epri2024" }}\n'
    )
    place.write_text(
        head
        + "".join(
            one.format(i=i, p=24 * i, e=24 * i if i % 3 else round(26.4 * i, 1))
            for i in range(1, count + 1)
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="another checkout")
    parser.add_argument("--runs", type=int, default=5)
    every = [*ROWS, *EXTRA, *YARDSTICKS]
    parser.add_argument("--only", nargs="*", default=every, choices=every)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the long log")
    asked = parser.parse_args()
    if not (asked.old / "src" / "taotie").is_dir():
        raise SystemExit(f"{asked.old} holds no src/taotie")
    sources = (asked.old / "src", ROOT / "src")
    with tempfile.TemporaryDirectory() as kept:
        place = {"root": ROOT, **{k: Path(kept) / v for k, v in FILES.items()}}
        study = (ROOT / "studies" / "chat_service.toml").read_text()
        for name, n in (("few", 10_000), ("many", 1_000_000)):
            text = re.sub(r"(?m)^samples *=.*$", f"samples = {n}", study)
            Path(place[name]).write_text(text)
        if any("{log}" in word for name in asked.only for word in ROWS.get(name, ())):
            log_of(asked.rows, Path(place["log"]))
        claims_of(2_000, Path(place["claims"]))
        for name in asked.only:
            if name in YARDSTICKS:
                subprocess.run(
                    [sys.executable, str(ROOT / "benchmarks" / "yardsticks.py"), "--runs", str(asked.runs), "--only", name],
                    env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=False,
                )  # fmt: skip
                continue
            commands = [("run", *part) for part in EXTRA[name]] if name in EXTRA else [ROWS[name]]
            found = []
            for command in commands:
                words = [word.format(**place) for word in command]
                try:
                    with tempfile.TemporaryDirectory() as folder:
                        found.append(in_turn(words, sources, Path(folder), asked.runs))
                except SystemExit as error:
                    print(f"{name}: {error}", file=sys.stderr)
                    break
            else:
                print(json.dumps(row_of(name, found, asked.runs)), flush=True)


def row_of(name: str, found: list[list[list[Used]]], runs: int) -> dict[str, object]:
    """What is said of a row: of one command, or of what a second takes over a first."""
    last = [median([one.seconds for one in runs_]) for runs_ in found[-1]]
    if len(found) == 2:
        last = [a - median([one.seconds for one in b]) for a, b in zip(last, found[0], strict=True)]
    row: dict[str, object] = {
        "name": name, "old_s": round(last[0], 3), "new_s": round(last[1], 3),
        "ratio": round(last[1] / last[0], 3), "runs": runs,
    }  # fmt: skip
    for side, used in zip(("old", "new"), found[-1], strict=True):
        row[f"{side}_mb"] = round(max(one.mb for one in used))
        if used[-1].page:
            row[f"{side}_bytes"] = used[-1].page
    return row


if __name__ == "__main__":
    main()
