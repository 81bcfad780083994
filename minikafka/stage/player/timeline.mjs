// The time line: one place for each moment, ticks by kind, numbered scenes, forks; and the buttons that move along it.

import { button, h } from "./dom.mjs";
import { seconds } from "./run.mjs";
import { forkIcon } from "./story.mjs";

const TURNS = { // what a turning point is called on the time line
  NodeCrashed: "warning", LinkCut: "warning", NodePaused: "warning", ConnectionsLost: "warning", DiskFilled: "warning",
  LogTruncated: "warning", PromiseBroken: "warning", LossBeyondPromise: "warning", BrokerFenced: "warning",
  PartitionChanged: "accent", BecameLeader: "accent", QuorumLeaderElected: "accent",
  LinkHealed: "good", NodeRestarted: "good", NodeResumed: "good", IsrAdopted: "good",
};
const MOST_TICKS = 400;

export function drawTimeline(stage) {
  const { run, step } = stage;
  const part = (each) => placeOf(run, each) * 100;
  return h("div", { class: "mk-player", key: "player" },
    drawButtons(stage),
    h("div", { class: "mk-line" },
      drawTicks(stage),
      h("div", {
        class: "mk-slider", role: "slider", tabindex: 0, "data-part": "slider", "aria-label": "Step",
        "aria-valuemin": 1, "aria-valuemax": run.last, "aria-valuenow": step,
        "aria-valuetext": `step ${step}, ${seconds(run.times[step])}`,
        onpointerdown: (event) => drag(stage, event),
      },
      h("div", { class: "mk-track" }, h("div", { class: "mk-done", style: `width:${part(step)}%` })),
      h("div", { class: "mk-knob mk-glide", style: `left:${part(step)}%` })),
      h("div", { class: "mk-scenes" }, drawForks(stage, part), stage.narrow ? drawDots(stage, part) : drawScenes(stage, part)),
      drawSceneNames(stage), stage.more && stage.more.drawJumps(stage)));
}

/** Where a step stands on the line, 0 to 1: moments at equal distances, the steps between them in between. */
export function placeOf(run, step) {
  const i = Math.max(0, run.momentBefore(step));
  const here = run.moments[i], next = run.moments[i + 1];
  const part = next ? (step - here) / (next - here) : 0;
  return Math.min(1, (i + part) / Math.max(1, run.moments.length - 1));
}

function stepAt(run, place) {
  return run.moments[Math.round(Math.min(1, Math.max(0, place)) * (run.moments.length - 1))];
}

function drag(stage, event) {
  const slider = event.currentTarget;
  const move = (each) => {
    const box = slider.getBoundingClientRect();
    stage.go(stepAt(stage.run, (each.clientX - box.left) / box.width));
  };
  const stop = () => {
    slider.removeEventListener("pointermove", move);
    slider.classList.remove("mk-dragged");
  };
  slider.setPointerCapture(event.pointerId);
  slider.classList.add("mk-dragged");
  slider.addEventListener("pointermove", move);
  slider.addEventListener("pointerup", stop, { once: true });
  slider.addEventListener("pointercancel", stop, { once: true });
  stage.pause();
  move(event);
}

function drawButtons(stage) {
  const { run, step, playing } = stage;
  const round = (part, label, sign, act, disabled) => button("button mk-round", part, act, sign, {
    title: label, "aria-label": label, "aria-disabled": disabled ? "true" : null,
  });
  return h("div", { class: "mk-buttons" },
    round("back", "Back one moment (←; with Shift: one step)", "◀", (event) => stage.back(event.shiftKey), step <= 1),
    round("play", playing ? "Pause (space)" : "Play (space)", playing ? "❚❚" : "▶", () => stage.toggle(), false),
    round("forward", "Forward one moment (→; with Shift: one step)", "▶❙", (event) => stage.forward(event.shiftKey), step >= run.last),
    button("button mk-speed", "speed", () => stage.faster(), `${stage.speed}×`, { title: "Speed (s)", "aria-label": `Speed: ${stage.speed} times` }));
}

// --- Ticks and scenes ---

const drawnTicks = new WeakMap(); // they belong to the run, not to the step

