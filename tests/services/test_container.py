"""The Dockerfile without Docker: linted, and its steps done in a clean folder by a user who is not root (`make web`)."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.services

ROOT = Path(__file__).resolve().parents[2]


def steps() -> list[tuple[str, str, str]]:
    """Instructions of the Dockerfile: stage, word, rest; lines that go on are joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text("utf-8"))
    stage, found = "", []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        word, _sep, rest = line.strip().partition(" ")
        if word == "FROM":
            stage = rest.split()[-1] if " AS " in rest else "last"
        found.append((stage, word, rest.strip()))
    return found


def test_worked_lint() -> None:
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed (`make web` installs it)")
    done = subprocess.run(
        [linter, "--no-color", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_property_it_ends_as_a_user_without_rights_and_says_how_it_is() -> None:
    last = [(word, rest) for stage, word, rest in steps() if stage == "last"]
    words = [word for word, _rest in last]
    assert dict(last)["USER"] not in ("root", "0")
    assert words.index("USER") > max(i for i, w in enumerate(words) if w in ("RUN", "COPY"))
    assert "HEALTHCHECK" in words
    assert json.loads(dict(last)["ENTRYPOINT"]) == ["taotie"]


def test_property_compose_opens_no_port_to_the_network_and_holds_no_password() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    ports = re.findall(r'"([\d.:]*\d+:\d+)"', text)
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert set(re.findall(r"PASSWORD: (\S+)", text)) == {"${TAOTIE_DB_PASSWORD:?set"}
    assert "read_only: true" in text


def _python() -> str:
    """An interpreter that another user may run: the test's own often lies in somebody's home."""
    if os.geteuid() != 0:
        return sys.executable
    for found in ("/usr/local/bin/python3", "/usr/bin/python3"):
        ask = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
        if Path(found).exists() and subprocess.run([found, "-c", ask], check=False).returncode == 0:
            return found
    pytest.skip("there is no Python 3.11 that a user without rights may run")


@pytest.mark.skipif(sys.platform != "linux", reason="a container of Linux")
def test_worked_its_steps_in_a_clean_folder() -> None:
    """Everything the image would copy, installed as it would be; then the service from a package nobody may write."""
    # no folder of pytest: it keeps those of its last three runs only, and this takes minutes
    with tempfile.TemporaryDirectory() as folder:
        done_in(Path(folder))


def done_in(tmp_path: Path) -> None:
    who: dict[str, Any] = {}
    tmp_path.chmod(0o755)
    source, state = tmp_path / "src", tmp_path / "state"
    for folder in (source, state):
        folder.mkdir(mode=0o755)
    for stage, word, rest in steps():
        if stage == "build" and word == "COPY":
            *names, target = rest.split()
            for name in names:
                place = source / target if (ROOT / name).is_file() else source / target / "."
                if (ROOT / name).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__", "*.mo")
                    shutil.copytree(ROOT / name, place, ignore=ignored, dirs_exist_ok=True)
                else:
                    shutil.copy(ROOT / name, place)
    if os.geteuid() == 0:
        who = {
            "user": next(
                n for n in ("nobody", "daemon") if n in {p.pw_name for p in pwd.getpwall()}
            )
        }
        for path in (source, state, *source.rglob("*")):
            shutil.chown(path, **who)
    installed = tmp_path / "taotie"
    installed.mkdir()
    if who:
        shutil.chown(installed, **who)
    clean = {
        "PATH": os.environ["PATH"], "HOME": str(state), "XDG_CACHE_HOME": str(state / "cache"),
        **{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))},
    }  # fmt: skip
    (run,) = (rest for stage, word, rest in steps() if stage == "build" and word == "RUN")
    run = run.replace("/opt/taotie", str(installed)).replace(
        "python -m venv", f"{_python()} -m venv"
    )
    done = subprocess.run(
        ["bash", "-ec", run],
        cwd=source,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        **who,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    if os.geteuid() == 0:  # a read-only file system: owned by another, writable by nobody
        for path in (installed, *installed.rglob("*")):
            if not path.is_symlink():
                shutil.chown(path, "root")
                path.chmod(path.stat().st_mode & ~0o022)
    shutil.rmtree(source)
    port = "18429"
    service = subprocess.Popen(
        [str(installed / "bin" / "taotie"), "serve", "--port", port, "--workers", "1", "--quiet"],
        cwd="/", env=clean | {"TAOTIE_STATE": str(state), "PYTHONDONTWRITEBYTECODE": "1"}, **who,
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/healthz", timeout=5
                ) as answer:
                    assert json.load(answer)["status"] == "ok"
                break
            except OSError:
                assert service.poll() is None
                time.sleep(0.2)
        else:
            pytest.fail("the service did not answer")
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/rules",
            json.dumps({"mw": 75, "place": "ercot"}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["ask"] == "rules"
    finally:
        service.terminate()
        service.wait(30)
