// Core, simulation and the three graders inside Pyodide. Usage: node pyodide_run.mjs PYODIDE_FOLDER REPOSITORY
import { pathToFileURL } from "node:url";
const [folder, repository] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: folder });
python.FS.mkdir("/course");
python.mountNodeFS("/course", repository);
python.runPython(`
import os, sys, json
sys.path.insert(0, "/course")
os.chdir("/course")
from pathlib import Path
from minikafka import Cluster, Producer, play
from minikafka.grading import grade
found = {"digest": play("06_two_leaders").digest(), "platform": sys.platform}
for name in ("elect_leader", "check_leader_epoch"):
    found[name] = grade(f"06/{name}", Path(f"solutions/06_who_leads/{name}.py")).exit_code
    wrong = {"elect_leader": "any_live", "check_leader_epoch": "no_check"}[name]
    found[wrong] = grade(f"06/{name}", Path(f"tests/answers/06_who_leads/{name}/wrong/{wrong}.py")).exit_code
right = sorted(Path("tests/answers/06_who_leads/what_clients_hear/right").glob("*.py"))[0]
found["what_clients_hear"] = grade("06/what_clients_hear", right).exit_code
print("FOUND " + json.dumps(found))
`);
