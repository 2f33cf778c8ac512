"""The fixtures of the report, for every test of pages and charts."""

from __future__ import annotations

import sys
from pathlib import Path

# so that tests here find `hand_made`, `browser` and the fixtures
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pages"))

from report_fixtures import in_english, own_catalogue, result

__all__ = ["in_english", "own_catalogue", "result"]
