// Mounts the player on every page that asks for one. Without scripts the page shows the story as text instead.
const stage = import("./stage.mjs").catch(() => null); // a page without the player is still a page to read

async function mount() {
  (await stage)?.autoMount(document); // idempotent: what is mounted stays as it is
}

if (window.document$) window.document$.subscribe(mount); // the theme swaps pages without a load
else if (document.readyState === "loading") addEventListener("DOMContentLoaded", mount, { once: true });
else mount();
