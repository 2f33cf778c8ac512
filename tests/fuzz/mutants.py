"""Is a guard that somebody takes out noticed? `python tests/fuzz/mutants.py`: each is taken out in turn, and its tests must fail.

A copy of the source in a temporary folder is changed at one place; the tests named run against it. One that stays green is
printed, and the exit code is 1.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
READ, ATOMIC, KILLS, NET = "tests/files/test_read.py", "tests/files/test_atomic.py", "tests/faults/test_kills.py", "tests/faults/test_last_net.py"  # fmt: skip
FETCH, RESULT, KERNELS = (
    "tests/files/test_fetch.py",
    "tests/study/test_result_changed.py",
    "tests/files/test_kernels.py",
)

LONG_WAY = f"{KILLS} -m slow -k cannot_be_exchanged"
LONGEST_S = 240.0
"""Several times what the slowest of these tests take: without a guard some wait for ever. [s]"""
GUARDS: tuple[tuple[str, str, str, str], ...] = (
    # file, what stands there, what it becomes, the tests that must notice
    ("files/read.py", "if not stat.S_ISREG(status.st_mode):", "if False:", READ),
    ("files/read.py", "if stat.S_ISDIR(status.st_mode):", "if False:", READ),
    ("files/read.py", "if max_bytes is not None and status.st_size > max_bytes:", "if False:", READ),
    ("files/read.py", "        if self.left < 0:", "        if False:", READ),
    ("files/read.py", "    if len(made) > max_bytes:", "    if False:", READ),
    ("files/read.py", "    if _LONG_KEY.search(text):", "    if False:", READ),
    ("files/read.py", "    except RecursionError:\n        raise tomllib.TOMLDecodeError(_deep()) from None", "    except ZeroDivisionError:\n        raise", READ),
    ("files/read.py", "    except RecursionError:\n        raise ValueError(_deep()) from None", "    except ZeroDivisionError:\n        raise", READ),
    ("files/read.py", "    _measured(found, wide=False)", "    pass", READ),
    ("files/read.py", "        _measured(found, wide=True)", "        pass", READ),
    ("files/read.py", "    if len(digits) > 309:", "    if False:", READ),
    ("files/read.py", "elif kind is int and not wide and not -(1 << 63) <= value < 1 << 63:", "elif False:", READ),
    ("files/read.py", "        except csv.Error as error:", "        except ZeroDivisionError as error:", READ),
    ("files/read.py", "        if len(row) > width and any(cell.strip() for cell in row[width:]):", "        if False:", READ),
    ("files/read.py", "    if isinstance(error, UnicodeDecodeError):", "    if False:", READ),
    ("files/atomic.py", "    if sys.platform != \"linux\" or os.path.ismount(target):\n        return False", "    return False", KILLS),
    ("files/atomic.py", "            _completed(target)\n", "", KILLS),
    ("files/atomic.py", "            _sweep(target)\n            _sweep(target / target.name)\n", "", KILLS),
    ("files/atomic.py", "                dead = not _alive(int(found[\"pid\"]), int(found[\"start\"]))", "                dead = True", KILLS),
    ("files/atomic.py", "                dead = not _alive(int(found[\"pid\"]), int(found[\"start\"]))", "                dead = False", KILLS),
    ("files/atomic.py", "                dead = _age_s(left) > _STALE_S", "                dead = True", KILLS),
    ("files/atomic.py", "        write_text(target / _JOURNAL, \"\\n\".join([aside.name, *ours]) + \"\\n\")", "        pass", LONG_WAY),
    ("files/atomic.py", "    if isinstance(error, OSError) and error.errno in _REFUSALS:", "    if False:", KILLS),
    ("app/cli/last_net.py", "    if isinstance(error, MemoryError):", "    if False:", NET),
    ("app/cli/last_net.py", "    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:", "    if False:", NET),
    ("app/cli/main.py", "    except Exception as error:\n        from taotie.app.cli.last_net", "    except ZeroDivisionError as error:\n        from taotie.app.cli.last_net", NET),
    ("app/cli/main.py", "            sys.stdout.flush()  # here", "            pass  # here", NET),
    ("app/cli/main.py", "            stream.reconfigure(errors=\"replace\")", "            pass", NET),
    ("app/cli/main.py", "    if sys.stdout is None:", "    if False:", NET),
    ("app/cli/common.py", "            return super().render_str(as_text(text), **{**options, \"markup\": False, \"emoji\": False})", "            return super().render_str(text, **options)", NET),
    ("app/cli/common.py", "    sys.stderr.write(as_text(text) + \"\\n\")", "    sys.stderr.write(text + \"\\n\")", NET),
    ("app/pages/html.py", "        finalize=_shown,\n", "", NET),
    ("words/plain.py", "(c.isprintable() and c not in _TURNING)", "(c.isprintable() or c in _TURNING)", NET),
    ("files/kernels.py", "    if not folder.is_absolute():", "    if False:", KERNELS),
    ("files/kernels.py", " and not shared", "", KERNELS),
    ("files/kernels.py", "        if hashlib.sha256(body).digest() != digest:", "        if False:", KERNELS),
    ("files/kernels.py", "        if not options.get(\"cache\") or \"cannot cache function\" not in str(error):\n            raise", "        raise", KERNELS),
    ("audit/article_text.py", " and len(claims) < MAX_NUMBERS:", ":", "tests/audit/test_against.py -k searched"),
    ("compute/mining_energy.py", "        if not _BEST < value < most:", "        if False:", "tests/compute/test_mining_energy.py"),
    ("workload/mining.py", "    if 2 * odd.sum() > (rate > 0).sum():", "    if False:", "tests/compute/test_mining_energy.py"),
    ("grid/supply/weather_profiles.py", "        if odd.any():", "        if False:", "tests/grid/supply/test_weather_profiles.py"),
    ("facility/weather_file.py", "_OF_NO_UNIT = re.compile(r\"press|patm|pstn|^(slp|mslp)$\")", "_OF_NO_UNIT = re.compile(r\"^$\")", "tests/facility/test_weather_file.py"),
    ("grid/case/mat_file.py", "        if self.left < 0:", "        if False:", "tests/grid/case/test_mat_file.py"),
    ("grid/case/mat_file.py", "            if length > 4:", "            if False:", "tests/grid/case/test_mat_file.py"),
    ("metering/rollup.py", "    except duckdb.Error as error:", "    except ZeroDivisionError as error:", "tests/metering/test_ledger.py"),
    ("files/fetch.py", "            if left < 0:", "            if False:", FETCH),
    ("files/fetch.py", "            if time.monotonic() > ends:", "            if False:", FETCH),
    ("files/fetch.py", "        if coded != \"identity\":", "        if False:", FETCH),
    ("files/fetch.py", "        if request.type != \"https\":", "        if False:", FETCH),
    ("files/fetch.py", "        if made is not None and not (made.type == \"https\" or _WITHOUT_TLS_TOO):", "        if False:", FETCH),
    ("study/result_file.py", "    if stated != found:", "    if False:", RESULT),
    ("study/result_file.py", "            if not _follows(profile, made)", "            if False", RESULT),
    ("study/result_file.py", "    if content.samples * max(len(content.figures), 1) > DRAWS_MAX:", "    if False:", RESULT),
)  # fmt: skip


def survives(mutant: tuple[str, str, str, str], source: Path) -> str:
    """Empty if a test fails without this guard; else what is wrong."""
    file, there, instead, tests = mutant
    path = source / "taotie" / file
    text = path.read_text("utf-8")
    if text.count(there) != 1:
        return f"{file}: {there.strip()!r} stands there {text.count(there)} times"
    if not tests:
        return ""
    path.write_text(text.replace(there, instead), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(source)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        code = process.wait(LONGEST_S)
    except subprocess.TimeoutExpired:  # a test that waits for ever has noticed
        return ""
    finally:
        with contextlib.suppress(ProcessLookupError):  # with the writers it started
            os.killpg(process.pid, signal.SIGKILL)
        path.write_text(text, "utf-8")
    return "" if code else f"{file}: nothing noticed {there.strip()!r}"


def main() -> int:
    """Take every guard out, or those of the files named; 1 if one was not missed."""
    wrong = []
    chosen = [g for g in GUARDS if not sys.argv[1:] or g[0] in sys.argv[1:]]
    with TemporaryDirectory() as folder:
        source = Path(folder)
        shutil.copytree(ROOT / "src" / "taotie", source / "taotie", ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
        for mutant in chosen:
            found = survives(mutant, source)
            print("." if not found else f"\n{found}", end="", flush=True)
            wrong += [found] if found else []
    print(f"\n{len(chosen)} guards taken out, {len(wrong)} not noticed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
