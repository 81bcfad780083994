// Why this step: its causes, nearest first.

import { button, h } from "./dom.mjs";

export function drawWhy(stage) {
  const causes = stage.run.causes(stage.step);
  if (!causes.length) {
    return h("p", { class: "mk-why mk-quiet" }, "Nothing inside the run caused this: the scenario, or a clock, did it.");
  }
  return h("div", { class: "mk-why" },
    h("p", {}, "Because, nearest first:"),
    h("ol", {}, causes.map((cause) => h("li", { key: `c${cause.step}` },
      button("link", "cause", () => stage.go(cause.step), [h("span", { class: "mk-mono" }, cause.step), ` ${cause.sentence}`])))));
}
