"""The same question writes the same bytes, whatever the machine: threads, hash seeds, kernels of linear algebra, time zones.

Each environment is a process of its own that asks questions which write files; all files, and what is printed, are held against each
other. In the other language words differ and numbers do not: every number of every table is held. The result file of a study, which is
the same in each language, is held in `tests/study/test_run.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LINES = (
    "prompt llama-3.1-8b --samples 200 --table prompt.json",
    "embed --tokens 64 --samples 200 --table embed.csv",
    "train --params active=7e9 --tokens 2e12 --samples 200 --table train.csv",
    "flex --load 120MW --report flex.html --table flex.csv",
    "swings --peak 90 --duration 20s --report swings.html --table swings.csv",
    "power --option grid_queue=100 --samples 300 --report power.html --table power.csv",
    "tax --energy 100GWh --until 2026 --report tax.html --table tax.csv",
    "rules --mw 75 --place ercot --report rules.html",
    "disclose sci --set 'energy=12 kWh @facility' --report sci.html",
    "crowd llama-3.1-8b --people 1e6 --samples 200 --table crowd.csv",
    "generate stable-diffusion-3-medium --samples 200 --table generate.json",
    "facility --place singapore --samples 200 --table facility.csv",
    "compare llama-3.1-8b --samples 200 --table compare.csv",
    "label llama-3.1-8b --samples 200 --write label.json --chart label.svg --table label.csv",
    "fleet --to 2028 --samples 200 --report fleet.html --table fleet.csv",
    "mine --series rates.csv --machines machines.csv --date 2024-01-05 --chart mine.svg --table mine.csv",
    "simulate log.csv --model llama-3.1-8b --on h100-sxm:1 --replicas 2 --requests-out requests.parquet --power-out draw.csv --table simulate.csv --report simulate.html",
    "supply --load 100 --with wind --with battery --step 24 --price 60 --report supply.html --table supply.parquet",
    "check 'ChatGPT uses 564 MWh a day' --write verdict.json --table check.csv --exit-zero",
    "grid capacity case30 --report capacity.html --table capacity.csv",
    "grid sites case30 --bus 5 --bus 7 --table sites.csv",
    "grid dispatch case30 --bus 5 --load 10MW --table dispatch.csv",
    "grid split --site A:80:1 --site B:60:2 --accelerators 50000 --table split.csv",
    "grid headroom demand.csv --report headroom.html --table headroom.csv",
    "audit article.txt --report audit.html --draft claims.toml --exit-zero",
    "check-label label.json",
    "meter report watts.csv --region VA --report meter.html --table meter.csv",
    "meter usage usage.csv --region VA --table usage.csv.csv",
    "models --table models.csv",
    "chips --table chips.csv",
    "regions --table regions.csv",
)
FILES = {
    "article.txt": "GPT-3 took 1,287 MWh to train, as much as 120 American homes use in a year. Data centres used 415 TWh in 2024, about 1.5 % of the world's electricity.",
    "watts.csv": "timestamp,uuid,power_w\n" + "".join(f"2026-05-01T{i // 60:02d}:{i % 60:02d}:00Z,GPU-a,{300 + i % 7}\n" for i in range(180)),
    "usage.csv": "start_time,model,input_tokens,output_tokens,num_model_requests\n2026-05-01T00:00:00Z,gpt-4o,120000,34000,90\n",
    "log.csv": "t_s,prompt_tokens,output_tokens\n" + "".join(f"{0.37 * i:.2f},{100 + 37 * i % 900},{20 + 13 * i % 200}\n" for i in range(60)),
    "rates.csv": "date,hashrate_th_s,price_usd\n" + "".join(f"2024-01-{d:02d},{5e8 + 1e6 * d},{40000 + 100 * d}\n" for d in range(1, 12)),
    "machines.csv": "name,released,efficiency_j_per_gh\na,2020-05-01,0.034\nb,2022-05-01,0.0215\nc,2023-05-01,0.0175\n",
    "demand.csv": "time,A\n" + "".join(f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + 3 * (d % 90)}\n" for d in range(336) for h in range(24)),
}  # fmt: skip
DRIVER = """
import shlex, sys
from taotie.app.cli import main as door
for line in open("lines.txt"):
    sys.argv = ["taotie", *shlex.split(line)]
    sys.stdout.write("$ " + line); sys.stdout.flush()
    try:
        door.main()
    except SystemExit as error:
        if error.code not in (0, None):
            sys.exit(f"{line}: {error.code}")
"""
ENVIRONMENTS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Kolkata", "OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"},
)  # fmt: skip


def written(folder: Path, lines: tuple[str, ...], environment: dict[str, str]) -> dict[str, bytes]:
    """Every file that the lines write in an environment, and what they print."""
    folder.mkdir()
    (folder / "lines.txt").write_text("\n".join(lines) + "\n")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], cwd=folder, capture_output=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "TAOTIE_LANG": "en", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:] + done.stdout.decode()[-300:]
    found = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    return {**found, "printed": done.stdout}


def differences(made: list[dict[str, bytes]]) -> list[str]:
    """Files that are not the same in all environments, with the place of the first difference."""
    names = sorted({name for one in made for name in one})
    found = []
    for name in names:
        each = [one.get(name, b"") for one in made]
        if len(set(each)) > 1:
            a, b = next((x, y) for x in each for y in each if x != y)
            at = next((i for i, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), -1)
            found.append(f"{name} at {at}: {a[at - 40 : at + 40]!r} against {b[at - 40 : at + 40]!r}")  # fmt: skip
    return found


def numbers(content: bytes) -> list[bytes]:
    """The numbers of a table or of JSON, in order; words and the keys beside them left out."""
    return re.findall(
        rb'(?:^|[,\n\[]\s*|": )(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?=[,\n\r\]}]|$)', content
    )


@pytest.mark.slow
def test_property_every_file_is_the_same_in_every_environment(tmp_path: Path) -> None:
    made = [written(tmp_path / str(i), LINES, e) for i, e in enumerate(ENVIRONMENTS)]
    assert len(made[0]) > len(LINES)
    assert differences(made) == []
    other = written(tmp_path / "zh", LINES, {**ENVIRONMENTS[0], "TAOTIE_LANG": "zh"})
    assert set(other) == set(made[0])
    assert other["label.json"] == made[0]["label.json"]
    tables = [
        n for n in other if n.endswith((".csv", ".json")) and n != "check.csv"
    ]  # whose words hold numbers
    assert [n for n in tables if numbers(other[n]) != numbers(made[0][n])] == []
    assert sum(len(numbers(other[n])) for n in tables) > 1000


def test_a_difference_is_found() -> None:
    assert numbers(b'a,1.5,"x, 3 y",-2e-05\nb 4,7\n{"k 9": 8, "l": [1,2]}') != numbers(b'a,1.5,"x, 3 y",-2e-05\nb 4,6\n{"k 9": 8, "l": [1,2]}')  # fmt: skip
    assert numbers(b"energy,Energie 2025,1.5,2\n") == numbers(b"energy,AI(2025),1.5,2\n")
    assert differences([{"a": b"1"}, {"a": b"2"}])
    assert differences([{"a": b"1"}, {}])
    assert differences([{"a": b"1"}, {"a": b"1"}]) == []
