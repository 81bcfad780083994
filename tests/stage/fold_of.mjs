// Prints one JSON line for each step: the state as the player folds it. `back` walks from the last step to the first.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [module, file, direction] = process.argv.slice(2);
const { Run } = await import(pathToFileURL(module).href);
const run = new Run(readFileSync(file, "utf8"));
const steps = Array.from({ length: run.last }, (_, i) => i + 1);
if (direction === "back") steps.reverse();
for (const step of steps) process.stdout.write(`${JSON.stringify([step, run.stateAt(step)])}\n`);
