// minikafka's player. Made from minikafka/stage/player/ by `python -m minikafka.stage.build`: edit there.
import { PATTERNS, addViews, at, button, caps, cellAt, chips, countUpTo, drawPatterns, drawTick, few, forkIcon, h, lines, membership, notesOf, numberOf, recordName, seconds, shorten, spoken, standing, text, toldOf, valueText, widthOf } from "./stage.mjs";

// branches.mjs
function drawBranches(stage) {
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

// export.mjs
const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "font", "text-anchor", "paint-order"];

function save(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function svgText(svg) {
  const copy = svg.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(element);
    const moved = style.transform === "none" ? "" : `transform:${style.transform}`;
    copies[i].setAttribute("style", LOOKS.map((name) => `${name}:${style.getPropertyValue(name)};`).join("") + moved);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(svg.closest(".mk-card")).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

async function pngOf(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svgText(svg))}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

function htmlText(stage, source) {
  const escape = (words) => words.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));
  const { step, view, partition, recorded } = stage;
  const title = escape(recorded.trace.title || "A run");
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>${title}</title><main><div class="mk-stage" id="stage"><details open><summary>${title}</summary>
<pre>${escape(storyText(recorded))}</pre></details></div></main>
<script type="application/json" id="trace" data-options='${JSON.stringify({ step, view: view.id, partition })}'>${json(recorded.trace)}<\/script>
<script type="module" id="player">${source.replace("\nopenPage();", "")}\nopenPage();\n<\/script></html>`;
}

function json(trace) {
  return JSON.stringify(trace).replaceAll("<", "\\u003c");
}

async function sourceText(hooks) {
  const own = document.getElementById("player");
  if (hooks.source || own) return own ? own.textContent : hooks.source();
  const texts = ["stage.mjs", "stage-more.mjs"].map(async (name) => (await fetch(new URL(name, import.meta.url))).text());
  return (await Promise.all(texts)).join("").replace(/^im[p]ort \{.*\n/m, "");
}

function runIn(text) {
  const kept = text.trim().startsWith("<") && new DOMParser().parseFromString(text, "text/html").getElementById("trace");
  return kept ? kept.textContent : text;
}

function storyText(run) {
  const lines = [run.trace.title || run.trace.scenario || "", run.trace.moral || "", ""];
  let scene = 0;
  for (const step of run.moments) {
    while (scene < run.bookmarks.length && run.bookmarks[scene].step <= step) {
      lines.push("", `Scene ${scene + 1}: ${run.bookmarks[scene].name}`);
      scene += 1;
    }
    for (const fact of run.told(step)) lines.push(`${String(step).padStart(6)}  ${seconds(run.times[step])}  ${fact.sentence}`);
  }
  return `${lines.join("\n").trim()}\n`;
}

// foot.mjs
const LONGEST = 2000; // what is longer is sent as a file

function drawFoot(stage) {
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

async function openFile(stage, file) {
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

function hashOf({ recorded: { trace, partitions }, step, view, views, partition, future, options }) {
  const said = new URLSearchParams(options.address || (trace.scenario ? { run: trace.scenario, seed: trace.seed } : ""));
  said.set("step", step);
  if (view !== views[0]) said.set("view", view.id);
  if (partition !== partitions[0]) said.set("partition", partition);
  if (future >= 0) said.set("future", future + 1);
  return `#${said}`;
}

// jumps.mjs
const GOALS = { // what one may jump to, by the facts that are it
  election: ["PartitionChanged", "QuorumLeaderElected"], loss: ["LogTruncated", "TailCut", "LossBeyondPromise"],
  rebalance: ["GroupChanged"], "promise broken": ["PromiseBroken"],
};
const foundGoals = new WeakMap();

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

