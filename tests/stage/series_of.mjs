// Prints the series of the player's charts for a trace.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const { Run } = await import(pathToFileURL(`${folder}/run.mjs`).href);
const { seriesOf } = await import(pathToFileURL(`${folder}/view_charts.mjs`).href);
const run = new Run(readFileSync(file, "utf8"));
process.stdout.write(JSON.stringify(seriesOf(run, run.partitions[0])));
