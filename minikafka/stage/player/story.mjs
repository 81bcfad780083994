// The story at the side: numbered sentences, the current one lit. Only the lines near the current one are in the page.

import { button, h } from "./dom.mjs";
import { recordsOf } from "./light.mjs";
import { numberOf } from "./marks.mjs";
import { seconds, spoken } from "./run.mjs";

const AROUND = 10; // moments before and after the current one

export function drawStory(stage) {
  const { run } = stage;
  return h("section", { class: "mk-story", "aria-label": "Story" },
    h("div", { class: "mk-story-head" },
      h("h3", {}, "Story"),
      h("span", { class: "mk-mono" }, `${run.last} steps · ${seconds(run.times[run.last])}`)),
    drawFilter(stage),
    h("ol", { class: "mk-sentences", "data-part": "story", tabindex: 0, "aria-label": "Sentences of the run" }, drawSentences(stage)));
}

function drawFilter(stage) {
  const { run, filter, kind: chosen } = stage;
  const option = (value, label) => h("option", { value, selected: value && [filter, chosen].includes(value), key: value }, label);
  const choose = (label, part, more) => h("label", {}, `${label} `,
    h("select", { "data-part": part, onchange: (event) => stage.set({ [part]: event.target.value }) }, more));
  return h("div", { class: "mk-filter" },
    choose("of", "filter", [option("", "everybody"), run.nodes.map((node) => option(node.id, spoken(node.id)))]),
    choose("about", "kind", [option("", "everything"), run.kinds.map((kind) => option(kind, kind.replace(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)))]));
}

function concerns(fact, id) {
  if (!id) return true;
  if (fact.node === id || Object.values(fact.fields).includes(id)) return true;
  return id.startsWith("broker-") && [fact.fields.broker, fact.fields.leader, fact.fields.follower].includes(numberOf(id));
}

function drawSentences(stage) {
  const { run, step, filter } = stage;
  const here = run.momentBefore(step);
  if (!(Math.abs(here - stage.anchor) <= AROUND)) stage.anchor = here; // far away: the lines stay and say other things
  const from = Math.max(0, here - AROUND), to = Math.min(run.moments.length, here + AROUND);
  const items = [];
  const more = (key, count, at) => h("li", { key, class: "mk-more" },
    h("button", { type: "button", onclick: () => stage.go(run.moments[at]) }, `${count} ${key} moments`));
  if (from > 0) items.push(more("earlier", from, from - 1));
  for (let i = from; i < to; i += 1) {
    const at = run.moments[i];
    if (stage.hides(at)) {
      items.push(h("li", { key: "hidden", class: "mk-more" }, "The rest follows after the next question."));
      return items;
    }
    const facts = run.told(at).filter((fact) => concerns(fact, filter) && (!stage.kind || fact.kind === stage.kind));
    items.push(...drawMoment(stage, at, facts, i - stage.anchor));
  }
  if (to < run.moments.length) items.push(more("later", run.moments.length - to, to));
  return items;
}

function drawMoment(stage, at, facts, place) {
  const { run, step } = stage;
  const scene = run.bookmarks.find((bookmark) => bookmark.step === at);
  const items = scene && !stage.filter && !stage.kind ? [drawScene(stage, scene)] : [];
  const isHere = run.moments[run.momentBefore(step)] === at;
  const shown = facts.length || !items.length ? facts : [{ index: `quiet${at}`, weight: 1, sentence: run.sentenceOf(at) }];
  return [...items, ...shown.map((fact, i) => h("li", {
    key: `f${place}.${i}`, class: `mk-sentence${isHere ? " mk-current" : ""}${at > step ? " mk-future" : ""}${fact.weight > 1 ? " mk-turn" : ""}`,
    "aria-current": isHere && i === 0 ? "step" : null, "data-records": fact.kind ? recordsOf(fact) : null,
  },
  h("button", { type: "button", tabindex: isHere && i === 0 ? 0 : -1, "data-step": at, onclick: () => stage.go(at) },
    h("span", { class: "mk-mono" }, i === 0 ? at : ""), h("span", {}, fact.sentence))))];
}

function drawScene(stage, scene) {
  return h("li", { key: `s${scene.number}`, class: `mk-scene-line${scene.step > stage.step ? " mk-future" : ""}` },
    h("span", {}, `${scene.number}`), scene.name);
}

