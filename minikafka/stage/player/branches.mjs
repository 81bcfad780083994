// Other futures from the same past: the line of choices below the picture.

import { h } from "./dom.mjs";
import { forkIcon } from "./story.mjs";

export function drawBranches(stage) {
  const forks = stage.forks();
  if (!forks.length || stage.asking) return null;
  const open = forks.filter((fork) => fork.at <= stage.step);
  if (!open.length) return null;
  const future = (name, index, at) => h("button", {
    type: "button", key: `b${index}`, class: `mk-button mk-choice${stage.future === index ? " mk-chosen" : ""}`,
    "aria-pressed": String(stage.future === index), onclick: () => stage.choose(index, at),
  }, name);
  return h("section", { class: "mk-branches", key: "branches", "data-part": "branches", "aria-label": "Other futures" },
    h("span", { class: "mk-branch-title" }, forkIcon(), " What if?"),
    future(stage.options.live ? "this run" : "as recorded", -1, (open.find((fork) => fork.index === stage.future) || open[0]).at),
    open.map((fork) => future(h("span", {}, h("span", { class: "mk-mono" }, `${fork.at} `), fork.name), fork.index, fork.at)));
}