function drawJumps(stage) {
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

function jumpKeys(stage) {
  return Object.fromEntries(Object.keys(GOALS).flatMap((goal) =>
    [[goal[0], () => jumpTo(stage, goal, 1)], [goal[0].toUpperCase(), () => jumpTo(stage, goal, -1)]]));
}

// view_parts.mjs
function tag(words, tone = "soft", title = null) {
  return h("span", { class: `mk-word mk-tone-${tone}`, title }, words);
}

function meter(part, words, tone = "accent") {
  return h("span", { class: `mk-gauge mk-tone-${tone}` },
    h("span", { class: "mk-meter", "aria-hidden": "true" }, h("span", { class: "mk-glide", style: `width:${Math.round(Math.min(1, Math.max(0, part)) * 100)}%` })), h("span", {}, words));
}

function clock(ms, limit, past) {
  if (ms === null) return h("span", { class: "mk-quiet" }, "–");
  if (!limit) return `${past} ${inSeconds(ms)} ago`;
  const part = ms / limit;
  return meter(part, `${inSeconds(ms)} of ${inSeconds(limit)}`, part >= 1 ? "warning" : part > 0.66 ? "accent" : "good");
}

function inSeconds(ms) {
  if (ms >= 120000) return `${Math.round(ms / 6000) / 10} min`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

function table(caption, heads, rows) {
  return h("div", { class: "mk-scroll", tabindex: 0, role: "region", "aria-label": caption }, h("table", { class: "mk-table" },
    h("caption", {}, caption), h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(({ key, style, cells }) => h("tr", { key, class: style || null }, cells.map((cell, i) =>
      (i ? h("td", { "data-head": heads[i] }, cell) : h("th", { scope: "row" }, cell))))))));
}

function between(run, from, to) {
  return run.times[to] - run.times[from];
}

const answers = new WeakMap();

function hasFact(run, isOne) {
  const known = answers.get(run) || new Map();
  answers.set(run, known);
  if (!known.has(isOne)) known.set(isOne, run.trace.facts.some(([, , kind, fields]) => isOne(kind, fields)));
  return known.get(isOne);
}

function part(key, title, ...children) {
  return h("section", { class: "mk-part", key }, h("h3", {}, title), children);
}

// view_charts.mjs
const MARKS = [["", "—"], ["6 4", "- -"], ["2 3", "···"]]; // each line has a pattern besides its colour

const isStored = (kind) => kind === "RecordsAppended";

const chartsView = {
  id: "charts", name: "Charts", draw: drawCharts, applies: (run) => hasFact(run, isStored),
};

function seriesOf(run, partition) {
  const lag = {}, isr = [], stored = [], latency = [], ends = {}, sent = {};
  let leader = -1;
  const brokers = run.nodes.filter((node) => node.role === "broker").map((node) => node.id);
  for (const [step, node, kind, fields] of run.trace.facts) {
    if (fields.partition !== partition) continue;
    const ms = run.times[step], id = run.idOf(node);
    const end = { RecordsAppended: fields.next_offset, LogTruncated: fields.to_offset, LogRecovered: fields.log_end_offset }[kind];
    if (end !== undefined) ends[id] = end;
    if (kind === "PartitionChanged") {
      leader = `broker-${fields.leader}`;
      isr.push([ms, fields.isr.length]);
    }
    if (end !== undefined || kind === "PartitionChanged") {
      for (const each of brokers) (lag[each] ||= []).push([ms, each === leader ? 0 : Math.max(0, (ends[leader] || 0) - (ends[each] || 0))]);
    }
    const name = `${id} ${fields.values}`;
    if (kind === "ProduceSent") sent[name] ??= ms;
    if (kind !== "ProduceAcknowledged") continue;
    const second = ms - ms % 1000, last = stored[stored.length - 1];
    if (last && last[0] === second) last[1] += fields.values.length;
    else {
      if (last && last[0] + 1000 < second) stored.push([last[0] + 1000, 0]);
      stored.push([second, fields.values.length]);
    }
    if (name in sent) latency.push([ms, ms - sent[name]]);
    delete sent[name];
  }
  if (stored.length) stored.push([stored[stored.length - 1][0] + 1000, 0]);
  return { "lag in records": lag, "in-sync replicas": { isr }, "records stored per second": { stored }, "latency in ms": { latency } };
}

const charted = new WeakMap();

function chartsOf(run, partition, wide, high) {
  const all = charted.get(run) || {};
  charted.set(run, all);
  return all[`${partition} ${wide} ${high}`] ||= Object.entries(seriesOf(run, partition)).map(([name, lines]) => {
    const chart = { name, lines: Object.entries(lines).filter(([, points]) => points.length), left: 40, right: wide - 16, top: 34, bottom: high - 30, end: run.times[run.last] || 1 };
    return { ...chart, picture: drawLines(chart) };
  });
}

function drawCharts(frame) {
  const { run, partition, width } = frame;
  const columns = width < 600 ? 1 : 2, wide = width / columns, high = columns === 1 ? 150 : 230;
  const charts = chartsOf(run, partition, wide, high);
  const height = Math.ceil(charts.length / columns) * high + 10;
  return h("svg", { class: "mk-picture mk-charts", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Charts of ${partition}` },
    charts.map((chart, i) => h("g", { key: chart.name, transform: `translate(${(i % columns) * wide} ${Math.floor(i / columns) * high})` },
      drawChart(frame, chart))));
}

function drawLines({ name, lines, left, right, top, bottom, end }) {
  const isPoints = name.startsWith("latency");
  const most = lines.reduce((high, [, points]) => points.reduce((so, point) => Math.max(so, point[1]), high), 1);
  const x = (ms) => left + (right - left) * ms / end, y = (value) => bottom - (bottom - top) * value / most;
  return h("g", { key: "lines" },
    h("text", { x: 12, y: 20, class: "mk-small-name mk-name" }, name),
    h("path", { d: `M${left},${top} V${bottom} H${right}`, class: "mk-axis" }),
    [[most, top + 4], [0, bottom + 4]].map(([word, at]) => h("text", { x: left - 6, y: at, class: "mk-mono mk-right" }, word)),
    h("text", { x: right, y: bottom + 15, class: "mk-mono mk-right" }, seconds(end)),
    lines.map(([, points], i) => (isPoints
      ? points.map(([ms, each]) => h("circle", { cx: x(ms), cy: y(each), r: 3, class: "mk-line-0" }))
      : h("path", { class: `mk-series mk-line-${i}`, "stroke-dasharray": MARKS[i % 3][0], d: `M${x(points[0][0])},${y(points[0][1])}${points.map(([ms, each]) => ` H${x(ms)} V${y(each)}`).join("")} H${right}` }))));
}

function drawChart({ run, step, go }, { lines, left, right, top, bottom, end, picture }) {
  const now = run.times[step], at = left + (right - left) * now / end;
  const value = (points) => (points[countUpTo(points, now, (point) => point[0]) - 1] || [0, "–"])[1];
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const ms = (event.clientX - box.left) / box.width * end;
    go(Math.max(1, countUpTo(run.times, ms, (each) => each) - 1));
  };
  return [
    picture,
    lines.length > 1
      ? h("text", { x: left, y: bottom + 15, class: "mk-mono" }, lines.map(([id, points], i) => `${MARKS[i % 3][1]} ${spoken(id)}: ${value(points)}`).join("  "))
      : h("text", { x: right, y: 20, class: "mk-mono mk-right" }, value((lines[0] || [0, []])[1])),
    h("path", { d: `M${at},${top} V${bottom}`, class: "mk-cursor" }),
    h("rect", { x: left, y: top, width: right - left, height: bottom - top, class: "mk-hit", onclick: click }),
  ];
}

// view_space.mjs
const ROWS_SHOWN = 24;
const ROW = 24;
const HEAD = 34;
const STOPS = { NodeCrashed: "crashed", NodePaused: "paused", NodeStarted: "up", NodeRestarted: "up", NodeResumed: "up" };

const spaceView = { id: "space", name: "Space-time", applies: () => true, draw: drawSpace };

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

// view_worlds.mjs
const ROWS_AROUND = 14;

const worldsView = { id: "worlds", name: "Two worlds", isText: true, applies: (run, stage) => stage.recorded.branches.length > 0, draw: drawWorlds };

function aligned(one, other) {
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

// ledger.mjs
const TRANSACTIONAL = 1, COMMIT = 2;

function entriesOf(replica, from, to) {
  const fates = fatesOf(replica);
  const entries = [];
  for (let offset = Math.max(from, replica.log_start); offset < Math.min(to, replica.end); offset += 1) {
    const batch = batchAt(replica, offset);
    const cell = cellAt(replica, offset);
    const marker = batch && batch[5] >= COMMIT ? (batch[5] === COMMIT ? "COMMIT" : "ABORT") : "";
    entries.push({ offset, cell, batch, marker, fate: marker ? "marker" : !cell ? "hole" : fates.get(batch) || "" });
  }
  return entries;
}

function batchAt({ batches }, offset) {
  let low = 0, high = batches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (batches[middle][1] < offset) low = middle + 1;
    else high = middle;
  }
  const batch = batches[low];
  return batch && batch[0] <= offset ? batch : undefined;
}

function fatesOf({ batches }) {
  const fates = new Map();
  const open = new Map();
  for (const batch of batches) {
    const [, , producer, , , kind] = batch;
    if (kind === TRANSACTIONAL) {
      fates.set(batch, "open");
      open.set(producer, [...(open.get(producer) || []), batch]);
    } else if (kind >= COMMIT) {
      for (const each of open.get(producer) || []) fates.set(each, kind === COMMIT ? "committed" : "aborted");
      open.delete(producer);
    }
  }
  return fates;
}

function openIn(replica) {
  const found = new Map();
  for (const [[base, , producer, epoch], fate] of fatesOf(replica)) {
    if (fate === "open" && !found.has(producer)) found.set(producer, { producer, epoch, first: base });
  }
  return [...found.values()];
}

function stableEnd(replica) {
  return replica.stable >= 0 ? replica.stable : replica.high_watermark;
}

function leadingReplica(state, partition) {
  const replicas = state.replicas[partition] || {};
  const written = state.partitions[partition];
  return replicas[`broker-${written && written.leader}`] || Object.values(replicas).sort((a, b) => b.end - a.end)[0];
}

function placeFlags(marks, x, size, lowest, highest) {
  const byOffset = new Map();
  for (const [name, offset] of marks) byOffset.set(offset, [...(byOffset.get(offset) || []), name]);
  const ends = [];
  return [...byOffset].sort(([a], [b]) => a - b).map(([offset, names]) => {
    const word = `${names.join(" = ")} ${offset}`;
    const width = widthOf(word, size, "bold") + 12;
    const left = Math.min(Math.max(x(offset) - 2 - width / 2, lowest), highest - width);
    let line = ends.findIndex((end) => end + 4 <= left);
    if (line < 0) line = ends.length;
    ends[line] = left + width;
    return { offset, names, word, width, left, line };
  });
}

// view_log.mjs
const LANE_GAP = 10, FLAG = 17;
const LOSSES = ["LogTruncated", "LogStartMoved", "LogCompacted", "TailCut", "LogRecovered"];

const logView = { id: "log", name: "Log", applies: (run) => run.partitions.length > 0, draw: drawLogs };

function drawLogs(frame) {
  const l = planLog(frame);
  return h("svg", {
    class: "mk-picture mk-log", width: frame.width, height: l.height, viewBox: `0 0 ${frame.width} ${l.height}`,
    role: "group", "aria-label": logInWords(frame),
  }, drawPatterns(frame), drawLogOffsets(frame, l), l.rows.map((row) => drawLane(frame, l, row)), drawSigns(l));
}

function planLog(frame) {
  const { run, width, partition, step } = frame;
  const narrow = width < 600;
  const l = { narrow, width, pad: narrow ? 10 : 16, cellWidth: narrow ? 46 : 62, cellHeight: 56 };
  l.pitch = l.cellWidth + 6;
  l.cellsX = narrow ? l.pad + 18 : 176;
  l.right = width - l.pad;
  l.columns = Math.max(3, Math.floor((l.right - l.cellsX - 26) / l.pitch));
  const [low, high] = run.ends[partition] || [0, 0];
  const latest = Math.max(low, high + 1 - l.columns);
  l.from = high - low < l.columns ? low : Math.min(latest, Math.max(low, run.focusAt(partition, step) - Math.floor(l.columns / 2)));
  l.to = l.from + l.columns;
  l.x = (offset) => l.cellsX + (offset - l.from) * l.pitch;
  const room = l.right - l.x(Math.min(high + 1, l.to)) - 20;
  l.aside = narrow || room < 150 ? 0 : room; // what a picture alone would not say
  Object.assign(l, traitsOf(run, partition));
  planLanes(frame, l);
  return l;
}

const traits = new WeakMap(); // they belong to the run, not to the step

function traitsOf(run, partition) {
  if (!traits.has(run)) traits.set(run, {});
  const ever = (kind, fits = () => true) => run.trace.facts.some((fact) => fact[2] === kind && fact[3].partition === partition && fits(fact[3]));
  return (traits.get(run)[partition] ||= {
    hasSegments: ever("SegmentRolled"), hasStable: ever("LastStableOffsetMoved"), hasBatches: ever("RecordsAppended", (fact) => fact.batches),
  });
}

function planLanes({ state, partition }, l) {
  const head = (l.narrow ? 50 : 12) + (l.hasSegments ? 20 : 0);
  const flagLines = l.narrow || l.hasStable ? 3 : 2;
  const height = head + l.cellHeight + (l.hasBatches ? 20 : 6) + 12 + flagLines * (FLAG + 3) + 4;
  let y = 30;
  l.rows = Object.keys(state.replicas[partition] || {}).map((id) => {
    const row = { id, y, height, cellsY: y + head };
    row.tagY = row.cellsY + l.cellHeight + 15;
    row.diskY = row.cellsY + l.cellHeight + (l.hasBatches ? 24 : 9);
    row.flagsY = row.diskY + 12;
    y += height + LANE_GAP;
    return row;
  });
  l.signsY = y + 8;
  l.height = y + 22;
}

function drawLogOffsets(frame, l) {
  const [low] = frame.run.ends[frame.partition] || [0];
  const offsets = Array.from({ length: l.to - l.from }, (_, i) => l.from + i);
  return h("g", {}, l.narrow ? null : caps(l.pad, 18, `${frame.partition} · offset`), l.from > low ? text(l.cellsX - 8, 18, "‹", "mk-offset") : null,
    offsets.map((offset) => h("g", {
      key: `o${offset}`, class: "mk-glide mk-pointed", style: at(l.x(offset) + l.cellWidth / 2, 18), tabindex: 0, role: "img",
      "aria-label": `offset ${offset}: ${whereIs(frame, offset)}`, "data-records": recordName(frame.partition, offset),
    }, h("rect", { x: -18, y: -14, width: 36, height: 20, rx: 6 }), text(0, 0, offset, "mk-offset"))));
}

function whereIs({ state, partition }, offset) {
  const on = Object.entries(state.replicas[partition] || {}).filter(([, replica]) => offset >= replica.log_start && offset < replica.end);
  return on.length ? `on ${on.map(([id]) => spoken(id)).join(", ")}` : "on no broker";
}

function drawLane(frame, l, row) {
  const replica = frame.state.replicas[frame.partition][row.id];
  const is = standing(frame.state, frame.partition, row.id);
  const entries = entriesOf(replica, l.from, l.to);
  const gone = goneFrom(frame, l, row, replica);
  const x = l.pad / 2;
  return h("g", { key: row.id, class: `mk-row mk-is-${is.tone}${is.word === "crashed" ? " mk-gone" : ""}` },
    h("rect", { x, y: row.y, width: frame.width - 2 * x, height: row.height, rx: 12, class: "mk-panel" }),
    h("rect", { x: x + 7, y: row.y + 10, width: 5, height: row.height - 20, rx: 2.5, class: "mk-bar" }),
    drawLaneHead(frame, l, row, is, replica),
    l.hasSegments ? drawSegments(l, row, replica) : null,
    gone.drawn,
    drawFrames(l, row, entries),
    entries.filter(({ offset }) => !gone.taken.includes(offset)).map((entry) => drawEntry(frame, l, row, entry)),
    drawDisk(l, row, replica),
    drawLaneFlags(l, row, replica),
    l.aside ? notesOf(frame, row, replica).flatMap((each) => lines(each.text, l.aside, 13, 3).map((line) => ({ line, tone: each.tone }))).slice(0, 5)
      .map(({ line, tone }, i) => text(l.right - l.aside, row.y + 26 + i * 17, line, `mk-note mk-ink-${tone}`)) : null);
}

function drawLaneHead(frame, l, row, is, replica) {
  const x = l.pad / 2 + 22;
  const state = `${is.mark} ${is.word}`;
  const epoch = replica.leader_epoch >= 0 && is.word !== "crashed" ? `epoch ${replica.leader_epoch}` : "";
  const members = membership(frame.state, frame.partition, row.id);
  if (l.narrow) {
    const after = x + widthOf(spoken(row.id), 14, "bold") + 10;
    return h("g", {}, text(x, row.y + 20, spoken(row.id), "mk-name mk-small-name"), text(after, row.y + 20, state, `mk-state mk-ink-${is.tone}`),
      text(x, row.y + 39, epoch, "mk-mono"), chips(x + (epoch ? 66 : 0), row.y + 26, members));
  }
  return h("g", {}, text(x, row.y + 26, spoken(row.id), "mk-name"), text(x, row.y + 45, state, `mk-state mk-ink-${is.tone}`),
    text(x + widthOf(state, 14, "bold") + 8, row.y + 45, epoch, "mk-mono"), text(x, row.y + 61, shorten(is.more, l.cellsX - x - 12, 12), "mk-small"),
    members.map((member, i) => chips(x - 2, row.y + 70 + i * 23, [member])));
}

function drawSegments(l, row, replica) {
  const bases = [replica.log_start, ...replica.segments];
  return bases.map((base, i) => {
    const end = bases[i + 1] ?? Math.max(replica.end, base + 1);
    const from = Math.max(base, l.from), to = Math.min(end, l.to);
    if (from >= to) return null;
    const x = l.x(from) - 3, width = l.x(to) - l.x(from) - 2, y = row.cellsY - 9;
    const word = [`segment ${base}${i === bases.length - 1 ? ", active" : ""}`, `segment ${base}`].find((each) => widthOf(each, 11) < width) || `${base}`;
    return h("g", { key: `segment${base}`, class: "mk-segment" }, h("path", { d: `M${x},${y + 4} V${y} H${x + width} V${y + 4}` }),
      text(x + 2, y - 4, word, "mk-tag"));
  });
}

function drawFrames(l, row, entries) {
  const seen = new Map();
  for (const { batch, offset } of entries) if (batch) seen.set(batch, [seen.get(batch)?.[0] ?? offset, offset]);
  return [...seen].map(([[base, last, producer, epoch, sequence, kind], [from, to]]) => {
    const x = l.x(from) - 3, width = l.x(to) - l.x(from) + l.cellWidth + 6;
    const numbers = sequence < 0 ? "" : ` #${sequence}${last > base ? `–${sequence + last - base}` : ""}`;
    const word = producer < 0 ? `${last - base + 1} in one batch` : `P${producer}.${epoch}${kind > 1 ? "" : numbers}`;
    return h("g", { key: `batch${base}`, class: `mk-batch${kind ? " mk-in-transaction" : ""}` },
      h("title", {}, producer < 0 ? `one batch, offsets ${base} to ${last}` : `producer id ${producer}, producer epoch ${epoch}${sequence < 0 ? "" : `, first sequence ${sequence}`}`),
      h("rect", { x, y: row.cellsY - 3, width, height: l.cellHeight + 6, rx: 9 }),
      text(x + width / 2, row.tagY, shorten(word, width + 4, 11, "mono"), "mk-tag mk-middle"));
  });
}

const FATES = { open: ["…", "soft", "its transaction is open"], committed: ["", "good", "its transaction is committed"], aborted: ["✕", "warning", "its transaction is aborted"] };

function drawEntry(frame, l, row, entry) {
  const { offset, cell, marker, fate } = entry;
  const records = recordName(frame.partition, offset);
  const style = at(l.x(offset), row.cellsY);
  const size = { width: l.cellWidth, height: l.cellHeight, rx: 6, class: "mk-cell-box" };
  const middle = l.cellWidth / 2;
  if (fate === "hole") {
    return h("g", { key: `hole${offset}`, class: "mk-hole", style, "data-records": records }, h("title", {}, `offset ${offset} was compacted away: its key has a newer record`),
      h("rect", size), text(middle, l.cellHeight / 2 + 4, l.narrow ? "∅" : "compacted", "mk-tag mk-middle"));
  }
  if (marker) {
    return h("g", { key: `marker${offset}`, class: `mk-marker mk-${marker}`, style, "data-records": records },
      h("title", {}, `offset ${offset}: the marker ${marker} of producer ${entry.batch[2]}; consumers never see it`),
      h("rect", { ...size, rx: 14 }), text(middle, l.cellHeight / 2 - 1, marker === "COMMIT" ? "✓" : "✕", "mk-value"), text(middle, l.cellHeight - 11, marker, `mk-tag mk-middle${l.cellWidth < 60 ? " mk-tight" : ""}`));
  }
  return drawRecord(frame, l, row, { offset, cell, fate, records, style, size, middle });
}

function drawRecord(frame, l, row, { offset, cell, fate, records, style, size, middle }) {
  const [, epoch, key] = cell;
  const doomed = frame.run.fateOf(frame.partition, row.id, cell, frame.step);
  const told = toldOf(frame.state, frame.partition, cell);
  const [sign, tone, words] = FATES[fate] || ["", "", ""];
  const title = [`offset ${offset}, epoch ${epoch}: ${valueText(cell)}`, key === null ? "" : `key ${key}`, words, told ? `${told.client} was told it is stored` : "",
    doomed ? `will be cut off at step ${doomed.gone}` : ""].filter(Boolean).join("; ");
  const isKeyed = key !== null && key !== cell[3];
  return h("g", {
    key: `${offset}-${epoch}`, class: `mk-cell mk-glide mk-in-e${epoch % PATTERNS}${doomed ? " mk-doomed" : ""}${fate ? ` mk-${fate}` : ""}`, style, "data-records": records,
  },
  h("title", {}, title), h("rect", { ...size, fill: `url(#${frame.unique}-e${epoch % PATTERNS})` }),
  text(middle, isKeyed ? 27 : 30, shorten(valueText(cell), l.cellWidth - 8, 15), "mk-value"),
  isKeyed ? text(middle, 39, shorten(l.narrow ? key : `key ${key}`, l.cellWidth - 6, 11), "mk-tag mk-middle") : null,
  text(middle, l.cellHeight - 6, `e${epoch}`, "mk-epoch"),
  sign ? text(5, l.cellHeight - 7, sign, `mk-tag mk-ink-${tone}`) : null,
  told ? h("g", { transform: `translate(${l.cellWidth - 54},0)` }, drawTick({ cellWidth: 54 }, doomed)) : null);
}

function goneFrom(frame, l, row, replica) {
  const lost = frame.facts.filter((fact) => LOSSES.includes(fact.kind) && fact.node === row.id && fact.fields.partition === frame.partition);
  const before = lost.length && frame.step > 1 ? entriesOf(frame.run.stateAt(frame.step - 1).replicas[frame.partition][row.id], l.from, l.to) : [];
  const now = new Set(entriesOf(replica, l.from, l.to).filter((entry) => entry.fate !== "hole").map((entry) => entry.offset));
  const ghosts = before.filter(({ cell, marker, offset }) => (cell || marker) && !now.has(offset));
  const wanted = lost.every(({ kind }) => kind === "LogStartMoved" || kind === "LogCompacted");
  const drawn = ghosts.map(({ offset, cell, marker }) => h("g", { key: `ghost${offset}`, class: `mk-ghost${wanted ? " mk-meant" : ""}`, style: at(l.x(offset), row.cellsY) },
    h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6 }), text(l.cellWidth / 2, 30, shorten(marker || valueText(cell), l.cellWidth - 8, 15), "mk-value"),
    h("path", { d: `M6,${l.cellHeight - 6} L${l.cellWidth - 6},6` })));
  const start = Math.min(replica.log_start, l.to);
  const taken = ghosts.map(({ offset }) => offset);
  for (let offset = l.from; offset < start; offset += 1) {
    if (!taken.includes(offset)) drawn.push(h("g", { key: `gone${offset}`, class: "mk-hole", style: at(l.x(offset), row.cellsY) }, h("rect", { width: l.cellWidth, height: l.cellHeight, rx: 6 }),
      text(l.cellWidth / 2, l.cellHeight / 2 + 4, "dropped", "mk-tag mk-middle")));
  }
  return { drawn, taken };
}

