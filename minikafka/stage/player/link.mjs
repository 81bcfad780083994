// Addresses: which run, and which place in it. Written and read alike by minikafka/stage/link.py.

const NUMBERS = ["step", "scene", "future"];
const WORDS = ["view", "partition", "run", "seed", "set", "faults"];

/** What `#step=812&view=story` or `#scene-8` names; null when it names no place. */
export function readHash(hash) {
  const said = new URLSearchParams((hash || "").replace(/^.*#/, "").replace("scene-", "scene="));
  const found = {};
  for (const name of NUMBERS) if (/^\d+$/.test(said.get(name))) found[name] = Number(said.get(name));
  for (const name of WORDS) if (said.has(name)) found[name] = said.get(name);
  return "step" in found || "scene" in found ? found : null;
}

/** Does this trace hold the run that is meant? Not with other settings or more faults: then it is another run. */
export function isRun(trace, { run, seed, set, faults }) {
  return (!run || run === trace.scenario) && (!seed || seed === String(trace.seed)) && !set && !faults;
}

export function notHere(hash) {
  return `This page has not recorded the run that is meant. A notebook plays it: minikafka.opened("${hash}")`;
}
