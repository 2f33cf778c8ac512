"""What the package holds once it is built: data, templates and messages, nothing of the shared measurements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel built from the tracked files."""
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("build")
    copy = folder / "tree"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(
            ".venv", ".git", ".cache", ".hypothesis", "out", "__pycache__", ".*_cache", "*.mo"
        ),
    )
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=copy,
        check=True,
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_worked_wheel_holds_data_templates_and_compiled_messages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for name in (
        "taotie/py.typed",
        "taotie/quantity/units.txt",
        "taotie/data/registry.toml",
        "taotie/data/figures/devries2023.toml",
        "taotie/data/tables/accelerators.csv",
        "taotie/data/schema/taotie-result-1.json",
        "taotie/locale/zh/LC_MESSAGES/taotie.mo",
    ):
        assert name in names, name
    assert any(n.startswith("taotie/app/pages/templates/") for n in names)


def test_worked_a_build_without_an_asset_fails(tmp_path: Path) -> None:
    """As it happened elsewhere: a wheel without its pages."""
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    sys.path.insert(0, str(ROOT))
    try:
        from hatch_build import missing_assets
    finally:
        sys.path.remove(str(ROOT))
    package = ROOT / "src" / "taotie"
    assert missing_assets(package) == []
    copy = tmp_path / "taotie"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    (copy / "app/pages/templates/report.css").unlink()
    for style in (copy / "app/pages/templates").glob("*.css"):
        style.unlink()
    (copy / "py.typed").unlink()
    assert missing_assets(copy) == ["py.typed", "app/pages/templates/*.css"]
    web = copy / "app" / "web"
    (web / "templates").mkdir(exist_ok=True)
    (web / "site.py").write_text("")
    (web / "templates" / "a.html").write_text(
        "{% extends 'no_such.html' %}{{ at.asset('lost.js') }}"
    )
    assert missing_assets(copy)[2:] == ["app/web/static/lost.js", "app/web/templates/no_such.html"]


def test_property_wheel_is_small_and_holds_no_bulk_data(wheel: zipfile.ZipFile) -> None:
    sizes = {i.filename: i.file_size for i in wheel.infolist()}
    assert max(sizes.values()) < 1_500_000, max(sizes, key=lambda n: sizes[n])
    assert not [n for n in sizes if n.endswith((".parquet", ".gz", ".npz"))]


def test_worked_completion_offers_commands_and_models() -> None:
    def offered(words: str, position: int) -> str:
        environment = {
            **os.environ,
            "_TAOTIE_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(position),
        }
        return subprocess.run(
            [sys.executable, "-m", "taotie.app.cli.main"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        ).stdout

    assert "prompt" in offered("taotie pro", 1).split()
    assert "llama-3.1-70b" in offered("taotie prompt --model llama-3.1", 3).split()


def test_property_hashes_are_in_step_with_the_constraints() -> None:
    def names(file: str) -> dict[str, str]:
        lines = [line for line in (ROOT / file).read_text().splitlines() if "==" in line]
        found = dict(line.split(" --hash")[0].split("==") for line in lines)
        assert len(found) == len(lines)
        return {re.sub(r"[-_.]+", "-", k).lower(): v.strip() for k, v in found.items()}

    hashes = (ROOT / "constraints-hashes.txt").read_text()
    assert names("constraints-hashes.txt") == names("constraints.txt"), "run: make hashes"
    assert len(re.findall(r" --hash=sha256:[0-9a-f]{64}$", hashes, re.M)) == hashes.count("==")
    assert "://" not in hashes