function drawDisk(l, row, replica) {
  const from = Math.max(replica.log_start, l.from), to = Math.min(replica.end, l.to);
  if (to <= from) return null;
  const durable = Math.min(Math.max(replica.durable, from), to);
  const bar = (a, b, style) => (b > a ? h("rect", { x: l.x(a) - 1, y: row.diskY, width: l.x(b) - l.x(a) - 4, height: 7, rx: 3.5, class: style }) : null);
  const words = durable < to ? `from offset ${Math.max(replica.durable, replica.log_start)} on only in the page cache: a power loss may take it` : "all of it is flushed to the disk";
  return h("g", {}, h("title", {}, words), bar(from, durable, "mk-disk"), bar(durable, to, "mk-cache"));
}

function drawLaneFlags(l, row, replica) {
  const stable = stableEnd(replica);
  const marks = [["HW", replica.high_watermark], ["end", replica.end]];
  if (replica.log_start > 0) marks.unshift(["start", replica.log_start]);
  if (stable !== replica.high_watermark || openIn(replica).length) marks.splice(marks.length - 1, 0, ["LSO", stable]);
  const seen = marks.filter(([, offset]) => offset >= l.from && offset <= l.to);
  return placeFlags(seen, l.x, 11, l.narrow ? l.pad : l.cellsX - 12, l.right).map(({ offset, names, word, width, left, line }) => {
    const y = row.flagsY + line * (FLAG + 3), pole = l.x(offset) - 3;
    const kind = names.includes("HW") ? "mk-flag" : names.includes("LSO") ? "mk-flag mk-flag-stable" : "mk-flag mk-flag-plain";
    return h("g", { key: names.join(), class: kind }, h("path", { d: `M${pole},${row.cellsY - 6} V${y + 2}`, class: "mk-flag-pole" }),
      h("rect", { x: left, y, width, height: FLAG, rx: 4 }), text(left + width / 2, y + 12.5, word, "mk-flag-text"));
  });
}