function drawTicks({ run }) {
  if (!drawnTicks.has(run)) drawnTicks.set(run, makeTicks(run));
  return drawnTicks.get(run);
}

function makeTicks(run) {
  const every = Math.ceil(run.moments.length / MOST_TICKS);
  const ticks = [];
  for (let i = 0; i < run.moments.length; i += every) {
    const { tone, weight } = tickOf(run, run.moments.slice(i, i + every));
    const x = (i / Math.max(1, run.moments.length - 1)) * 1000;
    const tall = weight > 1 ? 0 : 6;
    ticks.push(h("path", { d: `M${x},${tall} V12`, class: `mk-time-tick mk-ink-${tone}` }));
  }
  return h("svg", { class: "mk-ticks", viewBox: "0 0 1000 12", preserveAspectRatio: "none", "aria-hidden": "true" }, ticks);
}

function tickOf(run, steps) {
  let found = { tone: "soft", weight: 1 };
  for (const step of steps) {
    for (const fact of run.factsOf(step)) {
      if (fact.weight > 1 && found.weight < 2) found = { tone: TURNS[fact.kind] || "accent", weight: 2 };
    }
  }
  return found;
}

function drawForks(stage, part) {
  return stage.forks().map(({ at, name }) => h("button", {
    type: "button", class: "mk-fork", style: `left:${part(at)}%`, key: `fork${at}${name}`, onclick: () => stage.go(at),
    title: `Another future from step ${at}: ${name}`, "aria-label": `Fork at step ${at}: ${name}`,
  }, forkIcon()));
}

function drawScenes(stage, part) {
  const { run, step } = stage;
  const current = run.sceneAt(step);
  const places = spread(run.bookmarks.map((scene) => part(scene.step)), stage.narrow ? 21 : 27, stage.lineWidth());
  return run.bookmarks.map((scene, i) => h("button", {
    type: "button", key: `scene${scene.number}`, "data-scene": scene.number,
    class: `mk-scene${scene.step <= step ? " mk-past" : ""}${current === scene ? " mk-current" : ""}`,
    style: `left:${places[i]}%`, onclick: () => stage.scene(scene.number),
    title: nameOfScene(stage, scene), "aria-label": nameOfScene(stage, scene),
  }, scene.number));
}

/** What is behind an open question keeps its name to itself. */
function nameOfScene(stage, { number, step, name }) {
  return `Scene ${number}${stage.hides(step) ? "" : `: ${name}`}`;
}

/** On a phone the numbers would be too small to touch: dots show where scenes are, two buttons go there. */
function drawDots({ run, step }, part) {
  return run.bookmarks.map((scene) => h("span", { key: `dot${scene.number}`, class: `mk-dot${scene.step <= step ? " mk-past" : ""}`, style: `left:${part(scene.step)}%` }));
}

/** Percentages moved apart so that `size` pixels fit between neighbours, in a line of `width` pixels. */
function spread(places, size, width) {
  const gap = Math.min((size / width) * 100, 100 / Math.max(1, places.length - 1));
  const result = places.slice();
  for (let i = 1; i < result.length; i += 1) result[i] = Math.max(result[i], result[i - 1] + gap);
  for (let i = result.length - 1, most = 100; i >= 0; i -= 1, most -= gap) result[i] = Math.min(result[i], most);
  return result;
}

/** The name of the scene one is in, under its number; the neighbours are read by pointing at them. */
function drawSceneNames(stage) {
  const { run, narrow } = stage;
  if (!run.bookmarks.length) return null;
  const scene = run.sceneAt(stage.step);
  const jump = (label, sign, direction) => button("button mk-round", "scene", () => stage.nextScene(direction), sign, { title: label, "aria-label": label });
  const more = scene && scene.text && !narrow ? ` · ${scene.text}` : "";
  const name = scene ? [h("b", {}, `Scene ${scene.number}`), ` ${scene.name}${more}`] : "before scene 1";
  return h("div", { class: "mk-scene-name" },
    narrow ? jump("The scene before (B)", "‹", -1) : null, h("span", {}, name), narrow ? jump("The next scene (b)", "›", 1) : null);
}

