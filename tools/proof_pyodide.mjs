// Runs COURSE/program.py inside Pyodide. Usage: node proof_pyodide.mjs PYODIDE_FOLDER COURSE
import { pathToFileURL } from "node:url";
const [folder, course] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: folder });
python.FS.mkdir("/course");
python.mountNodeFS("/course", course);
python.runPython(`
import sys
sys.path.insert(0, "/course")
print(sys.version.split()[0])
exec(open("/course/program.py", encoding="utf-8").read())
`);