function drawSigns(l) {
  const x = l.narrow ? l.pad + 8 : l.cellsX, y = l.signsY;
  const second = x + widthOf("flushed to disk", 12) + 50;
  return h("g", {}, h("rect", { x, y: y - 8, width: 26, height: 7, rx: 3.5, class: "mk-disk" }), text(x + 32, y, "flushed to disk", "mk-small"),
    h("rect", { x: second, y: y - 8, width: 26, height: 7, rx: 3.5, class: "mk-cache" }), text(second + 32, y, l.narrow ? "page cache only" : "page cache only: goes with the power", "mk-small"));
}

function logInWords({ state, partition }) {
  return Object.entries(state.replicas[partition] || {}).map(([id, replica]) => {
    const open = openIn(replica).map(({ producer, first }) => `, a transaction of producer ${producer} is open from ${first} on`).join("");
    const values = replica.cells.slice(-12).map(valueText);
    return `${spoken(id)}, ${standing(state, partition, id).word}: offsets ${replica.log_start} to ${replica.end}, high watermark ${replica.high_watermark}, ` +
      `last stable offset ${stableEnd(replica)}${open}. ${values.length ? `Records: ${few(values)}.` : "No records."}`;
  }).join(" ");
}

// view_isr.mjs
const LAG_LIMIT_MS = 30000; // Kafka's own, where the run says nothing else

const isrView = {
  id: "isr", name: "ISR and quorum", isText: true,
  applies: (run) => run.nodes.filter((node) => node.role === "broker").length > 1 || hasQuorum(run),
  draw: (frame) => h("div", { class: "mk-sheet mk-isr" }, drawIsr(frame), drawQuorum(frame)),
};

function hasQuorum(run) {
  return run.nodes.filter((node) => node.role === "controller").length > 1;
}

function drawIsr(frame) {
  const { state, partition } = frame;
  const written = state.partitions[partition];
  if (!written) return part("isr", "In sync", h("p", {}, "The controller has written nothing about this partition yet."));
  const leader = state.replicas[partition][`broker-${written.leader}`];
  const rows = Object.keys(state.replicas[partition]).map((id) => drawMember(frame, id, written, leader));
  return part("isr", `${partition}: in sync`, h("p", { class: "mk-verdict" }, ...commitWords(frame, written, leader)),
    table("Who is in sync, and why not", ["replica", "log end", "behind", "as written", "why"], rows),
    h("p", { class: "mk-rule" }, "A partition commits what every member of the ISR holds, as far as its leader knows. Who falls behind for ",
      h("b", {}, `replica.lag.time.max.ms = ${inSeconds(lagLimit(frame.run))}`), " is taken out, so that the others need not wait."));
}

function lagLimit(run) {
  return Number((run.trace.settings || {})["replica.lag.time.max.ms"]) || LAG_LIMIT_MS;
}

function commitWords({ state, run }, written, leader) {
  if (written.leader < 0 || !leader) {
    return [tag("✕ nobody leads", "warning"), ` Nothing is written or read. ISR ${written.isr.join(", ") || "empty"}${written.elr.length ? `, ELR ${written.elr.join(", ")}` : ""}.`];
  }
  const least = Number((run.trace.settings || {})["min.insync.replicas"]) || 1;
  const short = written.isr.length < least;
  const ends = written.isr.map((id) => (id === written.leader ? leader.end : leader.progress[id]));
  const known = ends.map((end, i) => `${written.isr[i]} holds ${end === undefined ? "?" : end}`);
  const isAway = state.nodes[`broker-${written.leader}`].state === "crashed";
  return [tag(`ISR ${written.isr.join(", ")}`, short ? "warning" : "good"), ` ${known.join(", ")}. `, h("b", {}, `Committed: everything below ${leader.high_watermark}.`),
    isAway ? ` The leader, broker ${written.leader}, has crashed: nothing moves until another is written.`
      : short ? ` acks=all is refused: ${written.isr.length} in sync, min.insync.replicas is ${least}.` : ""];
}

function drawMember(frame, id, written, leader) {
  const { state, partition, run, step } = frame;
  const is = standing(state, partition, id);
  const number = numberOf(id), replica = state.replicas[partition][id];
  const isLeader = written.leader === number;
  const known = isLeader ? replica.end : leader && leader.progress[number];
  const since = leader && !isLeader ? leader.behind[number] : undefined;
  const highest = Math.max(1, ...Object.values(state.replicas[partition]).map((each) => each.end));
  const standingIn = written.isr.includes(number) ? tag("✓ in ISR", "good") : written.elr.includes(number) ? tag("in ELR", "accent", "eligible to lead: it holds all that was committed") : tag("✕ not in ISR", "warning");
  return {
    key: id, style: written.isr.includes(number) ? "" : "mk-out",
    cells: [
      [h("b", {}, spoken(id)), " ", h("span", { class: `mk-ink-${is.tone}` }, `${is.mark} ${is.word} ${is.more}`)],
      meter(replica.end / highest, known === undefined || known === replica.end ? `${replica.end}` : `${replica.end} (the leader knows of ${known})`, isLeader ? "accent" : "soft"),
      isLeader || !leader ? "–" : since === undefined ? (known === undefined ? "not heard of yet" : "nothing") : behind(between(run, since, step), lagLimit(run)),
      [standingIn, (leader && leader.proposed && leader.proposed.includes(number) !== written.isr.includes(number)) ? tag(leader.proposed.includes(number) ? "asked for" : "to be removed", "accent") : null],
      whyOf(frame, id, written, leader, since),
    ],
  };
}

