// The view "Space-time": a line for each node, time going down, an arrow for each message, a break for each fault.

import { h } from "./dom.mjs";
import { countUpTo, spoken } from "./run.mjs";
import { shorten, widthOf } from "./text.mjs";

const ROWS_SHOWN = 24;
const ROW = 24;
const HEAD = 34;
const STOPS = { NodeCrashed: "crashed", NodePaused: "paused", NodeStarted: "up", NodeRestarted: "up", NodeResumed: "up" };

export const spaceView = { id: "space", name: "Space-time", applies: () => true, draw: drawSpace };

const spaces = new WeakMap(); // what belongs to the run, not to the step

function prepare(run) {
  if (spaces.has(run)) return spaces.get(run);
  const steps = new Set(run.moments);
  for (const [, , sent, ended] of run.loud) steps.add(sent).add(ended || run.last);
  const lives = Object.fromEntries(run.nodes.map((node) => [node.id, [[0, "up"]]]));
  for (const [step, , kind, { node }] of run.trace.facts) if (STOPS[kind] && lives[node]) lives[node].push([step, STOPS[kind]]);
  const clients = run.nodes.filter((node) => run.clients.includes(node));
  const nodes = ["controller", "broker"].flatMap((role) => run.nodes.filter((node) => node.role === role)).concat(clients);
  spaces.set(run, { steps: [...steps].sort((a, b) => a - b), lives, nodes });
  return spaces.get(run);
}

function drawSpace(frame) {
  const { run, step, width } = frame;
  const { steps, lives, nodes } = prepare(run);
  const wide = (width - 52) / nodes.length;
  const x = (id) => 52 + wide * (nodes.findIndex((node) => node.id === id) + 0.5);
  const place = (at) => countUpTo(steps, at, (each) => each) - 1;
  const from = Math.max(0, Math.min(place(step) - Math.floor(ROWS_SHOWN * 0.6), steps.length - ROWS_SHOWN));
  const rows = steps.slice(from, from + ROWS_SHOWN);
  const high = rows.length * ROW;
  const y = (at) => (place(at) - from + 0.5) * ROW;
  const name = (id) => (wide < 90 ? id[0] + id.slice(id.indexOf("-") + 1) : spoken(id));
  const body = [
    ...nodes.map(({ id }) => drawLife(lives[id], x(id), y, high, id)),
    ...rows.map((at) => drawInstant(frame, at, y(at), x)),
    ...run.loud.filter(([, , sent, ended]) => sent <= rows[rows.length - 1] && (ended || run.last) >= rows[0])
      .map((message, i) => drawArrow(frame, message, x, y, i)),
  ];
  return h("svg", { class: "mk-picture mk-space", width, height: high + HEAD + 6, viewBox: `0 0 ${width} ${high + HEAD + 6}`, role: "img",
    "aria-label": `Space-time diagram, steps ${rows[0]} to ${rows[rows.length - 1]}. ${run.sentenceOf(step)}` },
  nodes.map(({ id }) => h("text", { key: id, x: x(id), y: 22, class: "mk-name mk-small-name" }, shorten(name(id), wide - 4, 14, "bold"))),
  h("svg", { y: HEAD, width, height: high }, body));
}

/** Solid while it runs, dashed while it stands still, nothing while it is gone. */
function drawLife(life, x, y, high, id) {
  return h("g", { key: id }, life.map(([step, state], i) => {
    const end = life[i + 1] ? y(life[i + 1][0]) : high;
    return state === "crashed" ? null : h("path", { d: `M${x},${Math.max(0, step ? y(step) : 0)} V${Math.max(0, end)}`, class: `mk-life mk-${state}` });
  }));
}

function drawInstant({ run, step, go, width }, at, y, x) {
  const facts = run.told(at);
  const world = facts.find((fact) => !fact.node && fact.weight > 1);
  return h("g", { key: `r${at}`, class: `mk-at${at === step ? " mk-current" : ""}`, onclick: () => go(at) },
    h("title", {}, `${at}: ${run.sentenceOf(at)}`),
    h("rect", { y: y - ROW / 2, width, height: ROW }),
    h("text", { x: 38, y: y + 4, class: "mk-mono" }, at),
    world ? h("path", { d: `M52,${y} H${width}`, class: "mk-cut-line" }) : null,
    facts.map((fact) => {
      const at = x(fact.fields.node || fact.node);
      if (STOPS[fact.kind] === "crashed") return h("text", { x: at, y: y + 6, class: "mk-ink-warning" }, "✕");
      return fact.node ? h("circle", { cx: at, cy: y, r: fact.weight > 1 ? 6 : 3.5, class: fact.weight > 1 ? "mk-turn" : "" }) : null;
    }),
    world ? h("text", { x: 58, y: y - 3, class: "mk-note mk-ink-warning" }, shorten(world.sentence, width - 70, 12)) : null);
}

function drawArrow({ run, step }, [source, target, sent, ended, label, fate], x, y, i) {
  const from = [x(run.idOf(source)), y(sent)], to = [x(run.idOf(target)), y(ended || run.last + 1)];
  const part = fate || !ended ? 0.6 : 1; // what never arrives ends on its way
  const end = [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part];
  const turn = Math.atan2(to[1] - from[1], to[0] - from[0]) * 180 / Math.PI;
  const isNow = step === sent || step === ended;
  const along = 0.4 + (i % 2) * 0.2; // two that leave together have their words apart
  const middle = from.map((each, axis) => each + (end[axis] - each) * along);
  const word = run.label(label), room = Math.hypot(end[0] - from[0], end[1] - from[1]) - 16;
  return h("g", { key: `m${sent}-${source}-${target}-${i}`, class: `mk-arrow${isNow ? " mk-current" : ""}${fate ? " mk-lost" : ""}` },
    h("title", {}, `${word}: ${spoken(run.idOf(source))} → ${spoken(run.idOf(target))}${fate ? ", lost" : ended ? "" : ", under way"}`),
    h("path", { d: `M${from} L${end}`, class: "mk-wire" }),
    fate ? h("text", { x: end[0], y: end[1] + 5 }, "✕") : h("path", { d: "M-9,-4 L0,0 L-9,4z", class: "mk-tip", transform: `translate(${end}) rotate(${turn})` }),
    isNow || widthOf(word, 11) < room ? h("text", {
      class: "mk-word", transform: `translate(${middle}) rotate(${Math.abs(turn) > 90 ? turn + 180 : turn}) translate(0 -4)`,
    }, word) : null);
}
