// Prints one JSON line for each step: the state as the player folds it. `back` walks from the last step to the first;
// with `told` only the steps in which something is stated.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, file, direction, which] = process.argv.slice(2);
const { Run } = await import(pathToFileURL(module).href);
const run = new Run(readFileSync(file, "utf8"));
const steps = Array.from({ length: run.last }, (_, i) => i + 1);
if (which === "told") steps.splice(0, steps.length, ...steps.filter((step) => run.firstFact[step + 1] > run.firstFact[step]));
if (direction === "back") steps.reverse();
for (const step of steps) process.stdout.write(`${JSON.stringify([step, run.stateAt(step)])}\n`);
