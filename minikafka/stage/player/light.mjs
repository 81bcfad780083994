// Point at a record and it lights up wherever it is drawn or told: every view marks it with data-records="partition:offset …".

/** The name of a record in data-records. */
export function recordName(partition, offset) {
  return `${partition}:${offset}`;
}

/** The records that a fact is about, for the sentence that tells it. */
export function recordsOf({ kind, fields }) {
  const { partition, base_offset: base, next_offset: next, values, records } = fields;
  const from = (first, count) => Array.from({ length: Math.min(count, 50) }, (_, i) => recordName(partition, first + i)).join(" ");
  if (kind === "RecordsAppended") return from(base, next - base);
  if (kind === "ProduceAcknowledged" && base >= 0) return from(base, values.length);
  if (kind === "RecordsConsumed") return records.map(([offset]) => recordName(partition, offset)).join(" ") || null;
  if (kind === "MarkerWritten") return recordName(partition, fields.offset);
  return null;
}

/** Lights what is pointed at or has the focus; a click keeps it lit until the next one. */
export function watchRecords(root) {
  const find = (event) => event.target.closest && event.target.closest("[data-records]");
  const light = (event) => relight(root, nameIn(find(event)) || root.mkKept || "");
  root.addEventListener("pointerover", light);
  root.addEventListener("focusin", light);
  root.addEventListener("pointerleave", () => relight(root, root.mkKept || ""));
  root.addEventListener("click", (event) => {
    const name = nameIn(find(event));
    if (!name || event.target.closest("button")) return;
    root.mkKept = root.mkKept === name ? "" : name;
    relight(root, name);
  });
}

function nameIn(element) {
  return (element && element.dataset.records) || "";
}

/** Marks everything that has one of these records. Called again after each drawing. */
export function relight(root, names = root.mkLit) {
  root.mkLit = names || "";
  const wanted = new Set(root.mkLit.split(" ").filter(Boolean));
  for (const element of root.querySelectorAll("[data-records], .mk-lit")) {
    element.classList.toggle("mk-lit", wanted.size > 0 && nameIn(element).split(" ").some((name) => wanted.has(name)));
  }
}
