// Small pieces of the views that are made of tables: a mark with a word, a clock that runs, a table with a caption.

import { h } from "./dom.mjs";

/** A word in a rounded frame; tones as everywhere. */
export function tag(words, tone = "soft", title = null) {
  return h("span", { class: `mk-word mk-tone-${tone}`, title }, words);
}

/** How much of a time or a length is used up: a bar, and the numbers in words. */
export function meter(part, words, tone = "accent") {
  return h("span", { class: `mk-gauge mk-tone-${tone}` },
    h("span", { class: "mk-meter", "aria-hidden": "true" }, h("span", { class: "mk-glide", style: `width:${Math.round(Math.min(1, Math.max(0, part)) * 100)}%` })), h("span", {}, words));
}

/** A clock of `limit` ms that was wound up `ms` ago; no limit known: only how long ago. */
export function clock(ms, limit, past) {
  if (ms === null) return h("span", { class: "mk-quiet" }, "–");
  if (!limit) return `${past} ${inSeconds(ms)} ago`;
  const part = ms / limit;
  return meter(part, `${inSeconds(ms)} of ${inSeconds(limit)}`, part >= 1 ? "warning" : part > 0.66 ? "accent" : "good");
}

/** 4200 → "4.2 s", 300000 → "5 min". */
export function inSeconds(ms) {
  if (ms >= 120000) return `${Math.round(ms / 6000) / 10} min`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** A table: heads, and rows of cells (a row may be {cells, style, key}). The first cell of a row names it. */
export function table(caption, heads, rows) {
  return h("div", { class: "mk-scroll", tabindex: 0, role: "region", "aria-label": caption }, h("table", { class: "mk-table" },
    h("caption", {}, caption), h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(({ key, style, cells }) => h("tr", { key, class: style || null }, cells.map((cell, i) =>
      (i ? h("td", { "data-head": heads[i] }, cell) : h("th", { scope: "row" }, cell))))))));
}

/** Milliseconds of virtual time between two steps. */
export function between(run, from, to) {
  return run.times[to] - run.times[from];
}

const answers = new WeakMap();

/** Is there a fact in this run of which `isOne(kind, fields)` is true? A view asks before each drawing: looked for once. */
export function hasFact(run, isOne) {
  const known = answers.get(run) || new Map();
  answers.set(run, known);
  if (!known.has(isOne)) known.set(isOne, run.trace.facts.some(([, , kind, fields]) => isOne(kind, fields)));
  return known.get(isOne);
}

/** A part of a view, with its name. */
export function part(key, title, ...children) {
  return h("section", { class: "mk-part", key }, h("h3", {}, title), children);
}
