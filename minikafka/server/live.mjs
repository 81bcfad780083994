// The page of a living cluster: one WebSocket brings the run, the player shows it, and takes the reader's acts back.
// It stands behind the player's module, in the same script.

const SHOW_EVERY_MS = 250;
const place = document.getElementById("stage"), words = document.getElementById("words");
let trace = null, isNew = false, socket = null;

/** A trace whose past was folded: its steps keep their numbers. */
function padded(whole) {
  if (!whole.start) return whole;
  const past = Array.from({ length: whole.start.step }, () => [0, "fault", -1, 0, -1]);
  const [first, ...others] = whole.steps;
  return { ...whole, steps: [...past, [first[0] + whole.start.ms, ...first.slice(1)], ...others] };
}

function take({ whole, more, said }) {
  if (said !== undefined) words.textContent = said;
  if (whole) trace = padded(whole);
  if (more) {
    for (const [index, message] of more.changed) trace.messages[index] = message;
    for (const part of ["steps", "messages", "facts", "labels"]) for (const each of more[part]) trace[part].push(each);
    Object.assign(trace, { nodes: more.nodes, partitions: more.partitions });
  }
  isNew ||= Boolean(whole || more);
}

/** Who looks at the last step goes on with the run; who looks at an earlier one stays there. */
function show() {
  const began = performance.now();
  if (isNew && trace.steps.length) {
    isNew = false;
    if (place.mkStage) {
      const { stage } = place.mkStage, follows = stage.step >= stage.run.last;
      stage.setTrace({ ...trace }, follows ? trace.steps.length : stage.step);
    } else mountTrace(place, { ...trace }, { step: trace.steps.length, live: JSON.parse(place.dataset.acts) }, { onCommand: act });
  }
  setTimeout(show, Math.max(SHOW_EVERY_MS, 4 * (performance.now() - began))); // a long run leaves the reader the time
}

function act({ kind, broker }) {
  socket.send(JSON.stringify({ verb: kind, broker: broker === undefined ? null : broker }));
}

function connect() {
  socket = new WebSocket(`${location.href.replace(/^http/, "ws").replace(/[?#].*/, "")}live`);
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = () => {
    words.textContent = "The cluster has ended, or cannot be reached. What it did until then can still be stepped through.";
    setTimeout(connect, 1000);
  };
}

connect();
show();