function behind(ms, limit) {
  return meter(ms / limit, `${inSeconds(ms)} of ${inSeconds(limit)}`, ms >= limit ? "warning" : "accent");
}

function whyOf({ state, partition }, id, written, leader, since) {
  const node = state.nodes[id], number = numberOf(id);
  const inIsr = written.isr.includes(number);
  const reasons = [];
  if (node.state !== "up") reasons.push(node.state === "crashed" ? "its process is gone" : "it stands still");
  if (node.fenced) reasons.push("fenced: the controller hears nothing of it");
  if (node.disk) reasons.push(`its disk: ${node.disk}`);
  const cut = state.cuts.some((pair) => pair.includes(id) && pair.includes(`broker-${written.leader}`));
  if (cut) reasons.push(`cut off from broker ${written.leader}, which leads`);
  const self = state.replicas[partition][id];
  if (self.role === "leader" && written.leader !== number) reasons.push(`leads epoch ${self.leader_epoch} in its own eyes: what only it holds is not safe`);
  if (written.leader === number) return inIsr && !reasons.length ? "the leader is always in sync" : few(reasons);
  if (since !== undefined) reasons.push(`lacks ${leader.end - leader.progress[number]} of the leader's records`);
  if (written.elr.includes(number)) reasons.push("it holds all that was committed, so it may lead when it is back");
  if (inIsr) return reasons.length ? `still in: ${reasons.join("; ")}` : "holds all that the leader has";
  if (!reasons.length && leader) reasons.push(leader.progress[number] === undefined ? "has not asked this leader for anything yet" : leader.progress[number] < leader.high_watermark ? "has not reached the high watermark" : "has caught up; the controller has not written it yet");
  return reasons.join("; ") || "nobody leads: nobody can be in sync";
}

function drawQuorum({ run, state }) {
  const ids = Object.keys(state.controllers);
  const [only] = ids;
  if (ids.length < 2) {
    return only ? part("quorum", "The controllers' log", h("p", { class: "mk-verdict" }, tag(`${spoken(only)} alone`, "soft"), ` One controller is its own majority: what it has on its disk is committed, ${state.controllers[only].high_watermark} records so far.`)) : null;
  }
  const leader = quorumLeader(state);
  const majority = Math.floor(ids.length / 2) + 1;
  const rows = ids.map((id) => drawVoter(state, id, leader));
  return part("quorum", "The controllers' quorum", h("p", { class: "mk-verdict" }, ...majorityWords(state, leader, majority, ids.length)),
    table("Who votes for whom, and who holds what", ["controller", "epoch", "last vote", "log end", "committed here", "leader it knows"], rows),
    h("p", { class: "mk-rule" }, "The quorum commits what a ", h("b", {}, `majority, ${majority} of ${ids.length},`), " holds: a slow minority delays nothing, and a majority is needed to go on."));
}

function quorumLeader(state) {
  const leaders = Object.entries(state.controllers).filter(([id, each]) => each.state === "leader" && state.nodes[id].state !== "crashed").sort(([, a], [, b]) => b.epoch - a.epoch);
  const highest = Math.max(...Object.values(state.controllers).map((each) => each.epoch));
  return leaders.length && leaders[0][1].epoch >= highest ? leaders[0][0] : "";
}

function majorityWords(state, leader, majority, size) {
  if (!leader) {
    const standing = Object.entries(state.controllers).filter(([id, each]) => ["candidate", "prospective"].includes(each.state) && state.nodes[id].state === "up").map(([id]) => numberOf(id));
    return [tag("✕ nobody leads the quorum", "warning"), ` ${standing.length ? `Controller ${standing.join(" and ")} ask${standing.length > 1 ? "" : "s"} for votes; ${majority} of ${size} are needed. ` : ""}Data still flows, but no leader can be replaced.`];
  }
  const { end, progress, high_watermark: mark, epoch } = state.controllers[leader];
  const ends = Object.keys(state.controllers).map((id) => (id === leader ? end : progress[numberOf(id)] ?? 0)).sort((a, b) => b - a);
  return [tag(`★ ${spoken(leader)} leads epoch ${epoch}`, "accent"), ` Of the log ends it knows, ${ends.join(", ")}, the ${majority === 2 ? "second" : `${majority}th`} highest is ${ends[majority - 1]}. `, h("b", {}, `Committed: everything below ${mark}.`)];
}

function votesFor(state, id) {
  const { state: is, epoch } = state.controllers[id];
  if (is !== "candidate" && is !== "prospective") return "";
  const all = Object.values(state.controllers);
  const said = all.filter(({ vote }) => vote && vote[0] === numberOf(id) && vote[1] === epoch && vote[2] && vote[3] === (is === "prospective"));
  return `, ${said.length + 1} of ${all.length} say yes`;
}

const QUORUM_MARKS = { leader: "★", follower: "○", candidate: "?", prospective: "?", resigned: "↓", unattached: "·", observer: "○" };

function drawVoter(state, id, leader) {
  const each = state.controllers[id], node = state.nodes[id];
  const away = node.state !== "up";
  const knows = leader && leader !== id ? state.controllers[leader].progress[numberOf(id)] : undefined;
  const highest = Math.max(1, ...Object.values(state.controllers).map((one) => one.end));
  const isOld = each.state === "leader" && id !== leader;
  const word = away ? (node.state === "crashed" ? "✕ crashed" : `❚❚ paused, ${each.state}`) : `${isOld ? "☆" : QUORUM_MARKS[each.state] || "·"} ${each.state || "starting"}${votesFor(state, id)}${isOld ? " in its own eyes" : ""}`;
  const [candidate, epoch, granted, pre] = each.vote || [];
  const epochs = each.epochs.slice(-3).map(([start, number]) => `epoch ${number} from ${start}`).join(", ");
  return {
    key: id, style: away ? "mk-out" : "",
    cells: [
      [h("b", {}, spoken(id)), " ", h("span", { class: away || isOld ? "mk-ink-warning" : id === leader ? "mk-ink-accent" : "mk-ink-soft" }, word)], String(each.epoch),
      each.state === "candidate" || (each.state === "leader" && !(epoch >= each.epoch)) ? [tag("yes", "good"), ` to itself, epoch ${each.epoch}`] : each.vote ? [tag(granted ? "yes" : "no", granted ? "good" : "warning"), ` to controller ${candidate}, epoch ${epoch}${pre ? " (pre-vote)" : ""}`] : "–",
      h("span", { title: epochs }, meter(each.end / highest, knows === undefined || knows === each.end ? `${each.end}` : `${each.end} (the leader knows of ${knows})`, id === leader ? "accent" : "soft")),
      String(each.high_watermark), each.leader >= 0 ? `controller ${each.leader}` : id === leader ? "–" : "nobody",
    ],
  };
}

// view_groups.mjs
const SIGNS_OF_LIFE = /^~?(Heartbeat|JoinGroup|SyncGroup|ConsumerGroupHeartbeat|OffsetCommit)\b/;

const isOfGroup = (kind) => kind === "GroupChanged" || kind === "OffsetCommitted";

const groupsView = {
  id: "groups", name: "Groups", isText: true,
  applies: (run) => hasFact(run, isOfGroup),
  draw: (frame) => {
    const names = Object.keys(frame.state.groups);
    return h("div", { class: "mk-sheet mk-groups" }, names.length ? names.map((name) => drawGroup(frame, name))
      : h("p", { class: "mk-verdict" }, "No group has a member yet, and nothing is committed."));
  },
};

function drawGroup(frame, name) {
  const { state, run } = frame;
  const group = state.groups[name];
  const refused = group.refused >= 0 ? run.fact(group.refused) : null;
  const members = [...Object.keys(group.members).map((id) => drawGroupMember(frame, name, id)), ...strangers(frame, name).map((id) => drawStranger(frame, name, id))];
  return part(name, `Group ${name}`, h("p", { class: "mk-verdict" }, ...groupWords(frame, group)),
    members.length ? table(`Members of ${name}`, ["member", "reads", "generation", "session", "poll"], members) : null,
    table(`How far ${name} has come`, ["partition", "committed", "position", "high watermark", "lag: not read", "lag: not committed"], partitionsOf(frame, name).map((each) => drawProgress(frame, name, each))),
    group.gone ? note(frame, group.gone[2], `${group.gone[0]} was taken out: ${group.gone[1]}.`) : null,
    refused ? note(frame, refused.step, refused.sentence) : null);
}

function note({ go, step }, at, words) {
  return h("p", { class: "mk-rule" }, h("button", { type: "button", class: "mk-link mk-mono", "data-step": at, onclick: () => go(at), "aria-label": `step ${at}`, "aria-current": at === step ? "step" : null }, at), ` ${words}`);
}

const QUIET = ["Stable", "Empty", "Dead"];

