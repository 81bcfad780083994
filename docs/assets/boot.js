// Mounts the player on every page that asks for one. Without scripts the page shows the story as text instead.
let stage;

/** A page without a run does not load the player; a page whose player is missing is still a page to read. */
async function mount() {
  if (!document.querySelector(".mk-stage")) return;
  stage ??= import("./stage.mjs").catch(() => null);
  await (await stage)?.autoMount(document); // idempotent: what is mounted stays as it is
}

/** An address with a scene or a step means the player, not the story behind it. */
async function open() {
  await mount();
  if (/^#(scene-|step=)\d/.test(location.hash)) document.querySelector(".mk-stage")?.scrollIntoView({ block: "start" });
}

/** The gallery: a run's player is there while its card is open, and only then. */
function play(event) {
  const card = event.target;
  if (!card.dataset?.run) return;
  card.querySelector(".mk-stage")?.remove();
  if (card.open) {
    const player = document.createElement("div");
    player.className = "mk-stage";
    player.dataset.src = card.dataset.run;
    player.dataset.options = card.dataset.options;
    card.querySelector("summary").after(player);
  }
  mount();
}

/** What the theme leaves without a name gets one, for whoever listens to the page. */
function name() {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".highlight pre").forEach((code, index) => {
    const label = () => code.querySelector("nav")?.setAttribute("aria-label", `Code ${index + 1}`);
    new MutationObserver(label).observe(code, { childList: true }); // its button comes later
    label();
  });
}

/** A lesson asks what its reader may have forgotten; where that fails, there is still the lesson. */
function recall() {
  if (document.querySelector(".mk-recall")) import("./recall.mjs").then((cards) => cards.mount(document)).catch(() => null);
}

/** A page has come: by a load, or by the theme. */
function arrive() {
  name();
  open();
  recall();
}

document.addEventListener("toggle", play, true);
if (window.document$) window.document$.subscribe(arrive); // the theme swaps pages without a load
else if (document.readyState === "loading") addEventListener("DOMContentLoaded", arrive, { once: true });
else arrive();
