// Recall cards on a lesson's page: those that are due at its start, the button that completes it at its end.
// What was completed is kept in this browser and is told to nobody. The rules: minikafka/grading/cards.py.

export const COMES_BACK = [1, 3, 7];
const KEY = "minikafka.recall";
const AT_ONCE = 4; // so many are shown; the next one comes when one is answered

/** { completed: ["01", "04"], cards: { "01.2": [2, 0] } }; nothing damaged is believed. */
export function read(storage) {
  try {
    const found = JSON.parse(storage.getItem(KEY));
    const completed = found.completed.filter((lesson) => typeof lesson === "string");
    const cards = Object.entries(found.cards).filter(([, [since, times]]) => since >= 0 && times >= 0);
    return { completed, cards: Object.fromEntries(cards) };
  } catch {
    return { completed: [], cards: {} };
  }
}

function write(storage, state) {
  try {
    storage.setItem(KEY, JSON.stringify(state));
  } catch {
    // a browser that keeps nothing still shows what is due on this page
  }
}

function standing(state, card) {
  return state.cards[card.id] ?? [state.completed.indexOf(card.lesson) + 1, 0];
}

/** After how many more completed lessons a card comes back; 0 or less: now; Infinity: never again. */
export function comesBack(state, card) {
  const [since, times] = standing(state, card);
  return times < COMES_BACK.length ? COMES_BACK[times] - (state.completed.length - since) : Infinity;
}

/** The cards that are to be asked now, the lesson that was completed first before the others. */
export function due(state, cards) {
  const place = (card) => state.completed.indexOf(card.lesson);
  const wanted = cards.filter((card) => place(card) >= 0 && comesBack(state, card) <= 0);
  return wanted.sort((one, other) => place(one) - place(other) || one.number - other.number);
}

/** What is kept after an answer: it has come back once more, or begins anew. */
export function answered(state, card, knew) {
  const now = state.completed.length;
  const [since] = standing(state, card);
  const times = COMES_BACK.filter((lessons) => now - since >= lessons).length;
  return { ...state, cards: { ...state.cards, [card.id]: knew ? [since, times] : [now, 0] } };
}

/** The lesson is completed, or is not any more: then its cards are forgotten, too. */
export function toggled(state, lesson) {
  if (!state.completed.includes(lesson)) return { ...state, completed: [...state.completed, lesson] };
  const cards = Object.entries(state.cards).filter(([id]) => !id.startsWith(`${lesson}.`));
  return { completed: state.completed.filter((one) => one !== lesson), cards: Object.fromEntries(cards) };
}

/** What the notebooks have completed is completed here, too. */
export function joined(state, lessons) {
  return { ...state, completed: [...state.completed, ...lessons.filter((one) => !state.completed.includes(one))] };
}

// --- the page ---

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(label, act) {
  const made = element("button", { type: "button", class: "mk-button" }, label);
  made.addEventListener("click", act);
  return made;
}

/** A question or an answer; its HTML comes from the lesson's own page, out of the same build. */
function written(name, attributes, text) {
  const made = element(name, attributes);
  made.innerHTML = text;
  return made;
}

function later(lessons) {
  if (lessons === Infinity) return "That was its last time.";
  return `It comes back after ${lessons} more completed ${lessons === 1 ? "lesson" : "lessons"}.`;
}

/** The cards that are due, at the start of a lesson. */
class Deck {
  constructor(place, lessons, storage) {
    Object.assign(this, { place, storage });
    this.names = new Map(lessons.map((one) => [one.lesson, one]));
    this.cards = lessons.flatMap(({ lesson, cards }) =>
      cards.map(([question, answer], at) => ({ id: `${lesson}.${at + 1}`, lesson, number: at + 1, question, answer })));
    this.says = element("p", { class: "mk-recall-says", role: "status", tabindex: "-1" });
    this.list = element("div");
  }

  get due() {
    return due(read(this.storage), this.cards);
  }

  open() {
    const found = this.due;
    if (!found.length) return this.place.replaceChildren();
    const many = found.length === 1 ? "1 card" : `${found.length} cards`;
    this.say(`${many} from earlier lessons. Say the answer to yourself before you look.`);
    this.list.replaceChildren(...found.slice(0, AT_ONCE).map((card) => this.card(card)));
    const label = { class: "mk-recall-deck", "aria-label": "Recall" };
    this.place.replaceChildren(element("section", label, this.says, this.list));
  }

  say(sentence) {
    this.says.textContent = sentence;
  }

  card(card) {
    const { title, page } = this.names.get(card.lesson);
    const from = element("a", { href: new URL(`../${page}`, import.meta.url).href }, `Lesson ${Number(card.lesson)}: ${title}`);
    const made = element(
      "details", { class: "mk-recall-card" },
      written("summary", {}, card.question),
      written("p", {}, card.answer),
      element("p", { class: "mk-recall-foot" },
        button("I knew it", () => this.answer(made, card, true)),
        button("Not yet", () => this.answer(made, card, false)),
        from),
    );
    return made;
  }

  answer(shown, card, knew) {
    const state = answered(read(this.storage), card, knew);
    write(this.storage, state);
    const following = shown.nextElementSibling ?? shown.previousElementSibling;
    shown.remove();
    const left = this.due;
    this.list.append(...left.slice(this.list.childElementCount, AT_ONCE).map((one) => this.card(one)));
    this.say(`${later(comesBack(state, card))} ${left.length ? `${left.length} left.` : "That was the last one for now."}`);
    ((following ?? this.list).querySelector("summary") ?? this.says).focus();
  }
}

/** The button at the end of a lesson. */
function completing(place, storage, elsewhere) {
  const { lesson } = place.dataset;
  const says = element("p", { role: "status" });
  const press = button("", () => {
    write(storage, toggled(read(storage), lesson));
    draw();
  });
  const draw = () => {
    const done = read(storage).completed.includes(lesson);
    press.textContent = done ? "Completed" : "I have completed this lesson";
    press.setAttribute("aria-pressed", String(done));
    press.disabled = elsewhere.includes(lesson);
    const why = press.disabled ? "All its exercises have passed. " : "";
    says.textContent = done ? `${why}Its cards come back after 1, 3 and 7 more lessons.` : "";
  };
  draw();
  place.replaceChildren(press, says);
}

/** What the browser lets us keep; a browser that forbids it keeps nothing. */
function memory() {
  try {
    localStorage.getItem(KEY);
    return localStorage;
  } catch {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  }
}

async function json(name) {
  const answer = await fetch(new URL(`../${name}`, import.meta.url));
  return answer.ok ? answer.json() : [];
}

/** Fill the two places of a lesson's page. */
export async function mount(page) {
  const start = page.querySelector(".mk-recall");
  const end = page.querySelector(".mk-completed");
  if (!start || start.dataset.mounted) return;
  start.dataset.mounted = "yes";
  const [lessons, elsewhere] = await Promise.all([json("recall.json"), json("completed.json")]);
  const storage = memory();
  const before = read(storage);
  const state = joined(before, elsewhere);
  if (state.completed.length !== before.completed.length) write(storage, state);
  new Deck(start, lessons, storage).open();
  completing(end, storage, elsewhere);
}
