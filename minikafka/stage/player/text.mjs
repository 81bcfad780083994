// Widths of words: SVG does not wrap lines, so the views measure and break them.

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';
let pen = null;
const widths = new Map();

/** Width in pixels of `text` at `size`; `style` is "sans", "bold" or "mono". */
export function widthOf(text, size, style = "sans") {
  const name = `${style}${size}|${text}`;
  if (widths.size > 5000) widths.clear();
  if (!widths.has(name)) widths.set(name, measure(text, size, style));
  return widths.get(name);
}

function measure(text, size, style) {
  if (pen === null) pen = document.createElement("canvas").getContext("2d") || false;
  if (!pen) return text.length * size * 0.58;
  pen.font = `${style === "bold" ? "600 " : ""}${size}px ${style === "mono" ? MONO : SANS}`;
  return pen.measureText(text).width;
}

/** Breaks a sentence into at most `most` lines; what does not fit ends in an ellipsis. */
export function lines(text, width, size, most = 2, style = "sans") {
  const result = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (!line || widthOf(longer, size, style) <= width) line = longer;
    else {
      result.push(line);
      line = word;
    }
  }
  if (line) result.push(line);
  const kept = result.slice(0, most);
  const isCut = result.length > most;
  return kept.map((each, i) => shorten(isCut && i === most - 1 ? `${each} …` : each, width, size, style));
}

/** Cuts one line with an ellipsis where it is too wide. */
export function shorten(text, width, size, style = "sans") {
  if (widthOf(text, size, style) <= width) return text;
  let kept = text.replace(/ …$/, "");
  while (kept.length > 1 && widthOf(`${kept}…`, size, style) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}
