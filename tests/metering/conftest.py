"""Lets the tests of this folder share stand-ins of vendors' libraries."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
