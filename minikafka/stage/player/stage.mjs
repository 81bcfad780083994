// The player: holds the run, the step and what the reader chose; draws everything again after each change.

import { button, h, patch } from "./dom.mjs";
import { clusterView } from "./cluster.mjs";
import { relight, watchRecords } from "./light.mjs";
import { CSS } from "./theme.mjs";
import { Run, TraceError } from "./run.mjs";
import { forkIcon, drawQuestion, drawSentence, drawStory, scrollStory } from "./story.mjs";
import { drawTimeline } from "./timeline.mjs";

const VIEWS = [clusterView]; // a view is {id, name, applies(run, stage), draw(frame)}; the others come with the second module
const MOMENT_MS = 1600; // at speed 1
const SPEEDS = [1, 2, 4, 0.5];
const stages = new Set();
let more = null; // what else the second module brings
let count = 0;

/** The other views, once they are loaded: players that are open show them too. */
export function addViews(views, tools) {
  VIEWS.push(...views);
  more = tools;
  for (const stage of stages) stage.set({ view: stage.wantedView() });
}

/** Are they here already? A file or a notebook has them inside. */
export const hasMore = () => more !== null;

export class Stage {
  /** options: step, scene, view, partition, live, height; hooks: onStep(step), onCommand(command). */
  constructor(el, source, options = {}, hooks = {}) {
    this.el = el;
    this.options = options;
    this.hooks = hooks;
    this.unique = `mk${(count += 1)}`;
    Object.assign(this, { step: 1, playing: false, speed: 1, filter: "", why: false, help: false, asking: null, future: -1, trouble: "" });
    this.root = document.createElement("div");
    this.root.className = "mk-root";
    if (options.height) Object.assign(this.root.style, { maxHeight: `${options.height}px`, overflow: "auto" });
    this.root.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab keeps its arrow keys to itself
    this.root.onkeydown = (event) => this.key(event);
    this.root.ondragover = (event) => event.preventDefault();
    this.root.ondrop = (event) => {
      event.preventDefault();
      if (more) more.openFile(this, event.dataTransfer.files[0]);
    };
    el.append(this.root);
    watchRecords(this.root);
    stages.add(this);
    this.width = 0;
    this.watchTheme();
    this.watchSize();
    this.setTrace(source);
  }

  setTrace(source, step) {
    this.recorded = new Run(source);
    this.futures = new Map([[-1, this.recorded]]);
    this.run = this.recorded;
    this.future = -1;
    this.asking = null;
    this.partition = this.options.partition || this.run.partitions[0];
    if (!this.run.partitions.includes(this.partition)) this.partition = this.run.partitions[0];
    this.view = this.wantedView();
    this.loadAnswers();
    this.passed = new Set();
    this.step = this.clamp(step ?? this.stepOf(this.options) ?? 1);
    this.draw();
  }

  /** The step that {step} or {scene} means. Throws one sentence when this run has none such. */
  stepOf({ step, scene }) {
    const { last, bookmarks } = this.run;
    if (step !== undefined && !(step >= 1 && step <= last)) throw new TraceError(`There is no step ${step}: this run has steps 1 to ${last}.`);
    if (step === undefined && scene && !bookmarks[scene - 1]) throw new TraceError(`There is no scene ${scene}: this run has ${bookmarks.length} scenes.`);
    return step ?? (scene ? bookmarks[scene - 1].step : undefined);
  }

  get more() {
    return more;
  }

  get views() {
    return VIEWS.filter((view) => view.applies(this.run, this));
  }

  /** The view that is shown, or else asked for, if it applies; a view that was asked for may be loaded later. */
  wantedView() {
    const applying = this.views;
    const named = applying.find((view) => view.id === this.options.view);
    return this.view && this.view !== VIEWS[0] && applying.includes(this.view) ? this.view : named || applying[0];
  }

