// The view "Transactions": the coordinator's state of each id, what is open in the logs, and what two kinds of readers see.

import { h } from "./dom.mjs";
import { few } from "./cluster.mjs";
import { recordName } from "./light.mjs";
import { spoken } from "./run.mjs";
import { valueText } from "./marks.mjs";
import { between, hasFact, inSeconds, part, tag } from "./view_parts.mjs";
import { entriesOf, leadingReplica, openIn, stableEnd } from "./ledger.mjs";

const isOfTransaction = (kind, fields) => kind === "TransactionChanged" || (kind === "ProducerIdGranted" && fields.transactional_id);

export const transactionsView = {
  id: "transactions", name: "Transactions", isText: true,
  applies: (run) => hasFact(run, isOfTransaction),
  draw: (frame) => h("div", { class: "mk-sheet mk-transactions" }, drawIds(frame), frame.run.partitions.map((partition) => drawReaders(frame, partition))),
};

// --- The coordinator ---

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

// --- The logs, and who sees what ---

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
