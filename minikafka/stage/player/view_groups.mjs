// The view "Groups": who is a member, who may read what, how far each has come, and how long each may be silent.

import { h } from "./dom.mjs";
import { spoken } from "./run.mjs";
import { between, clock, hasFact, inSeconds, part, table, tag } from "./view_parts.mjs";
import { leadingReplica } from "./ledger.mjs";

const SIGNS_OF_LIFE = /^~?(Heartbeat|JoinGroup|SyncGroup|ConsumerGroupHeartbeat|OffsetCommit)\b/;

const isOfGroup = (kind) => kind === "GroupChanged" || kind === "OffsetCommitted";

export const groupsView = {
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

/** The node of a member: its id begins with its client's name. */
function clientOf({ run }, member) {
  const named = run.clients.filter(({ role, id }) => role === "consumer" && member.startsWith(`${id.slice(9)}-`));
  return (named.sort((a, b) => b.id.length - a.id.length)[0] || {}).id;
}

/** Consumers that believe they own something of this group, and are not in it. */
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

/** Milliseconds since the coordinator last heard of a member; null if never. */
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

// --- How far it has come ---

function partitionsOf({ state }, name) {
  const { members, committed, pending } = state.groups[name];
  const owned = Object.values(state.clients).filter((client) => client.group === name).flatMap((client) => client.owned);
  return [...new Set([...Object.values(members).flatMap((member) => member.partitions), ...Object.keys(committed), ...Object.keys(pending), ...owned])].sort();
}

/** Who reads this partition now: the member that it was given to, else whoever believes so. */
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

/** Lag in records, and in time: how long the oldest of them has been there. */
function lag({ run, state, step }, partition, from, mark) {
  const replica = leadingReplica(state, partition);
  const start = Math.max(from ?? 0, replica ? replica.log_start : 0);
  const records = Math.max(0, mark - start);
  if (!records) return tag("0", "good");
  const first = replica.cells.find((cell) => cell[0] >= start && cell[0] < mark);
  const written = first && run.writtenAt(partition, first);
  return [h("b", {}, String(records)), written ? ` · ${inSeconds(between(run, written, step))}` : ""];
}

/** The same on a line: what is committed, what is read, what is there. */
function drawRail(replica, committed, position) {
  if (!replica || replica.end <= replica.log_start) return null;
  const place = (offset) => Math.round((Math.min(replica.end, Math.max(replica.log_start, offset)) - replica.log_start) / (replica.end - replica.log_start) * 100);
  const marks = [["▲", committed, "committed"], ["●", position, "position"]].filter(([, offset]) => offset !== undefined);
  return h("span", { class: "mk-rail", "aria-hidden": "true" }, h("span", { class: "mk-rail-read", style: `width:${place(replica.high_watermark)}%` }),
    marks.map(([sign, offset, word]) => h("span", { key: word, class: `mk-rail-mark mk-glide mk-${word}`, style: `left:${place(offset)}%`, title: `${word} ${offset}` }, sign)));
}