  /** Opens what an address names: {step, scene, view, partition, future}. Throws one sentence when it is not there. */
  open(place) {
    const show = () => {
      const step = this.stepOf(place);
      this.pause();
      if (place.view) {
        this.options = { ...this.options, view: place.view };
        this.view = VIEWS[0];
      }
      this.view = this.wantedView();
      if (this.run.partitions.includes(place.partition)) this.partition = place.partition;
      this.go(step);
    };
    if (this.forks()[place.future - 1]) return this.choose(place.future - 1, 1, 1).then(show);
    return show();
  }

  clamp(step) {
    return Math.min(this.run.last, Math.max(1, Math.round(Number(step)) || 1));
  }

  // --- Moving ---

  go(step) {
    this.asking = null;
    this.move(step);
  }

  move(step) {
    const wanted = this.clamp(step);
    const isNew = wanted !== this.step;
    this.step = wanted;
    this.draw();
    if (isNew) this.report();
  }

  report() {
    if (this.hooks.onStep) this.hooks.onStep(this.step);
    this.el.dispatchEvent(new CustomEvent("mk-step", { bubbles: true, detail: { step: this.step } }));
  }

  /** Opens a scene by its number; what cannot be found is ignored. */
  scene(number) {
    const scene = this.run.bookmarks[number - 1];
    if (scene) this.go(scene.step);
    return Boolean(scene);
  }

  forward(raw = false) {
    const target = raw ? this.step + 1 : this.run.nextMoment(this.step);
    const open = this.openQuestion(this.step, target);
    if (this.asking) return undefined;
    if (open) return this.ask(open.question);
    return target > this.step ? this.move(target) : undefined;
  }

  back(raw = false) {
    this.go(raw ? this.step - 1 : this.run.previousMoment(this.step));
  }

