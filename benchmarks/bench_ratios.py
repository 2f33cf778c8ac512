"""What became faster since another checkout? `make bench-ratios OLD=FOLDER`: one JSON line a row.

Both are run in turn on this machine, five times unless `--runs` says otherwise; processor seconds, medians. A row that
the other checkout cannot run is said on standard error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

from timed import in_turn, median

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
}  # fmt: skip
EXTRA = {
    "a million samples, extra over ten thousand": (
        ("{few}", "--out", "out"),
        ("{many}", "--out", "out"),
    )
}
"""Rows that are a difference of two runs."""


FILES = {"log": "log.parquet", "few": "few.toml", "many": "many.toml"}


def log_of(rows: int, place: Path) -> None:
    """A log of `rows` requests, four milliseconds apart in the mean; the same each time."""
    import duckdb

    duckdb.execute(
        "copy (select i * 0.004 as arrived_at, "
        "(50 + hash(i) % 3000 * (hash(i + 1) % 1000) / 1000)::integer as num_prefill_tokens, "
        "(20 + hash(i + 2) % 600 * (hash(i + 3) % 1000) / 1000)::integer as num_decode_tokens "
        f"from range({rows}) r(i)) to '{place}' (format parquet)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="another checkout")
    parser.add_argument("--runs", type=int, default=5)
    every = [*ROWS, *EXTRA]
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
        for name in asked.only:
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
                old, new = (median(one) for one in found[-1])
                if len(found) == 2:
                    old, new = old - median(found[0][0]), new - median(found[0][1])
                row = {"name": name, "old_s": round(old, 3), "new_s": round(new, 3), "ratio": round(new / old, 3), "runs": asked.runs}  # fmt: skip
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
