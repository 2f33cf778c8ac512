"""The pages of the documentation's gallery, each made by its own command: `python tools/gallery.py FOLDER`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def commands(folder: Path) -> list[list[str]]:
    """What is run, and where each page lies (docs/gallery.md links them)."""
    log = folder / "log.csv"
    studies = [
        ["run", str(ROOT / "studies" / f"{name}.toml"), "--out", str(folder / name)]
        for name in ("chat_service", "chatgpt_2023", "campus_texas")
    ]
    return [
        *studies,
        ["simulate", str(log), "--model", "llama-3.1-8b", "--on", "h100-sxm", "--replicas", "1", "--report", str(folder / "service.html")],
        ["grid", "capacity", "case118", "--load", "100MW", "--report", str(folder / "case118.html")],
        ["fleet", "--report", str(folder / "fleet.html")],
        ["audit", "--report", str(folder / "audit.html")],
    ]  # fmt: skip


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"{s},{200 + 37 * s % 900},{50 + 91 * s % 500}" for s in range(3600)]
    (folder / "log.csv").write_text("arrival_s,prompt_tokens,output_tokens\n" + "\n".join(rows))
    for words in commands(folder):
        done = subprocess.run([sys.executable, "-m", "taotie", *words], capture_output=True, text=True)  # fmt: skip
        # `audit` ends with 1: it found claims that are wrong
        if done.returncode not in (0, 1):
            print(done.stdout, done.stderr, file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
