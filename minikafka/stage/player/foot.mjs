// The last line: taking the step, the story, the picture or all of it along; opening another run; signs and keys.

import { button, h } from "./dom.mjs";
import { htmlText, pngOf, runIn, save, sourceText, storyText, svgText } from "./export.mjs";

const LONGEST = 2000; // what is longer is sent as a file

export function drawFoot(stage) {
  const rows = [["← →", "moment to moment"], ["Shift + ← →", "every single step"], ["space", "play, pause"], ["b, B", "next scene, scene before"],
    ["Home, End", "first, last step"], ["w", "why?"],
    ["e, l, r, p", "next election, loss, rebalance, broken promise; with Shift the one before"], ["v, s", "next view, next speed"]];
  const signs = [["✓", "somebody was told that this record is stored"], ["dashed", "will be cut off later in this run"], ["e0, e1", "leader epoch, with a pattern of its own"],
    ["HW", "high watermark: everything before it is committed"], ["★ ☆", "leader; leader in its own eyes only, or not aware of it yet"], ["ISR, ELR", "as the controller has written them"]];
  const list = (pairs) => h("dl", { class: "mk-keys" }, pairs.map(([sign, what]) => [h("dt", {}, sign), h("dd", {}, what)]));
  const link = (part, act, words, more) => button("link", part, act, words, more);
  const picture = () => stage.root.querySelector(".mk-picture");
  const name = stage.recorded.trace.scenario || "run";
  return h("footer", { class: "mk-foot", key: "foot" },
    link("link", () => copyLink(stage), stage.copied || "link to this step"),
    link("text", () => save(`${name}.txt`, storyText(stage.run), "text/plain"), "story as text"),
    stage.view.isText ? null : [
      link("svg", () => save(`${name}.svg`, svgText(picture()), "image/svg+xml"), "SVG"),
      link("png", async () => save(`${name}.png`, await pngOf(picture()), "image/png"), "PNG")],
    link("html", () => savePage(stage), "page"),
    link("open", () => pick(stage), "open a run"),
    link("help", () => stage.set({ help: !stage.help }), "signs and keys ?", { "aria-expanded": String(stage.help) }),
    Object.keys(stage.answers).length ? link("forget", () => stage.forget(), "ask me again") : null,
    stage.trouble ? h("p", { class: "mk-ink-warning", role: "alert", "data-part": "trouble" }, stage.trouble) : null,
    stage.help ? h("div", { class: "mk-help" }, list(signs), list(rows)) : null);
}

async function savePage(stage) {
  save(`${stage.recorded.trace.scenario || "run"}.html`, htmlText(stage, await sourceText(stage.hooks)), "text/html");
}

function pick(stage) {
  const input = Object.assign(document.createElement("input"), { type: "file", onchange: () => openFile(stage, input.files[0]) });
  input.click();
}

export async function openFile(stage, file) {
  stage.pause();
  try {
    if (file) stage.setTrace(runIn(await file.text()), 1);
    stage.set({ trouble: "" });
  } catch (error) {
    stage.set({ trouble: error.message });
  }
}

async function copyLink(stage) {
  const place = hashOf(stage);
  const address = (stage.hooks.onStep ? "" : location.href.split("#")[0]) + place; // a notebook has no address of its own
  const isLong = address.length > LONGEST || (stage.options.live && !stage.options.address);
  try {
    if (isLong) await savePage(stage);
    else await navigator.clipboard.writeText(address);
    stage.set({ copied: isLong ? "too long for a link: saved as a page" : "copied" });
  } catch {
    if (!stage.hooks.onStep) location.hash = place; // no clipboard here: the address bar holds the link
    stage.set({ copied: stage.hooks.onStep ? place : "see the address bar" });
  }
  setTimeout(() => stage.set({ copied: "" }), 2000);
}

/** The place that is shown, as an address. A live run says itself in `options.address`. */
function hashOf({ recorded: { trace, partitions }, step, view, views, partition, future, options }) {
  const said = new URLSearchParams(options.address || (trace.scenario ? { run: trace.scenario, seed: trace.seed } : ""));
  said.set("step", step);
  if (view !== views[0]) said.set("view", view.id);
  if (partition !== partitions[0]) said.set("partition", partition);
  if (future >= 0) said.set("future", future + 1);
  return `#${said}`;
}
