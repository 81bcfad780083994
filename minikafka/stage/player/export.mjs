// Taking the picture along: SVG, PNG, a page that needs nothing else; and opening such a page again.

import { seconds } from "./run.mjs";

const LOOKS = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "font", "text-anchor", "paint-order"];

export function save(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The picture as a file of its own: each element carries its look, for programs that know no style sheets. */
export function svgText(svg) {
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

export async function pngOf(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svgText(svg))}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width * 2, height: image.height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}

/** One file with player, run and place; `source` is the text of this very module. */
export function htmlText(stage, source) {
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

/** The player's own text: from the page it stands in, from the notebook, or from where its two modules were loaded. */
export async function sourceText(hooks) {
  const own = document.getElementById("player");
  if (hooks.source || own) return own ? own.textContent : hooks.source();
  const texts = ["stage.mjs", "stage-more.mjs"].map(async (name) => (await fetch(new URL(name, import.meta.url))).text());
  return (await Promise.all(texts)).join("").replace(/^im[p]ort \{.*\n/m, "");
}

/** The run in a file that was dropped: a trace, or a page that was saved here. */
export function runIn(text) {
  const kept = text.trim().startsWith("<") && new DOMParser().parseFromString(text, "text/html").getElementById("trace");
  return kept ? kept.textContent : text;
}

/** The whole story as text, for export. */
export function storyText(run) {
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
