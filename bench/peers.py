"""Other solvers on the same models: reads {"models": [{"id", "lp", "solvers"}], "limit_s"} from standard input,
writes one JSON line per model and solver: seconds to build, seconds to solve, objective. All use one thread.
Needs gurobipy (the licence that comes with the package takes up to 2,000 columns and rows) and
pyscipopt; what is not there is left out, and said so."""

import json
import sys
import tempfile
import time


def gurobi(limit):
    import gurobipy

    env = gurobipy.Env(empty=True)
    env.setParam("OutputFlag", 0)
    env.setParam("Threads", 1)
    env.setParam("MIPGap", 0)
    env.setParam("MIPGapAbs", 0)
    env.setParam("FeasibilityTol", 1e-9)
    env.setParam("IntFeasTol", 1e-9)
    env.setParam("TimeLimit", limit)
    env.start()

    def solve(lp):
        with tempfile.NamedTemporaryFile("w", suffix=".lp") as file:
            file.write(lp)
            file.flush()
            start = time.perf_counter()
            model = gurobipy.read(file.name, env)
        built = time.perf_counter()
        model.optimize()
        done = time.perf_counter()
        objective = model.ObjVal if model.Status == gurobipy.GRB.OPTIMAL else None
        return built - start, done - built, objective

    return solve, "gurobi " + ".".join(map(str, gurobipy.gurobi.version()))


def scip(limit):
    import pyscipopt

    def solve(lp):
        with tempfile.NamedTemporaryFile("w", suffix=".lp") as file:
            file.write(lp)
            file.flush()
            start = time.perf_counter()
            model = pyscipopt.Model()
            model.hideOutput()
            model.readProblem(file.name)
        model.setParam("limits/gap", 0)
        model.setParam("limits/time", limit)
        model.setParam("numerics/feastol", 1e-9)
        built = time.perf_counter()
        model.optimize()
        done = time.perf_counter()
        objective = model.getObjVal() if model.getStatus() == "optimal" else None
        return built - start, done - built, objective

    return solve, f"scip {pyscipopt.Model().version()} (PySCIPOpt {pyscipopt.__version__})"


given = json.load(sys.stdin)
makers = {"gurobi": gurobi, "scip": scip}
solvers = {}
for name, make in makers.items():
    try:
        solvers[name], version = make(given["limit_s"])
        print(json.dumps({"solver": name, "version": version}), flush=True)
    except Exception as error:  # whatever keeps a peer from starting, it is left out and said so
        print(json.dumps({"solver": name, "missing": str(error)}), flush=True)

for one in given["models"]:
    for name in one["solvers"]:
        if name not in solvers:
            continue
        build, seconds, objective = solvers[name](one["lp"])
        row = {"id": one["id"], "solver": name, "build_s": build, "solve_s": seconds, "objective": objective}
        print(json.dumps(row), flush=True)
