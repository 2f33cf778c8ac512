#!/usr/bin/env bash
# DuckDB 2.0.0: a stamp with a time zone cannot be fetched into Python from a fresh installation.
#
# A request log with zoned stamps (2026-05-01 12:00:00+02) is read, counted and averaged; the first row that is fetched raises an
# error that names pytz, a package that duckdb neither requires nor lists as an extra. One would expect a datetime with a zone of the
# standard library, as other values come as standard types. Casting to TIMESTAMP or to epoch microseconds within the query works.
# Seen with duckdb==2.0.0 on Python 3.11.
#
# Exit 0: seen as described. Other: the behaviour or the version has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check "duckdb==2.0.0" 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys

import duckdb

log = "SELECT * FROM (VALUES (TIMESTAMPTZ '2026-05-01 12:00:00+02', 300), (TIMESTAMPTZ '2026-05-01 12:00:01+02', 500)) AS t(sent, tokens)"
print("mean tokens and seconds:", duckdb.sql(f"SELECT avg(tokens), epoch(max(sent) - min(sent)) FROM ({log})").fetchall())
try:
    print(duckdb.sql(log).fetchall())
except Exception as error:
    print(type(error).__name__, str(error).splitlines()[0])
    sys.exit(0 if "pytz" in str(error) else 1)
sys.exit(1)
PY
