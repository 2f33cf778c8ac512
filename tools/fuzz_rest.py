"""Send generated requests, fitting and unfitting, to a service of its own until so many were sent; any surprise fails.

Schemathesis (installed by `make web` apart from taotie) makes them from the published OpenAPI and checks every answer
against it: no 5xx, status, media type, headers and body as declared, unfitting bodies refused. What it is not asked:
that every fitting body is accepted, since a name that fits the schema may be of no model (`positive_data_acceptance`).

python tools/fuzz_rest.py [--calls 20000] [--schemathesis PATH] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REFUSED = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
"""
"""What counts as a refusal: the tool's own list lacks 413, the answer to a body that is too large."""


def counted(address: str) -> dict[str, int]:
    """Requests by status, as the service itself counts them."""
    with urllib.request.urlopen(address + "metrics") as answer:
        text = answer.read().decode()
    found: dict[str, int] = {}
    for status, count in re.findall(
        r'^taotie_http_requests_total\{[^}]*status="(\d+)"\} ([\d.e+]+)$', text, re.M
    ):
        found[status] = found.get(status, 0) + int(float(count))
    return found


def main() -> None:
    """Start, fuzz, count."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--calls", type=int, default=20_000)
    options.add_argument("--schemathesis", default="schemathesis")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--examples", type=int, default=60)
    given = options.parse_args()
    tool = shutil.which(given.schemathesis)
    if tool is None:
        options.error(f"there is no program {given.schemathesis}: make web installs it")
    tool = str(Path(tool).absolute())  # it runs in another folder
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(REFUSED)
        log = Path(folder) / "service.log"
        service = subprocess.Popen(
            [sys.executable, "-m", "taotie", "serve", "--port", "0", "--folder", f"{folder}/state",
             "--rate", "0", "--quiet", "--most-samples", "400", "--seconds", "60", "--job-seconds", "30",
             "--queue", "1000000"],
            stdout=subprocess.PIPE, stderr=log.open("w"), text=True, env=dict(os.environ), cwd=folder,
        )  # fmt: skip
        failed = 0
        try:
            assert service.stdout is not None
            address = service.stdout.readline().split()[-1]
            for _ in range(3000):  # beside other work a start takes minutes
                try:
                    counted(address)
                    break
                except OSError:
                    time.sleep(0.2)
            seed = given.seed
            while sum(counted(address).values()) < given.calls:
                done = subprocess.run(
                    [tool, "--config-file", str(config), "run", address + "api/v1/openapi.json",
                     "--phases", "coverage,fuzzing" if seed == given.seed else "fuzzing",
                     "-n", str(given.examples), "--seed", str(seed), "-w", "1", "--no-color", "--no-shrink",
                     "--exclude-checks", "positive_data_acceptance", "--continue-on-failure",
                     "--suppress-health-check", "all", "--request-timeout", "90",
                     "--exclude-path", "/api/v1/jobs/{job_id}/events"],
                    cwd=folder, capture_output=True, text=True, check=False,
                )  # fmt: skip
                print(
                    f"seed {seed}: {sum(counted(address).values())} calls, exit {done.returncode}",
                    flush=True,
                )
                if done.returncode:
                    failed += 1
                    print(done.stdout[-6000:])
                    if failed > 2:
                        break
                seed += 1
            by_status = counted(address)
            print("calls by status:", dict(sorted(by_status.items())))
            failed += sum(n for status, n in by_status.items() if status.startswith("5"))
            # a job that dies of an error nobody foresaw is answered 202 all the same
            unforeseen = [line for line in log.read_text().splitlines() if "an ask failed" in line]
            print(f"errors nobody foresaw: {len(unforeseen)}", *unforeseen[:20], sep="\n")
            failed += len(unforeseen)
        finally:
            service.terminate()
            service.wait(60)
    sys.exit("the interface surprised" if failed else 0)


if __name__ == "__main__":
    main()
