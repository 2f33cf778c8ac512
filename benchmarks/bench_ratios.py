"""What became faster since another checkout? `make bench-ratios OLD=FOLDER`: one JSON line a row.

Both are run in turn on this machine, five times unless `--runs` says otherwise; processor seconds, medians. A row that
the other checkout cannot run is said on standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from timed import in_turn, median

ROOT = Path(__file__).resolve().parents[1]
ROWS = {
    "run studies/chat_service.toml": ("run", "{root}/studies/chat_service.toml", "--out", "out"),
    "fleet --report": ("fleet", "--report", "fleet.html"),
    "audit": ("audit",),
    "prompt": ("prompt",),
    "simulate": ("simulate", "chat", "--model", "llama-3.1-8b", "--on", "1xh100", "--per-day", "50000", "--replicas", "2"),
    "grid capacity ACTIVSg2000": ("grid", "capacity", "ACTIVSg2000"),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="another checkout")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(ROWS), choices=list(ROWS))
    asked = parser.parse_args()
    if not (asked.old / "src" / "taotie").is_dir():
        raise SystemExit(f"{asked.old} holds no src/taotie")
    for name in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            command = [word.format(root=ROOT) for word in ROWS[name]]
            try:
                old, new = in_turn(
                    command, (asked.old / "src", ROOT / "src"), Path(folder), asked.runs
                )
            except SystemExit as error:
                print(f"{name}: {error}", file=sys.stderr)
                continue
        a, b = median(old), median(new)
        row = {"name": name, "old_s": a, "new_s": b, "ratio": round(b / a, 3), "runs": asked.runs}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
