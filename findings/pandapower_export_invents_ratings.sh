#!/usr/bin/env bash
# pandapower 3.5.6: a network whose lines carry their rating as max_i_ka, as its own creators leave it, is exported to the PYPOWER
# and MATPOWER format with 100 MVA for every line.
#
# Three 380 kV lines of 2 kA (1,316 MVA each) feed 600 MW. pandapower's power flow reads max_i_ka and says the fullest line is 31 %
# loaded; in the exported case the same line stands at four times its rating. One would expect the rating that pandapower itself
# uses, or 0, which the format has for "no limit". Only where the optional column max_loading_percent exists is max_i_ka exported.
# Seen with pandapower==3.5.6 on Python 3.11.
#
# Exit 0: seen as described. Other: the behaviour or the version has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check "pandapower==3.5.6" 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import sys
import warnings

warnings.simplefilter("ignore")
import pandapower as pp
from pandapower.converter.pypower.to_ppc import to_ppc

net = pp.create_empty_network()
buses = [pp.create_bus(net, vn_kv=380.0) for _ in range(3)]
pp.create_ext_grid(net, buses[0])
for i in range(3):
    pp.create_line_from_parameters(
        net, buses[i], buses[(i + 1) % 3], length_km=50.0, r_ohm_per_km=0.03, x_ohm_per_km=0.3, c_nf_per_km=12.0, max_i_ka=2.0
    )
pp.create_load(net, buses[2], p_mw=600.0)
pp.runpp(net)
without = to_ppc(net)["branch"][:, 5].real
net.line["max_loading_percent"] = 100.0
given = to_ppc(net)["branch"][:, 5].real
print("loading by pandapower, %:", net.res_line.loading_percent.round(1).tolist())
print("RATE_A exported, MVA:", without.tolist(), "with max_loading_percent = 100:", given.round().tolist())
same = (without == 100.0).all() and (abs(given - 3**0.5 * 380 * 2) < 1).all()
sys.exit(0 if same and net.res_line.loading_percent.max() < 40 else 1)
PY