  nextScene(direction) {
    const scenes = this.run.bookmarks;
    const found = direction > 0 ? scenes.find((scene) => scene.step > this.step) : scenes.filter((scene) => scene.step < this.step).pop();
    if (found) this.go(found.step);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.atEnd()) this.step = 1;
    this.playing = true;
    this.asking = null;
    this.tick();
    this.draw();
  }

  pause() {
    clearTimeout(this.timer);
    if (!this.playing) return;
    this.playing = false;
    this.draw();
  }

  atEnd() {
    return this.step >= this.run.moments[this.run.moments.length - 1];
  }

  tick() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.playing || !this.el.isConnected) return;
      this.forward();
      if (this.asking || this.atEnd()) this.pause();
      else this.tick();
    }, MOMENT_MS / this.speed);
  }

  faster() {
    this.set({ speed: SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length] });
  }

  set(changes) {
    Object.assign(this, changes);
    this.draw();
  }

  // --- Predict: asked before a scene is shown, once ---

  openQuestion(from, to) {
    return this.openGates().find(({ gate, scene }) => to > gate && from < scene && from < to);
  }

  /** Is this step behind a question that has not been answered or passed by? */
  hides(step) {
    return this.openGates().some(({ gate, scene }) => this.step < scene && step > Math.max(gate, this.step));
  }

  /** Questions still to be asked. What leads up to a scene would give it away, so the gate is the scene before. */
  openGates() {
    if (this.future >= 0) return [];
    const { questions, bookmarks } = this.run;
    return questions.map((question, index) => ({
      question, index, scene: bookmarks[question.before - 1].step, gate: (bookmarks[question.before - 2] || { step: 1 }).step,
    })).filter(({ index }) => this.answers[index] === undefined && !this.passed.has(index));
  }

  ask(question) {
    this.asking = question;
    this.pause();
    this.draw();
    const words = this.root.querySelector(".mk-ask");
    if (words) words.focus({ preventScroll: true });
    this.root.querySelector(".mk-predict").scrollIntoView({ block: "nearest" });
  }

  answer(choice) {
    this.answers[this.run.questions.indexOf(this.asking)] = choice;
    this.saveAnswers();
    this.draw();
  }

  reveal() {
    const question = this.asking;
    if (!question) return;
    this.passed.add(this.run.questions.indexOf(question));
    this.go(this.run.nextMoment(this.step));
    this.root.querySelector("[data-part=forward]").focus({ preventScroll: true });
  }

  get memory() {
    return `minikafka:${this.run.trace.scenario || "run"}`;
  }

  loadAnswers() {
    try {
      this.answers = JSON.parse(localStorage.getItem(this.memory)) || {};
    } catch {
      this.answers = {}; // no storage here (a file opened from disk, a private window): ask again next time
    }
  }

  saveAnswers() {
    try {
      localStorage.setItem(this.memory, JSON.stringify(this.answers));
    } catch {
      // Nothing is lost but the memory of the answer.
    }
  }

  forget() {
    this.answers = {};
    this.passed = new Set();
    this.saveAnswers();
    this.draw();
  }

  // --- Other futures from the same past ---

  forks() {
    return this.recorded.branches.map(({ at, name }, index) => ({ at, name, index }));
  }

  async load(index) {
    if (!this.futures.has(index)) this.futures.set(index, new Run(await loadBranch(this.recorded.branches[index])));
  }

  async choose(index, at, step) {
    this.trouble = "";
    try {
      await this.load(index);
    } catch (error) {
      this.set({ trouble: error.message });
      return;
    }
    this.pause();
    this.future = index;
    this.run = this.futures.get(index);
    this.go(step ?? this.run.nextMoment(at));
  }

  // --- Keys ---

  key(event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.keys(event.shiftKey)[event.key];
    const isButton = event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter");
    if (!act || isButton) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key !== " ") this.pause();
    act();
  }

  keys(shift) {
    const forward = () => this.forward(shift), back = () => this.back(shift);
    return {
      ArrowRight: forward, ArrowUp: forward, ArrowLeft: back, ArrowDown: back, " ": () => this.toggle(),
      Home: () => this.go(1), End: () => this.go(this.run.moments[this.run.moments.length - 1]),
      PageDown: () => this.nextScene(1), PageUp: () => this.nextScene(-1),
      b: () => this.nextScene(1), B: () => this.nextScene(-1), w: () => this.set({ why: !this.why }),
      "?": () => this.set({ help: !this.help }), v: () => this.nextView(), s: () => this.faster(),
      ...(more ? more.jumpKeys(this) : {}),
    };
  }

  nextView() {
    const { views } = this;
    this.set({ view: views[(views.indexOf(this.view) + 1) % views.length] });
  }

  // --- Drawing ---

  frame() {
    const facts = this.run.factsOf(this.step);
    return {
      run: this.run, state: this.run.stateAt(this.step), step: this.step, partition: this.partition, facts,
      ghosts: this.ghosts(facts), width: this.pictureWidth(), unique: this.unique,
      command: this.options.live && this.hooks.onCommand, go: (step) => this.go(step), stage: this,
    };
  }

  /** Cells that were cut off in this very step: they are shown once more, crossed out. */
  ghosts(facts) {
    const cuts = facts.filter((fact) => fact.kind === "LogTruncated" && fact.fields.partition === this.partition);
    if (!cuts.length) return [];
    const before = this.run.stateAt(this.step - 1);
    return cuts.flatMap((fact) => {
      const replica = (before.replicas[this.partition] || {})[fact.node];
      return (replica ? replica.cells : []).filter((cell) => cell[0] >= fact.fields.to_offset)
        .map((cell) => ({ node: fact.node, cell }));
    });
  }

  pictureWidth() {
    const full = this.width || 900;
    const inner = full >= 940 ? full - 316 : full;
    return Math.max(300, Math.floor(inner - (full < 600 ? 10 : 26)));
  }

  get narrow() {
    return this.width > 0 && this.width < 600;
  }

  /** About as wide as the time line will be: for setting its numbers apart. */
  lineWidth() {
    return Math.max(200, this.pictureWidth() - (this.narrow ? 30 : 240));
  }

  draw() {
    const wide = this.width >= 940;
    this.root.dataset.wide = wide ? "yes" : "no";
    this.root.dataset.narrow = this.narrow ? "yes" : "no";
    patch(this.root, [
      h("style", { key: "css" }, CSS + (more ? more.css : "")),
      this.drawHeader(),
      h("div", { class: "mk-columns", key: "columns" },
        h("div", { class: "mk-main", key: "main" },
          h("div", { class: "mk-card mk-picture-card", key: "picture" }, this.drawPicture()),
          drawQuestion(this), drawSentence(this), drawTimeline(this), more && [more.drawBranches(this), more.drawFoot(this)]),
        wide ? h("aside", { class: "mk-card mk-side", key: "side" }, drawStory(this)) : this.drawFolded()),
    ]);
    relight(this.root);
    cancelAnimationFrame(this.scrolling); // measuring is dear: once for each frame that is shown
    this.scrolling = requestAnimationFrame(() => scrollStory(this.root));
  }

  drawPicture() {
    return this.view.draw(this.frame());
  }

  drawFolded() {
    return h("details", { class: "mk-card mk-side", key: "folded" }, h("summary", {}, "The story, step by step"), drawStory(this));
  }

  drawHeader() {
    const { trace } = this.recorded;
    const settings = Object.entries(trace.settings || {}).map(([name, value]) => `${name}=${value}`);
    const facts = [...settings, trace.seed === undefined ? "" : `seed ${trace.seed}`].filter(Boolean).join(" · ");
    const future = this.future >= 0 ? h("span", { class: "mk-other-future" }, forkIcon(), ` ${this.recorded.branches[this.future].name}`) : null;
    return h("header", { class: "mk-head", key: "head" },
      h("div", {}, h("h2", {}, trace.title || trace.scenario || (this.options.live ? "A live cluster" : "A run"), future), h("p", { class: "mk-mono" }, facts)),
      this.drawTabs());
  }

  drawTabs() {
    const { views } = this;
    const tabs = views.length > 1 ? h("div", { class: "mk-tabs", role: "group", "aria-label": "View" }, views.map((view) => button(
      `button${view === this.view ? " mk-chosen" : ""}`, `view-${view.id}`, () => this.set({ view }), view.name,
      { key: view.id, "aria-pressed": String(view === this.view) }))) : null;
    if (this.run.partitions.length < 2) return tabs;
    const choice = h("select", { "aria-label": "Partition", "data-part": "partition", onchange: (event) => this.set({ partition: event.target.value }) },
      this.run.partitions.map((name) => h("option", { value: name, selected: name === this.partition, key: name }, name)));
    return h("div", { class: "mk-tabs" }, tabs, choice);
  }

  // --- The surroundings: size and theme ---

  watchSize() {
    this.width = Math.floor(this.el.clientWidth);
    if (typeof ResizeObserver === "undefined") return;
    this.sizes = new ResizeObserver(() => {
      const width = Math.floor(this.el.clientWidth);
      if (width && width !== this.width) {
        this.width = width;
        this.draw();
      }
    });
    this.sizes.observe(this.el);
  }

  watchTheme() {
    const apply = () => { this.root.dataset.theme = isDark(this.el) ? "dark" : "light"; };
    this.system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
    if (this.system) this.system.addEventListener("change", apply);
    this.themes = new MutationObserver(apply);
    for (const node of [document.documentElement, document.body]) {
      if (node) this.themes.observe(node, { attributes: true, attributeFilter: ["data-md-color-scheme", "data-jp-theme-light"] });
    }
    this.stopTheme = () => {
      this.themes.disconnect();
      if (this.system) this.system.removeEventListener("change", apply);
    };
    apply();
  }

  destroy() {
    this.pause();
    stages.delete(this);
    if (this.sizes) this.sizes.disconnect();
    this.stopTheme();
    this.root.remove();
  }
}

/** The page's own choice first (Material, JupyterLab), else the system's. */
function isDark(el) {
  const body = document.body || el;
  const material = (el.closest("[data-md-color-scheme]") || body).getAttribute("data-md-color-scheme");
  if (material) return material === "slate";
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter) return jupyter === "false";
  return typeof matchMedia === "function" && matchMedia("(prefers-color-scheme: dark)").matches;
}

async function loadBranch(branch) {
  if (branch.trace) return branch.trace;
  const answer = await fetch(branch.src);
  if (!answer.ok) throw new Error(`The other future could not be loaded (${answer.status} for ${branch.src}).`);
  return answer.json();
}

