"""Hashes of everything that `constraints.txt` pins, for this platform: `python tools/hashes.py > constraints-hashes.txt`.

No address is written: the file says what a package must be, not where it comes from. It is used with
`pip install --require-hashes --no-deps -r constraints-hashes.txt`. Asks the package index that pip is set to; installs nothing.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print the file."""
    asked = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "-q", "--report", "-"]  # fmt: skip
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    done = subprocess.run([*asked, *pinned], capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stderr)
        return 1
    found = json.loads(done.stdout)["install"]
    print("# sha256 of what constraints.txt pins, as tools/hashes.py found it")
    print(f"# for Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(
        "# pip install --require-hashes --no-deps -r constraints-hashes.txt; then: pip install --no-deps -e ."
    )
    for one in sorted(found, key=lambda i: i["metadata"]["name"].lower()):
        name, version = one["metadata"]["name"], one["metadata"]["version"]
        sha256 = one["download_info"]["archive_info"]["hashes"]["sha256"]
        print(f"{name}=={version} --hash=sha256:{sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
