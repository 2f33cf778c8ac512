"""Inputs grown towards lines not reached yet, by atheris (libFuzzer): `python tests/fuzz/guided.py --runs 50000`.

Every reader in its own process, from the same valid inputs as `engine.py`. Runs where atheris is installed; `make fuzz`
gives it an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent))
import contextlib

from engine import seeds_of
from readers import READERS

SLOW = {"result", "label", "article", "coordinates", "area_hours"}
"""A second and more an input once instrumented."""


def child(name: str, runs: int) -> None:
    """Fuzz one reader; ends the process, with an error if one was found."""
    import atheris

    reader = READERS[name]
    with atheris.instrument_imports(include=["taotie"], enable_loader_override=False):
        from taotie.errors import TaotieError

        with TemporaryDirectory() as first:
            path = Path(first) / f"input{reader.ending}"
            path.write_bytes(seeds_of(name)[0])
            with contextlib.suppress(TaotieError):  # a package of an extra may be missing
                reader.read(path)  # imports what it needs
    folder = Path(os.environ["FUZZ_FOLDER"])
    corpus = folder / "corpus"
    corpus.mkdir()
    for i, raw in enumerate(seeds_of(name)):
        (corpus / str(i)).write_bytes(raw)
    place = folder / f"input{reader.ending}"

    def one(raw: bytes) -> None:
        place.write_bytes(raw)
        with contextlib.suppress(TaotieError):
            reader.read(place)

    options = [f"-runs={runs}", "-timeout=50", "-max_len=20000", "-verbosity=0", "-rss_limit_mb=3000", f"-artifact_prefix={folder}/"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def main() -> int:
    """Fuzz every reader, one process each; 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=int, default=50_000, help="inputs of all readers together")
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        child(options.names[0], options.runs)
        return 0
    names = options.names or [n for n in READERS if n not in SLOW]
    each, failed = max(options.runs // len(names), 100), 0
    for name in names:
        with TemporaryDirectory() as folder:
            words = [sys.executable, __file__, "--child", "--runs", str(each), name]
            done = subprocess.run(words, env={**os.environ, "FUZZ_FOLDER": folder}, capture_output=True, text=True, errors="replace")  # fmt: skip
        failed += done.returncode != 0
        print(f"{name:17} {each} runs, {'failed' if done.returncode else 'well met'}", flush=True)
        if done.returncode:
            print(done.stderr[-3000:], flush=True)
    print(f"{each * len(names)} runs guided by coverage, {failed} readers failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
