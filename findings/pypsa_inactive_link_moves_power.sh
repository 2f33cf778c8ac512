#!/usr/bin/env bash
# PyPSA 1.2.4: a Link with active=False still moves its p_set in the linear power flow.
#
# Three buses in a ring, a generator at b0 as slack, 30 MW of load at b2, and a Link b1 -> b2 with p_set = 12 MW.
# With the Link inactive the flows are those with it active; without the Link they are others. Generators, loads, storage units
# and stores that are inactive take no part, as one would expect. Seen with pypsa==1.2.4 on Python 3.11.
#
# Exit 0: seen as described. Other: the behaviour or the version has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q "pypsa==1.2.4"
"$folder/venv/bin/python" - <<'PY'
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import pypsa


def flows(link):
    n = pypsa.Network()
    for i in range(3):
        n.add("Bus", f"b{i}", v_nom=110.0)
    for i in range(3):
        n.add("Line", f"l{i}", bus0=f"b{i}", bus1=f"b{(i + 1) % 3}", x=10.0, r=1.0, s_nom=100.0)
    n.add("Generator", "g", bus="b0", p_nom=100.0, control="Slack")
    n.add("Load", "d", bus="b2", p_set=30.0)
    if link is not None:
        n.add("Link", "k", bus0="b1", bus1="b2", p_nom=50.0, p_set=12.0, active=link)
    n.lpf()
    return n.lines_t.p0.iloc[0].round(6).tolist()


active, inactive, absent = flows(True), flows(False), flows(None)
print("pypsa", pypsa.__version__)
print("Link active  ", active)
print("Link inactive", inactive)
print("no Link      ", absent)
seen = pypsa.__version__ == "1.2.4" and inactive == active and inactive != absent
print("seen as described" if seen else "changed")
sys.exit(0 if seen else 1)
PY
