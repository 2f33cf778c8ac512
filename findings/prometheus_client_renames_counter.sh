#!/usr/bin/env bash
# prometheus_client 0.26.0: the parser of the text format renames a valid counter.
#
# dcgm-exporter prints the energy counter of a GPU as DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION, a counter whose name
# does not end in _total, which the text format 0.0.4 allows. Parsed, the sample is called
# DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total: whoever looks for the name on the page finds no energy.
# Seen: prometheus_client 0.26.0, Python 3.11. Exits non-zero if that changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/python" -m pip install -q --disable-pip-version-check prometheus_client==0.26.0 2>/dev/null
"$folder/v/bin/python" - <<'PY'
import sys
from prometheus_client.parser import text_string_to_metric_families as parsed

page = (
    "# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter\n"
    'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0"} 1234567\n'
)
names = [sample.name for family in parsed(page) for sample in family.samples]
print("on the page: DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION; parsed:", *names)
sys.exit(0 if names == ["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total"] else 1)
PY
