"""What does the first use after installing cost over the second? From a wheel that holds its kernels, and from one without.

Each wheel is built here and unpacked into a new folder; kernels are looked for in an empty `NUMBA_CACHE_DIR`, and the
user's cache is empty too. One JSON line a command: processor seconds of the first and of the second run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from timed import processor_s

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "run": ("run", str(ROOT / "studies" / "chat_service.toml"), "--out", "out"),
    "grid capacity": ("grid", "capacity", "RTS_GMLC"),
    "simulate": ("simulate", "chat", "--model", "llama-3.1-8b", "--on", "1xh100", "--per-day", "50000", "--replicas", "2"),
}  # fmt: skip


def installed(folder: Path, kernels: bool) -> Path:
    """The package as a wheel brings it."""
    tree = folder / "tree"
    leave = shutil.ignore_patterns(".*", "__pycache__", "out", "*.mo")
    shutil.copytree(ROOT, tree, ignore=leave)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=tree, check=True, capture_output=True,
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NUMBA_CACHE_DIR")}
        | {"TAOTIE_KERNELS": "1" if kernels else "0"},
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    shutil.rmtree(tree)
    return folder / "site"


def main() -> None:
    for kernels in (True, False):
        with tempfile.TemporaryDirectory() as place:
            site = installed(Path(place), kernels)
            for n, (name, command) in enumerate(COMMANDS.items()):
                folder = Path(place) / str(n)
                folder.mkdir()
                empty = {"NUMBA_CACHE_DIR": str(folder / "kept"), "XDG_CACHE_HOME": str(folder / "cache")}  # fmt: skip
                first = processor_s(command, site, folder, **empty)
                second = processor_s(command, site, folder, **empty)
                row = {"name": name, "kernels_in_the_wheel": kernels, "first_s": round(first, 2), "second_s": round(second, 2)}  # fmt: skip
                print(json.dumps(row | {"ratio": round(first / second, 2)}), flush=True)


if __name__ == "__main__":
    main()
