// The view "Two worlds": the run as recorded beside another future, aligned by time, the first difference marked.

import { button, h } from "./dom.mjs";
import { seconds } from "./run.mjs";

const ROWS_AROUND = 14;

export const worldsView = { id: "worlds", name: "Two worlds", isText: true, applies: (run, stage) => stage.recorded.branches.length > 0, draw: drawWorlds };

/** Sentences of both runs in order of time: [{ms, pair: [fact or undefined, …]}]; what both tell at the same time is one row. */
export function aligned(one, other) {
  const rows = [];
  const told = [one, other].map((run) => run.moments.flatMap((step) => run.told(step).map((fact) => ({ ...fact, ms: run.times[step] }))));
  const at = [0, 0];
  while (at[0] < told[0].length || at[1] < told[1].length) {
    const [left, right] = [told[0][at[0]], told[1][at[1]]];
    const isSame = left && right && left.ms === right.ms && left.sentence === right.sentence;
    const takes = [left && (!right || left.ms <= right.ms), right && (!left || right.ms <= left.ms)];
    rows.push({ ms: (takes[0] ? left : right).ms, isSame, pair: takes.map((each, i) => (each ? told[i][at[i]++] : undefined)) });
  }
  return rows;
}

const pairs = new WeakMap();

function drawWorlds({ stage, run, step }) {
  const index = Math.max(0, stage.future);
  const { name } = stage.recorded.branches[index];
  const other = stage.futures.get(index);
  if (!other) {
    stage.load(index).then(() => stage.draw(), (error) => stage.set({ trouble: error.message, view: stage.views[0] }));
    return h("p", {}, "…");
  }
  if (!pairs.has(other)) pairs.set(other, aligned(stage.recorded, other));
  const rows = pairs.get(other);
  const first = rows.findIndex((row) => !row.isSame);
  const here = Math.max(0, rows.findLastIndex((row) => row.ms <= run.times[step]));
  const from = Math.max(0, here - ROWS_AROUND);
  const secret = stage.recorded.moments.find((moment) => stage.hides(moment)); // behind a question that is still to be asked
  const shown = rows.slice(from, from + 2 * ROWS_AROUND).filter((row) => secret === undefined || row.ms < stage.recorded.times[secret]);
  const worlds = [[stage.recorded, -1], [other, index]];
  const cell = (fact, side, i) => h("td", { key: side, class: fact && fact.step === step && worlds[side][1] === stage.future ? "mk-current" : "" },
    fact ? button("link", `world-${side}`, () => stage.choose(worlds[side][1], fact.step, fact.step), [
      h("span", { class: "mk-mono" }, `${fact.step} `), i === first ? h("b", {}, "≠ first difference: ") : null, fact.sentence]) : null);
  return h("table", { class: "mk-worlds" },
    h("thead", {}, h("tr", {}, h("th", {}, "time"), h("th", {}, "as recorded"), h("th", {}, name))),
    h("tbody", {}, first < 0 ? null : h("tr", {}, h("td", { colspan: 3 }, `The same for ${seconds(rows[first].ms)}, then different: `,
      button("link", "difference", () => {
        const side = rows[first].pair[0] ? 0 : 1;
        stage.choose(worlds[side][1], 1, rows[first].pair[side].step);
      }, "go there"))),
    shown.map((row, i) => h("tr", { key: from + i, class: from + i === first ? "mk-differs" : from + i === here ? "mk-here" : "" },
      h("td", { class: "mk-mono" }, seconds(row.ms)),
      row.isSame ? h("td", { colspan: 2, key: "both", class: "mk-both" }, row.pair[0].sentence) : row.pair.map((fact, side) => cell(fact, side, from + i)))),
    secret === undefined ? null : h("tr", { key: "secret" }, h("td", { colspan: 3, class: "mk-both" }, "The rest follows after the next question."))));
}
