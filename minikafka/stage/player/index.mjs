// What the module gives away: render (anywidget), mountTrace and autoMount (pages).

import { isRun, notHere, readHash } from "./link.mjs";
import { Run, readTrace, TraceError } from "./run.mjs";
import { addViews, hasMore, Stage } from "./stage.mjs";

/** Puts a player into `el`; gives a handle {stage, go(step), scene(number), destroy()}. A trace that cannot be shown is one sentence. */
export function mountTrace(el, trace, options = {}, hooks = {}) {
  try {
    const stage = new Stage(el, trace, options, hooks);
    if (options.future) stage.open({ ...options, step: stage.step });
    showPlayer(el, true);
    el.mkStage = {
      stage, el,
      get step() { return stage.step; },
      go: (step) => stage.go(step),
      scene: (number) => stage.scene(number),
      destroy: () => stage.destroy(),
    };
  } catch (error) {
    el.querySelectorAll(":scope > .mk-root").forEach((root) => root.remove());
    sayWhyNot(el, error);
    el.mkStage = null;
  }
  return el.mkStage;
}

/** One sentence in the player's place; the page's own story comes back. */
function sayWhyNot(el, error) {
  const words = Object.assign(document.createElement("p"), { className: "mk-sorry" });
  words.setAttribute("role", "note");
  words.textContent = error instanceof TraceError ? error.message : `This run cannot be shown: ${error.message}.`;
  showPlayer(el, false);
  el.prepend(words);
  if (!(error instanceof TraceError)) console.warn(error);
}

function showPlayer(el, isShown) {
  el.querySelectorAll(":scope > .mk-sorry").forEach((old) => old.remove());
  el.querySelectorAll(":scope > .mk-root").forEach((root) => { root.hidden = !isShown; });
  el.querySelectorAll(":scope > details").forEach((story) => { story.hidden = isShown; });
}

/** anywidget: traits `trace` (object or text), `step` (both ways), `options`, `command` (from here to Python). */
function render({ model, el }) {
  let commands = 0;
  el.classList.add("mk-stage");
  const hooks = {
    onStep: (step) => {
      if (model.get("step") === step) return;
      model.set("step", step);
      model.save_changes();
    },
    onCommand: (command) => {
      model.set("command", { ...command, at: el.mkStage.step, id: (commands += 1) });
      model.save_changes();
    },
    source: () => model.get("_esm"),
  };
  const mount = () => {
    const step = model.get("step");
    mountTrace(el, model.get("trace"), { ...(model.get("options") || {}), ...(step ? { step } : {}) }, hooks);
  };
  const renew = () => { // a live run has gone on, or back: the player stays, its run is another
    if (!el.mkStage) return mount();
    try {
      return el.mkStage.stage.setTrace(model.get("trace"), model.get("step"));
    } catch (error) {
      return sayWhyNot(el, error);
    }
  };
  const follow = () => Promise.resolve().then(() => { // later: a new trace that came with this step is there by then
    if (el.mkStage && el.mkStage.step !== model.get("step")) el.mkStage.go(model.get("step"));
  });
  model.on("change:trace", renew);
  model.on("change:step", follow);
  mount();
  return () => {
    model.off("change:trace", renew);
    model.off("change:step", follow);
    if (el.mkStage) el.mkStage.destroy();
  };
}

/** Mounts every .mk-stage with data-src (an address) or data-trace (JSON); may be called again at any time. */
export function autoMount(root = document) {
  const found = Array.from(root.querySelectorAll(".mk-stage[data-src], .mk-stage[data-trace]"));
  listenToLinks();
  for (const el of mounted) {
    if (el.isConnected) continue; // the page was swapped under it
    if (el.mkStage) el.mkStage.destroy();
    mounted.delete(el);
  }
  return Promise.all(found.filter((el) => !el.dataset.mounted).map(mountElement)).then(() => {
    openAddress(false);
    return found.length ? loadMore() : null; // after the first picture
  });
}

let second = null;

/** The other views; where they cannot be had, the cluster is still there. */
function loadMore() {
  if (!hasMore()) second ||= import(new URL("stage-more.mjs", import.meta.url)).catch((error) => console.warn(error));
  return second;
}

const mounted = new Set();

async function mountElement(el) {
  el.dataset.mounted = "yes";
  mounted.add(el);
  try {
    const trace = el.dataset.trace || (await load(el.dataset.src));
    mountTrace(el, trace, JSON.parse(el.dataset.options || "{}"));
  } catch (error) {
    sayWhyNot(el, error);
  }
}

async function load(src) {
  let answer;
  try {
    answer = await fetch(src);
  } catch {
    throw new TraceError(`The recorded run ${src} could not be loaded. The story below tells it in words.`);
  }
  if (!answer.ok) throw new TraceError(`The recorded run ${src} is not there (${answer.status}). The story below tells it in words.`);
  return answer.text();
}

// --- Links: #step=812, #scene-8, and anything with data-scene or data-step-link, jump the player ---

let isListening = false;

function listenToLinks() {
  if (isListening) return;
  isListening = true;
  document.addEventListener("click", onClick);
  window.addEventListener("hashchange", () => openAddress(true));
}

function onClick(event) {
  const link = event.target.closest && event.target.closest("a[href^='#'], [data-scene], [data-go-step]");
  if (!link || link.closest(".mk-root")) return;
  const target = link.dataset.scene ? { scene: Number(link.dataset.scene) }
    : link.dataset.goStep ? { step: Number(link.dataset.goStep) } : readHash(link.getAttribute("href"));
  const handle = target && stageFor(link);
  if (!handle) return;
  event.preventDefault();
  jump(handle, target, true);
}

/** The player a link means: the one it names (data-stage="id"), else the last one before it in the page, else the first. */
function stageFor(link) {
  const named = link.dataset.stage && document.getElementById(link.dataset.stage);
  if (named) return named.mkStage;
  const all = Array.from(document.querySelectorAll(".mk-stage")).filter((el) => el.mkStage);
  const before = all.filter((el) => el.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING);
  const chosen = before[before.length - 1] || all[0];
  return chosen && chosen.mkStage;
}

function openAddress(scroll) {
  const target = readHash(location.hash);
  const first = target && Array.from(document.querySelectorAll(".mk-stage")).find((el) => el.mkStage);
  if (first) jump(first.mkStage, target, scroll);
}

async function jump({ el }, place, scroll) {
  try {
    if (!isRun(el.mkStage.stage.recorded.trace, place)) await openOther(el, place);
    await el.mkStage.stage.open(place);
    showPlayer(el, true);
  } catch (error) {
    sayWhyNot(el, error);
  }
  if (scroll) el.scrollIntoView({ block: "nearest" });
}

/** Another run of this site, recorded beside this one; or a sentence that says where it can be played. */
async function openOther(el, place) {
  const beside = async (name) => (await fetch(el.dataset.src.replace(/[^/]*$/, name))).json();
  // A site says in runs.json where it keeps each run.
  const file = el.dataset.src && (await beside("runs.json").catch(() => ({})))[place.run];
  const trace = file && readTrace(await beside(file));
  if (!trace || !isRun(trace, place)) throw new TraceError(notHere(location.hash));
  el.mkStage.stage.setTrace(trace, 1);
}

/** A page of one run: its trace in #trace, the place to open at in its address or its data. */
export function openPage() {
  const data = document.getElementById("trace");
  const place = readHash(location.hash);
  mountTrace(document.getElementById("stage"), data.textContent, place ? {} : JSON.parse(data.dataset.options));
  return autoMount();
}

export { Run, readTrace };
export default { render };