/** Keeps the current sentence in sight without moving the page. */
export function scrollStory(root) {
  const list = root.querySelector(".mk-sentences");
  const current = list && list.querySelector(".mk-current");
  if (!current || !list.clientHeight) return;
  const top = current.offsetTop - list.offsetTop;
  if (top < list.scrollTop + 20 || top > list.scrollTop + list.clientHeight - 70) {
    list.scrollTop = Math.max(0, top - list.clientHeight * 0.4);
  }
}

// --- The sentence of the step, and why ---

export function drawSentence(stage) {
  const { run, step } = stage;
  const [, ...others] = run.told(step);
  const isQuiet = !run.told(step).length;
  const loud = run.factsOf(step).some((fact) => fact.kind === "PromiseBroken" || fact.kind === "LossBeyondPromise");
  return h("section", { class: `mk-now-panel${loud ? " mk-loud" : ""}`, key: "now" },
    h("div", { class: "mk-now-line" },
      h("span", { class: "mk-step", title: "step" }, step),
      h("div", { class: "mk-now-words", "aria-live": stage.playing ? "off" : "polite", "data-part": "sentence" },
        h("p", { class: isQuiet ? "mk-quiet" : "mk-big" }, run.sentenceOf(step)),
        isQuiet ? drawLastTold(stage) : null,
        drawAlarm(stage),
        others.slice(0, 4).map((fact) => h("p", { class: "mk-also" }, fact.sentence))),
      h("div", { class: "mk-now-side" },
        button("link", "why", () => stage.set({ why: !stage.why }), "why?", { "aria-expanded": String(stage.why) }),
        h("span", { class: "mk-mono" }, seconds(run.times[step])))),
    stage.why && stage.more ? stage.more.drawWhy(stage) : null);
}

/** A promise that was broken stays in sight until the end. */
function drawAlarm(stage) {
  const { run, step } = stage;
  const [first] = run.stateAt(step).alarms;
  const alarm = first === undefined ? null : run.fact(first);
  if (!alarm || alarm.step === step) return null;
  return h("p", { class: "mk-also" }, button("link mk-alarm", "alarm", () => stage.go(alarm.step), `✕ since step ${alarm.step}`), ` ${alarm.sentence}`);
}

/** In a step of which nothing is told: what was told last. */
function drawLastTold({ run, step }) {
  const at = run.moments[run.momentBefore(step)];
  const [lead] = at < step ? run.told(at) : [];
  return lead ? h("p", { class: "mk-also" }, `Last told, at step ${at}: ${lead.sentence}`) : null;
}

// --- Predict, and other futures ---

export function drawQuestion(stage) {
  const question = stage.asking;
  if (!question) return null;
  const chosen = stage.answers[stage.run.questions.indexOf(question)];
  const isAnswered = chosen !== undefined;
  return h("section", { class: "mk-predict", key: "predict", "data-part": "predict", "aria-label": "Predict" },
    h("h3", {}, "Predict"),
    h("p", { class: "mk-ask", tabindex: -1 }, question.ask),
    h("div", { class: "mk-choices" }, question.choices.map((choice, i) => h("button", {
      type: "button", key: `q${i}`, class: `mk-button mk-choice${chosen === i ? " mk-chosen" : ""}`, "aria-pressed": String(chosen === i),
      onclick: () => stage.answer(i),
    }, choice.text))),
    isAnswered ? drawReply(stage, question.choices[chosen]) : button("link", "skip", () => stage.reveal(), "show me without a guess"));
}

function drawReply(stage, choice) {
  const scene = stage.run.bookmarks[(choice.scene || 0) - 1];
  return h("div", { class: "mk-reply", role: "status" },
    h("p", {}, h("b", { class: choice.right ? "mk-ink-good" : "mk-ink-warning" }, choice.right ? "✓ So it is. " : "✕ Not here. "), choice.reply),
    h("p", { class: "mk-reply-links" },
      button("button mk-primary", "reveal", () => stage.reveal(), "Show it"),
      scene ? button("link", "reply-scene", () => stage.scene(scene.number), `see scene ${scene.number}`) : null));
}

/** One line that becomes two. */
export function forkIcon() {
  return h("svg", { class: "mk-fork-icon", width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" },
    h("path", { d: "M1,7 H4 C8,7 7,2.5 13,2.5 M4,7 C8,7 7,11.5 13,11.5" }));
}