function groupWords({ state, run, step }, group) {
  const where = state.nodes[group.coordinator];
  const isAway = where && where.state === "crashed";
  const calm = group.state === "Stable";
  const words = { PreparingRebalance: "waits for its members to join again", CompletingRebalance: "waits for the assignment", Reconciling: "hands partitions over", Assigning: "works out an assignment", Empty: "has no members", Stable: "reads", Dead: "is gone" }[group.state];
  return [tag(`${calm ? "✓" : QUIET.includes(group.state) ? "·" : "⟳"} ${group.state || "only offsets"}`, calm ? "good" : QUIET.includes(group.state) || !group.state ? "soft" : "accent"),
    words ? ` ${words}, for ${inSeconds(between(run, group.since, step))}` : " nobody subscribes", group.generation >= 0 ? ` · generation ${group.generation}` : "", group.protocol ? ` · ${group.protocol}` : "",
    ` · coordinator ${spoken(group.coordinator)}`, isAway ? tag("✕ crashed", "warning") : null];
}

function clientOf({ run }, member) {
  const named = run.clients.filter(({ role, id }) => role === "consumer" && member.startsWith(`${id.slice(9)}-`));
  return (named.sort((a, b) => b.id.length - a.id.length)[0] || {}).id;
}

function strangers(frame, name) {
  const known = Object.keys(frame.state.groups[name].members).map((member) => clientOf(frame, member));
  return Object.entries(frame.state.clients).filter(([id, client]) => client.group === name && client.owned.length && !known.includes(id)).map(([id]) => id);
}

function drawGroupMember(frame, name, member) {
  const { state, run, step } = frame;
  const group = state.groups[name], known = group.members[member];
  const id = clientOf(frame, member), client = state.clients[id];
  const given = known.partitions, believes = client ? client.owned : given;
  const differs = client && client.state !== "crashed" && believes.join() !== [...given].sort().join();
  const isOld = known.generation >= 0 && known.generation < group.generation;
  const state_ = client && client.state !== "up" ? tag(client.state === "crashed" ? "✕ dead" : "❚❚ paused", "warning") : null;
  return {
    key: member, style: "",
    cells: [
      [h("b", {}, id || member), group.leader === member ? tag("★ leader", "accent", "works out the assignment") : null, known.instance ? tag(`static ${known.instance}`) : null, state_],
      [given.join(", ") || "nothing", differs ? tag(`believes: ${believes.join(", ") || "nothing"}`, "warning") : null],
      known.generation < 0 ? "–" : [String(known.generation), isOld ? tag("an older one", "warning") : null],
      clock(lastSign(run, id, step, known.since), known.session, "heard"), clock(lastPoll(run, id, step), known.poll, "polled"),
    ],
  };
}

function drawStranger(frame, name, id) {
  const { run, state, step } = frame;
  const { owned, generation, state: is } = state.clients[id];
  const readers = owned.map((each) => Object.entries(state.groups[name].members).find(([, member]) => member.partitions.includes(each))).filter(Boolean).map(([member]) => clientOf(frame, member) || member);
  return {
    key: id, style: "mk-out",
    cells: [[h("b", {}, id), tag(is === "up" ? "☆ member in its own eyes" : is, "warning")], [owned.join(", "), tag(readers.length ? `now given to ${readers.join(", ")}` : "the group will give it to others", "warning")], String(generation),
      "not a member", clock(lastPoll(run, id, step), 0, "polled")],
  };
}

function lastSign(run, id, step, joined) {
  const heard = timesOf(run).signs.get(id) || [];
  const at = Math.max(joined, ...heard.filter((each) => each <= step).slice(-1));
  return at ? between(run, at, step) : null;
}

function lastPoll(run, id, step) {
  const polls = (timesOf(run).polls.get(id) || []).filter((each) => each <= step);
  return polls.length ? between(run, polls[polls.length - 1], step) : null;
}

const clocks = new WeakMap(); // run → {signs, polls}: steps by client, in order

function timesOf(run) {
  if (!clocks.has(run)) clocks.set(run, readClocks(run));
  return clocks.get(run);
}

function readClocks(run) {
  const signs = new Map(), polls = new Map();
  const add = (map, id, step) => map.set(id, [...(map.get(id) || []), step]);
  run.trace.steps.forEach(([, kind, node, , what], i) => {
    if (kind === "deliver" && what >= 0) {
      const [from, to, , , label] = run.trace.messages[what];
      if (run.nodes[to].role === "broker" && SIGNS_OF_LIFE.test(run.label(label))) add(signs, run.idOf(from), i + 1);
    }
    if (kind === "call" && /^~?(poll|consume)\b/.test(run.label(what))) add(polls, run.idOf(node), i + 1);
  });
  return { signs, polls };
}

function partitionsOf({ state }, name) {
  const { members, committed, pending } = state.groups[name];
  const owned = Object.values(state.clients).filter((client) => client.group === name).flatMap((client) => client.owned);
  return [...new Set([...Object.values(members).flatMap((member) => member.partitions), ...Object.keys(committed), ...Object.keys(pending), ...owned])].sort();
}

function readerOf(frame, name, partition) {
  const { members } = frame.state.groups[name];
  const member = Object.keys(members).find((each) => members[each].partitions.includes(partition));
  const own = Object.keys(frame.state.clients).find((id) => frame.state.clients[id].group === name && frame.state.clients[id].owned.includes(partition));
  return member ? [clientOf(frame, member), null] : [own, own ? tag("in its own eyes", "warning") : null];
}

function drawProgress(frame, name, partition) {
  const { state } = frame;
  const group = state.groups[name];
  const replica = leadingReplica(state, partition);
  const mark = replica ? replica.high_watermark : 0;
  const [committed] = group.committed[partition] || [];
  const pending = group.pending[partition];
  const [reader, doubt] = readerOf(frame, name, partition);
  const position = reader ? state.clients[reader].positions[partition] : undefined;
  const isLost = replica && committed !== undefined && committed < replica.log_start;
  const mine = (offset) => (offset === undefined ? null : `${partition}:${offset}`);
  return {
    key: partition, style: "",
    cells: [
      [h("b", {}, partition), drawRail(replica, committed, position)],
      [h("span", { "data-records": mine(committed) }, committed === undefined ? "nothing yet" : String(committed)), pending ? tag(`${pending[0]} once its transaction commits`, "accent") : null,
        isLost ? tag(`below the log start ${replica.log_start}`, "warning") : null],
      [h("span", { "data-records": mine(position) }, position === undefined ? "–" : String(position)), reader ? ` ${reader}` : "", doubt], String(mark),
      lag(frame, partition, position ?? committed, mark), lag(frame, partition, committed, mark),
    ],
  };
}

function lag({ run, state, step }, partition, from, mark) {
  const replica = leadingReplica(state, partition);
  const start = Math.max(from ?? 0, replica ? replica.log_start : 0);
  const records = Math.max(0, mark - start);
  if (!records) return tag("0", "good");
  const first = replica.cells.find((cell) => cell[0] >= start && cell[0] < mark);
  const written = first && run.writtenAt(partition, first);
  return [h("b", {}, String(records)), written ? ` · ${inSeconds(between(run, written, step))}` : ""];
}

function drawRail(replica, committed, position) {
  if (!replica || replica.end <= replica.log_start) return null;
  const place = (offset) => Math.round((Math.min(replica.end, Math.max(replica.log_start, offset)) - replica.log_start) / (replica.end - replica.log_start) * 100);
  const marks = [["▲", committed, "committed"], ["●", position, "position"]].filter(([, offset]) => offset !== undefined);
  return h("span", { class: "mk-rail", "aria-hidden": "true" }, h("span", { class: "mk-rail-read", style: `width:${place(replica.high_watermark)}%` }),
    marks.map(([sign, offset, word]) => h("span", { key: word, class: `mk-rail-mark mk-glide mk-${word}`, style: `left:${place(offset)}%`, title: `${word} ${offset}` }, sign)));
}

// view_transactions.mjs
const isOfTransaction = (kind, fields) => kind === "TransactionChanged" || (kind === "ProducerIdGranted" && fields.transactional_id);

const transactionsView = {
  id: "transactions", name: "Transactions", isText: true,
  applies: (run) => hasFact(run, isOfTransaction),
  draw: (frame) => h("div", { class: "mk-sheet mk-transactions" }, drawIds(frame), frame.run.partitions.map((partition) => drawReaders(frame, partition))),
};

const PATHS = {
  commit: ["Empty", "Ongoing", "PrepareCommit", "CompleteCommit"], abort: ["Empty", "Ongoing", "PrepareAbort", "CompleteAbort"],
};
const MEANINGS = {
  Empty: "nothing is under way", Ongoing: "open: nothing is decided", PrepareCommit: "decided: it will be committed, whatever happens", PrepareAbort: "decided: it will be aborted",
  CompleteCommit: "committed in every partition", CompleteAbort: "aborted in every partition", PrepareEpochFence: "an older producer is shut out", Dead: "forgotten",
};

function drawIds(frame) {
  const names = Object.keys(frame.state.transactions);
  return part("ids", "What the coordinator has written", names.length ? names.map((name) => drawId(frame, name))
    : h("p", { class: "mk-verdict" }, "No producer has asked for a transactional id yet."));
}

