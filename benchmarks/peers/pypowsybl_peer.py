"""N-1 screening and PTDF by pypowsybl (OpenLoadFlow, DC), on the network our adapter makes of the case."""

from __future__ import annotations

import numpy as np
import pypowsybl
from work import Work, inputs

from taotie.grid.case.adapters_powsybl import case_to_pypowsybl

case, keep = inputs()
network = case_to_pypowsybl(case)
work = Work("pypowsybl")
slack = {
    "slackBusSelectionMode": "NAME",
    "slackBusesIds": f"level {int(case.bus_number[case.bus[:, 1] == 3][0])}_0",
}
flow_parameters = pypowsybl.loadflow.Parameters(distributed_slack=False, provider_parameters=slack)
row_of = {f"branch {row + 1}": row for row in range(case.n_branch)}


def screening(fast: bool, threads: int = 1):
    analysis = pypowsybl.security.create_analysis()
    analysis.add_single_element_contingencies([f"branch {row + 1}" for row in keep])
    parameters = pypowsybl.security.Parameters(
        load_flow_parameters=flow_parameters,
        provider_parameters={"dcFastMode": str(fast).lower(), "threadCount": str(threads)},
    )
    return analysis.run_dc(network, parameters)


for fast in (True, False):
    found = work.time(
        "n-1",
        f"security analysis, DC{', dcFastMode' if fast else ''}, violations only",
        lambda f=fast: screening(f),
        runs=5 if fast else 1,
    )
    if found is not None:
        table = found.limit_violations.reset_index()
        table = table[(table.contingency_id != "") & (table.side == "ONE")]
        work.arrays["over" if fast else "over_slow"] = np.array(
            [
                [row_of[subject], row_of[lost], value]
                for subject, lost, value in zip(
                    table.subject_id, table.contingency_id, table.value, strict=True
                )
            ],
            float,
        ).reshape(-1, 3)

# an injection at every bus: a load of 0 MW where there is none
known = set(network.get_loads(attributes=[]).index)
bare = [number for number in case.bus_number if f"load {number}" not in known]
network.create_loads(
    id=[f"load {number}" for number in bare],
    voltage_level_id=[f"level {number}" for number in bare],
    bus_id=[f"bus {number}" for number in bare],
    p0=[0.0] * len(bare),
    q0=[0.0] * len(bare),
)
branches = list(row_of)
loads = [f"load {number}" for number in case.bus_number]


def factors():
    analysis = pypowsybl.sensitivity.create_dc_analysis()
    analysis.add_branch_flow_factor_matrix(branches, loads, "all")
    parameters = pypowsybl.sensitivity.Parameters(load_flow_parameters=flow_parameters)
    answer = analysis.run(network, parameters)
    return answer.get_sensitivity_matrix("all").to_numpy()


matrix = work.time("ptdf", "sensitivity analysis, DC, a load at every bus", factors)
if matrix is not None:
    work.arrays["ptdf"] = matrix.T
work.done()
