// Jumps: to the next election, loss, rebalance or broken promise, and to the one before.

import { button, h } from "./dom.mjs";

const GOALS = { // what one may jump to, by the facts that are it
  election: ["PartitionChanged", "QuorumLeaderElected"], loss: ["LogTruncated", "TailCut", "LossBeyondPromise"],
  rebalance: ["GroupChanged"], "promise broken": ["PromiseBroken"],
};
const foundGoals = new WeakMap();

/** {goal: its steps in order}, of those that this run has. */
function goalsOf(run) {
  if (!foundGoals.has(run)) foundGoals.set(run, findGoals(run));
  return foundGoals.get(run);
}

function findGoals(run) {
  const found = {};
  for (const [step, , kind, fields, , weight] of run.trace.facts) {
    const isSame = kind === "PartitionChanged" && (fields.leader === fields.old_leader || fields.old_leader < 0);
    const goal = weight && !isSame && Object.keys(GOALS).find((name) => GOALS[name].includes(kind));
    if (goal) (found[goal] ||= new Set()).add(step);
  }
  return Object.fromEntries(Object.keys(GOALS).filter((goal) => found[goal]).map((goal) => [goal, [...found[goal]]]));
}

export function drawJumps(stage) {
  const goals = Object.entries(goalsOf(stage.run));
  return goals.length ? h("div", { class: "mk-jumps" }, "next", goals.map(([goal, steps]) =>
    button("link", `next-${goal[0]}`, (event) => jumpTo(stage, goal, event.shiftKey ? -1 : 1), goal, {
      key: goal, title: `The next: ${goal} (${goal[0]}; with Shift the one before)`, "aria-disabled": steps[steps.length - 1] <= stage.step ? "true" : null,
    }))) : null;
}

function jumpTo(stage, goal, direction) {
  const steps = goalsOf(stage.run)[goal] || [];
  const target = direction < 0 ? steps.filter((step) => step < stage.step).pop() : steps.find((step) => step > stage.step);
  const open = target && stage.openQuestion(stage.step, target);
  if (open) stage.ask(open.question);
  else if (target) stage.go(target);
}

/** e, l, r, p; with Shift backwards. */
export function jumpKeys(stage) {
  return Object.fromEntries(Object.keys(GOALS).flatMap((goal) =>
    [[goal[0], () => jumpTo(stage, goal, 1)], [goal[0].toUpperCase(), () => jumpTo(stage, goal, -1)]]));
}