function drawId({ run, state, step, go }, name) {
  const known = state.transactions[name];
  const path = PATHS[known.state.endsWith("Abort") ? "abort" : "commit"];
  const chain = path.includes(known.state) ? path : [...PATHS.abort.slice(0, 2), known.state].filter(Boolean);
  const at = chain.indexOf(known.state);
  const refused = known.refused >= 0 ? run.fact(known.refused) : null;
  const producers = Object.entries(state.clients).filter(([, client]) => client.transaction && client.transaction[0] === name);
  const away = (state.nodes[known.coordinator] || {}).state === "crashed";
  return h("div", { class: "mk-id", key: name },
    h("p", { class: "mk-verdict" }, h("b", {}, name), ` · producer id ${known.producer_id}, epoch ${known.producer_epoch} · coordinator ${spoken(known.coordinator)}`, " ", away ? tag("✕ crashed", "warning") : null),
    h("ol", { class: "mk-path", "aria-label": `State of ${name}` }, chain.map((each, i) => h("li", { key: each, class: i === at ? "mk-here" : i < at ? "mk-past" : null, "aria-current": i === at ? "step" : null }, each))),
    h("p", {}, MEANINGS[known.state] || "", known.since ? `, for ${inSeconds(between(run, known.since, step))}` : "", known.partitions.length ? ` · in ${few(known.partitions)}` : ""),
    producers.map(([id, { transaction, state: is }]) => h("p", { key: id, class: "mk-rule" }, h("b", {}, id), is === "up" ? ": " : [" ", tag(is === "crashed" ? "✕ dead" : "❚❚ paused", "warning"), " "], `its transaction: ${transaction[1]}`)),
    refused ? h("p", { class: "mk-rule mk-ink-warning" }, h("button", { type: "button", class: "mk-link mk-mono", "data-step": refused.step, "aria-label": `step ${refused.step}`, onclick: () => go(refused.step) }, refused.step), ` ${refused.sentence}`) : null);
}

function drawReaders(frame, partition) {
  const { run, state, step, width } = frame;
  const replica = leadingReplica(state, partition);
  if (!replica) return null;
  const stable = stableEnd(replica), mark = replica.high_watermark;
  const columns = Math.max(4, Math.min(16, Math.floor((width - (width < 600 ? 110 : 190)) / 66)));
  const from = Math.max(replica.log_start, Math.min(replica.end - columns, Math.max(0, run.focusAt(partition, step) - Math.floor(columns / 2))));
  const entries = entriesOf(replica, from, from + columns);
  const open = openIn(replica);
  const seen = entries.filter(({ cell, offset, fate }) => cell && offset < stable && fate !== "aborted").length;
  const all = entries.filter(({ cell, offset }) => cell && offset < mark).length;
  return part(partition, partition, h("p", { class: "mk-verdict" }, open.length
    ? [tag(`… ${open.length === 1 ? "a transaction is" : `${open.length} transactions are`} open`, "accent"), ` of producer ${few(open.map((each) => `${each.producer} (epoch ${each.epoch}) from offset ${each.first} on`))}. read_committed waits at ${stable}; HW ${mark}.`]
    : stable < mark ? [tag("… decided, not yet readable", "accent"), ` The marker is in the log, but not below the high watermark ${mark}: read_committed still waits at ${stable}.`]
    : [tag("✓ nothing open", "good"), ` Last stable offset and high watermark: ${mark}.`]),
    entries.length ? h("div", { class: "mk-scroll", tabindex: 0, role: "region", "aria-label": `${partition}: what readers see` }, drawGrid(frame, partition, entries, stable, mark)) : null,
    entries.length ? h("p", { class: "mk-rule" }, `Of these offsets, read_uncommitted sees ${all} record${all === 1 ? "" : "s"}, read_committed ${seen}.`) : null);
}

function drawGrid(frame, partition, entries, stable, mark) {
  const row = (name, say) => h("tr", { key: name }, h("th", { scope: "row" }, name), entries.map((entry) => {
    const [words, style, title] = say(entry);
    return h("td", { key: entry.offset, class: style, title, "data-records": recordName(partition, entry.offset) }, words);
  }));
  return h("table", { class: "mk-grid" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "offset"), entries.map(({ offset }) => h("th", { key: offset, scope: "col", class: offset === stable ? "mk-stable-edge" : null }, String(offset))))),
    h("tbody", {},
      row("the log", inLog),
      row("producer", ({ batch }) => (batch && batch[2] >= 0 ? [`P${batch[2]}.${batch[3]}`, "mk-mono", `producer id ${batch[2]}, epoch ${batch[3]}`] : ["–", "mk-mono", null])),
      row("read_uncommitted", (entry) => seenBy(entry, mark, false)),
      row("read_committed", (entry) => seenBy(entry, stable, true))));
}

function inLog({ cell, marker, fate }) {
  if (marker) return [`${marker === "COMMIT" ? "✓" : "✕"} ${marker}`, `mk-marker-cell mk-${marker}`, "a marker: the outcome of a transaction"];
  if (!cell) return ["∅", "mk-unseen", "compacted away"];
  const sign = { open: "…", committed: "✓", aborted: "✕" }[fate];
  return [[valueText(cell), h("small", {}, sign ? `${sign} ${fate}` : "no transaction")], `mk-record mk-${fate || "plain"}`, null];
}

function seenBy({ cell, marker, fate, offset }, end, isCareful) {
  if (offset >= end) return [isCareful ? "waits" : "not yet", "mk-unseen", isCareful ? "at or above the last stable offset" : "above the high watermark"];
  if (marker || !cell) return ["·", "mk-unseen", "nothing for consumers"];
  if (isCareful && fate === "aborted") return ["skipped", "mk-unseen mk-ink-warning", "its transaction was aborted"];
  const dirty = { aborted: "though aborted", open: "undecided" }[fate];
  return [[valueText(cell), dirty ? h("small", {}, dirty) : null], `mk-record mk-${fate || "plain"}`, dirty ? "read_uncommitted takes what may never have been meant" : null];
}

