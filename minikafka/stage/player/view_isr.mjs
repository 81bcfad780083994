// The view "ISR and quorum": who is in sync and why not; who votes for whom. Two ways to be sure, side by side.

import { h } from "./dom.mjs";
import { few } from "./cluster.mjs";
import { spoken } from "./run.mjs";
import { numberOf, standing } from "./marks.mjs";
import { between, inSeconds, meter, part, table, tag } from "./view_parts.mjs";

const LAG_LIMIT_MS = 30000; // Kafka's own, where the run says nothing else

export const isrView = {
  id: "isr", name: "ISR and quorum", isText: true,
  applies: (run) => run.nodes.filter((node) => node.role === "broker").length > 1 || hasQuorum(run),
  draw: (frame) => h("div", { class: "mk-sheet mk-isr" }, drawIsr(frame), drawQuorum(frame)),
};

function hasQuorum(run) {
  return run.nodes.filter((node) => node.role === "controller").length > 1;
}

// --- Commit by ISR ---

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

// --- Commit by majority ---

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

/** Who leads in the highest epoch; "" for nobody. */
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

/** How many have said yes to one that asks, itself among them. */
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