// view_style.mjs
const MORE_CSS = `
.mk-root {
.mk-log .mk-hole rect { fill: none; stroke: var(--line); stroke-dasharray: 2 4; }
.mk-picture .mk-tag { font-size: 11px; fill: var(--soft); } .mk-picture .mk-middle { text-anchor: middle; }
.mk-picture .mk-tag.mk-tight { font-size: 10px; letter-spacing: -0.02em; }
.mk-picture .mk-cell .mk-tag { fill: var(--ink); }
.mk-log .mk-marker rect { fill: var(--card); stroke: var(--soft); stroke-width: 1.5; }
.mk-picture .mk-marker.mk-COMMIT text { fill: var(--good); } .mk-picture .mk-marker.mk-COMMIT rect { stroke: var(--good); }
.mk-picture .mk-marker.mk-ABORT text { fill: var(--warning); } .mk-picture .mk-marker.mk-ABORT rect { stroke: var(--warning); stroke-dasharray: 4 3; }
.mk-batch rect { fill: none; stroke: var(--line); stroke-width: 1.5; } .mk-batch.mk-in-transaction rect { stroke: var(--soft); }
.mk-segment path { fill: none; stroke: var(--soft); }
.mk-log .mk-aborted .mk-cell-box { fill-opacity: 0.35; stroke: var(--warning); } .mk-log .mk-open .mk-cell-box { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 3 3; }
.mk-disk { fill: var(--soft); } .mk-cache { fill: none; stroke: var(--soft); stroke-dasharray: 2 2; }
.mk-ghost.mk-meant rect, .mk-ghost.mk-meant path { stroke: var(--soft); }
.mk-picture .mk-flag-stable rect { fill: var(--card); stroke: var(--accent); stroke-width: 1.5; } .mk-picture .mk-flag-stable .mk-flag-text { fill: var(--accent); } .mk-flag-stable .mk-flag-pole { stroke: var(--accent); stroke-dasharray: 4 3; }
.mk-picture .mk-flag-plain rect { fill: var(--card); stroke: var(--soft); } .mk-picture .mk-flag-plain .mk-flag-text { fill: var(--ink); } .mk-flag-plain .mk-flag-pole { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
.mk-pointed rect { fill: transparent; } .mk-pointed.mk-lit rect { fill: var(--faint); stroke: var(--accent); }
.mk-log .mk-lit > rect { stroke: var(--accent); stroke-width: 3; stroke-dasharray: none; }
.mk-sheet { padding: 14px 16px; display: flex; flex-direction: column; gap: 18px; font-size: 15px; }
&[data-narrow=yes] .mk-sheet { padding: 10px; }
.mk-part { display: flex; flex-direction: column; gap: 8px; min-width: 0; }
.mk-verdict { font-size: 16px; } .mk-rule { font-size: 14px; color: var(--soft); } .mk-rule b { color: var(--ink); font-weight: 600; } .mk-rule.mk-ink-warning { color: var(--warning); }
.mk-word { display: inline-block; border: 1px solid var(--line); border-radius: 10px; padding: 0 8px; margin: 1px 4px; font-size: 13px; line-height: 1.5; }
.mk-word:first-child { margin-left: 0; }
.mk-word.mk-tone-good { color: var(--good); border-color: var(--good); } .mk-word.mk-tone-accent { color: var(--accent); border-color: var(--accent); }
.mk-word.mk-tone-warning { color: var(--warning); border: 1px dashed var(--warning); } .mk-word.mk-tone-soft { color: var(--soft); }
.mk-scroll { overflow-x: auto; max-width: 100%; border-radius: 10px; }
.mk-table, .mk-grid { border-collapse: collapse; width: 100%; font-size: 14px; display: table; background: none; border: 0; margin: 0; }
.mk-table caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.mk-table th, .mk-table td { text-align: left; padding: 7px 14px 7px 0; border: 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; min-width: 0; background: none; }
.mk-table thead th { border-top: 0; color: var(--soft); font-size: 12px; padding-bottom: 3px; }
.mk-table .mk-word { white-space: nowrap; } .mk-table b { font-weight: 650; }
.mk-log .mk-gone .mk-cell, .mk-log .mk-gone .mk-flag { opacity: 0.75; }
.mk-gauge { display: inline-flex; vertical-align: top; align-items: center; gap: 8px; white-space: nowrap; } .mk-meter { width: 64px; height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; flex: none; }
.mk-meter > span { display: block; height: 100%; background: var(--soft); } .mk-tone-accent .mk-meter > span { background: var(--accent); } .mk-tone-good .mk-meter > span { background: var(--good); } .mk-tone-warning .mk-meter > span { background: var(--warning); }
.mk-sheet .mk-ink-accent { color: var(--accent); } .mk-sheet .mk-ink-soft { color: var(--soft); }
.mk-rail { position: relative; display: block; height: 18px; width: 150px; margin-top: 4px; } .mk-rail::before { content: ""; position: absolute; inset: 4px 0 auto; height: 4px; border-radius: 2px; background: var(--line); }
.mk-rail-read { position: absolute; left: 0; top: 4px; height: 4px; border-radius: 2px; background: var(--good); }
.mk-rail-mark { position: absolute; top: -4px; transform: translateX(-50%); font-size: 12px; line-height: 1; color: var(--accent); } .mk-rail-mark.mk-committed { top: 8px; color: var(--ink); }
.mk-id { display: flex; flex-direction: column; gap: 6px; border-left: 4px solid var(--line); padding-left: 12px; }
.mk-path { list-style: none; display: flex; flex-wrap: wrap; gap: 4px; } .mk-path li { border: 1px solid var(--line); border-radius: 10px; padding: 2px 10px; font-size: 14px; color: var(--soft); }
.mk-path li + li::before { content: "→ "; } .mk-path .mk-past { color: var(--ink); } .mk-path .mk-here { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 650; }
.mk-grid { width: auto; border-collapse: separate; border-spacing: 4px; } .mk-grid th, .mk-grid td { border: 0; background: none; padding: 4px 6px; min-width: 72px; text-align: center; font-size: 14px; font-weight: 400; vertical-align: middle; }
.mk-grid thead th { font-family: var(--mono); font-size: 12px; color: var(--soft); } .mk-grid th[scope=row], .mk-grid thead th:first-child { text-align: left; color: var(--soft); font-family: var(--sans); font-size: 13px; font-weight: 400; position: sticky; left: 0; background: var(--card); }
.mk-grid small { display: block; font-size: 11px; color: var(--soft); opacity: 1; }
.mk-grid td.mk-record { font-weight: 600; background: var(--panel); border-radius: 6px; } .mk-grid .mk-record.mk-aborted, .mk-grid .mk-record.mk-aborted small { color: var(--warning); } .mk-grid td.mk-record.mk-aborted { border: 1px dashed var(--warning); } .mk-grid td.mk-record.mk-open { border: 1px dashed var(--accent); } .mk-grid .mk-record.mk-open small { color: var(--accent); } .mk-grid .mk-record.mk-open { color: var(--accent); }
.mk-grid .mk-unseen { color: var(--soft); font-size: 12px; } .mk-grid .mk-unseen.mk-ink-warning { color: var(--warning); }
.mk-grid .mk-marker-cell { font-size: 11px; font-weight: 650; white-space: nowrap; } .mk-grid .mk-COMMIT { color: var(--good); } .mk-grid .mk-ABORT { color: var(--warning); }
.mk-sheet .mk-lit { outline: 2px solid var(--accent); border-radius: 6px; }
.mk-grid td.mk-stable-edge, .mk-grid th.mk-stable-edge { border-left: 2px dashed var(--accent); }
&[data-narrow=yes] .mk-table, &[data-narrow=yes] .mk-table tbody, &[data-narrow=yes] .mk-table tr, &[data-narrow=yes] .mk-table th, &[data-narrow=yes] .mk-table td { display: block; }
&[data-narrow=yes] .mk-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
&[data-narrow=yes] .mk-table tr { border-top: 1px solid var(--line); padding: 6px 0; } &[data-narrow=yes] .mk-table th, &[data-narrow=yes] .mk-table td { border: 0; padding: 2px 0; }
&[data-narrow=yes] .mk-table td::before { content: attr(data-head) ": "; color: var(--soft); }
.mk-space .mk-name, .mk-arrow text { text-anchor: middle; } .mk-right, .mk-at .mk-mono { text-anchor: end; }
.mk-life { stroke: var(--soft); stroke-width: 2; fill: none; } .mk-life.mk-paused { stroke-dasharray: 3 5; }
.mk-at { cursor: pointer; } .mk-at rect { fill: transparent; } .mk-at:hover rect { fill: var(--panel); } .mk-at.mk-current rect { fill: var(--faint); }
.mk-at circle { fill: var(--soft); } .mk-at circle.mk-turn, .mk-at.mk-current circle { fill: var(--accent); } .mk-at .mk-cut-line { stroke: var(--warning); stroke-dasharray: 2 5; stroke-width: 2; }
.mk-arrow { pointer-events: none; } .mk-arrow .mk-tip { fill: var(--soft); } .mk-picture .mk-word { font-size: 11px; fill: var(--soft); paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.mk-arrow.mk-current .mk-wire { stroke: var(--accent); stroke-width: 2; } .mk-picture .mk-arrow.mk-current :is(text, .mk-tip) { fill: var(--accent); }
.mk-arrow.mk-lost .mk-wire { stroke: var(--warning); stroke-dasharray: 4 3; } .mk-picture .mk-arrow.mk-lost text { fill: var(--warning); }
.mk-axis { fill: none; stroke: var(--line); } .mk-series { fill: none; stroke-width: 2; stroke: var(--accent); } .mk-cursor { stroke: var(--ink); } .mk-hit { fill: transparent; cursor: pointer; }
.mk-charts circle { fill: var(--accent); } .mk-line-1 { stroke: var(--warning); } .mk-line-2 { stroke: var(--good); }
.mk-worlds { width: 100%; border-collapse: collapse; font-size: 14px; table-layout: fixed; th, td { text-align: left; overflow-wrap: anywhere; vertical-align: top; padding: 4px 10px; border-top: 1px solid var(--line); }
  th:first-child { width: 84px; } .mk-link:not([data-part=difference]) { color: var(--ink); text-decoration: none; } .mk-both { color: var(--soft); } .mk-differs td { border: 2px solid var(--warning); } .mk-here { background: var(--faint); }
  .mk-current { outline: 2px solid var(--accent); } }
&[data-narrow=yes] .mk-worlds :is(th, td) { padding: 4px; } &[data-narrow=yes] .mk-worlds th:first-child { width: 76px; }
.mk-jumps { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 13px; color: var(--soft); } .mk-jumps [aria-disabled] { opacity: 0.5; }
.mk-foot { display: flex; flex-wrap: wrap; gap: 6px 16px; font-size: 13px; padding: 0 4px; }
.mk-foot .mk-link { color: var(--soft); }
.mk-help { flex-basis: 100%; display: flex; flex-wrap: wrap; gap: 12px 40px; } .mk-keys { display: grid; align-content: start; grid-template-columns: max-content 1fr; gap: 2px 14px; font-size: 13px; }
.mk-keys dt { font-family: var(--mono); font-weight: 400; }
}
`;

// why.mjs
function drawWhy(stage) {
  const causes = stage.run.causes(stage.step);
  if (!causes.length) {
    return h("p", { class: "mk-why mk-quiet" }, "Nothing inside the run caused this: the scenario, or a clock, did it.");
  }
  return h("div", { class: "mk-why" },
    h("p", {}, "Because, nearest first:"),
    h("ol", {}, causes.map((cause) => h("li", { key: `c${cause.step}` },
      button("link", "cause", () => stage.go(cause.step), [h("span", { class: "mk-mono" }, cause.step), ` ${cause.sentence}`])))));
}

// more.mjs
addViews([logView, isrView, groupsView, transactionsView, spaceView, chartsView, worldsView],
  { css: MORE_CSS, drawBranches, drawFoot, drawWhy, drawJumps, jumpKeys, openFile });
