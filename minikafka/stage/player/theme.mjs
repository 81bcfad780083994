// Colours, type and space. One accent, one warning, one good; everything else is ink on paper. No font is fetched.

const LIGHT = `
  --mk-paper: #FBFAF6; --mk-card: #FFFFFF; --mk-ink: #1B2130; --mk-soft: #5B6475; --mk-line: #D9D6CC; --mk-panel: #F3F1EA;
  --mk-accent: #2F5BD0; --mk-on-accent: #FFFFFF; --mk-warning: #B4432F; --mk-good: #2B7A4B; --mk-faint: #E4EAFB;
  --mk-e0: #DCE6FB; --mk-i0: #A9C0F0; --mk-e1: #FBE7C6; --mk-i1: #DDAF62; --mk-e2: #D9EFDF; --mk-i2: #9CCBAB;
  --mk-e3: #EBDFF6; --mk-i3: #C6AEE2; --mk-e4: #F8DEDA; --mk-i4: #E2AFA7; --mk-e5: #DDEDF2; --mk-i5: #9CC4D1;`;
const DARK = `
  --mk-paper: #14171F; --mk-card: #1B1F2A; --mk-ink: #E9E7E0; --mk-soft: #9AA3B5; --mk-line: #343A49; --mk-panel: #222734;
  --mk-accent: #8FB0FF; --mk-on-accent: #14171F; --mk-warning: #FF9580; --mk-good: #7FD1A0; --mk-faint: #232C45;
  --mk-e0: #22345F; --mk-i0: #3A5391; --mk-e1: #54401A; --mk-i1: #8A6B2E; --mk-e2: #1F4530; --mk-i2: #3A7152;
  --mk-e3: #3D2D54; --mk-i3: #65508A; --mk-e4: #552C27; --mk-i4: #8A4E47; --mk-e5: #1D414C; --mk-i5: #3B6D7B;`;

export const CSS = `
.mk-root { ${LIGHT}
  --mk-sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --mk-mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  box-sizing: border-box; max-width: 100%; padding: 12px; border-radius: 14px; background: var(--mk-paper); color: var(--mk-ink);
  font: 15px/1.45 var(--mk-sans); font-variant-numeric: tabular-nums; text-align: left; container-type: normal;
}
.mk-root[data-theme=dark] { ${DARK} }
.mk-root[data-narrow=yes] { padding: 4px; }
.mk-root *, .mk-root *::before { box-sizing: border-box; }
.mk-root h2, .mk-root h3, .mk-root p, .mk-root ol, .mk-root li, .mk-root dl, .mk-root dd { margin: 0; padding: 0; border: 0; color: inherit; }
.mk-root ol li { margin: 0; }
.mk-root h2 { font: 650 20px/1.3 var(--mk-sans); letter-spacing: -0.01em; }
.mk-root h3 { font: 650 12px/1.4 var(--mk-sans); letter-spacing: 0.08em; text-transform: uppercase; color: var(--mk-soft); }
.mk-root :focus-visible { outline: 3px solid var(--mk-accent); outline-offset: 2px; }
.mk-root .mk-mono, .mk-root .mk-step { font: 12px/1.4 var(--mk-mono); color: var(--mk-soft); }
.mk-head { display: flex; justify-content: space-between; align-items: flex-start; gap: 12px; flex-wrap: wrap; padding: 0 4px 10px; }
.mk-other-future { color: var(--mk-accent); font-weight: 600; margin-left: 10px; }
.mk-tabs { display: flex; gap: 6px; }
.mk-columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
.mk-root[data-wide=yes] .mk-columns { grid-template-columns: minmax(0, 1fr) 280px; }
.mk-main { display: flex; flex-direction: column; gap: 10px; min-width: 0; }
.mk-card { background: var(--mk-card); border: 1px solid var(--mk-line); border-radius: 14px; }
.mk-picture-card { overflow: hidden; }
.mk-picture-card { contain: content; }
.mk-picture { display: block; font-family: var(--mk-sans); }

.mk-picture text { fill: var(--mk-ink); font-size: 13px; }
.mk-picture .mk-panel { fill: var(--mk-panel); stroke: transparent; stroke-width: 1.5; }
.mk-picture .mk-name { font-size: 17px; font-weight: 650; }
.mk-picture .mk-small-name { font-size: 14px; }
.mk-picture .mk-state { font-size: 14px; font-weight: 600; }
.mk-picture .mk-small { font-size: 12px; fill: var(--mk-soft); }
.mk-picture .mk-mono, .mk-picture .mk-offset, .mk-picture .mk-epoch { font-family: var(--mk-mono); font-size: 12px; fill: var(--mk-soft); }
.mk-picture .mk-offset, .mk-picture .mk-epoch, .mk-picture .mk-value { text-anchor: middle; }
.mk-picture .mk-caps { font-size: 11px; font-weight: 650; letter-spacing: 0.06em; fill: var(--mk-soft); text-transform: uppercase; }
.mk-picture .mk-ink-accent { fill: var(--mk-accent); }
.mk-picture .mk-ink-warning { fill: var(--mk-warning); }
.mk-picture .mk-ink-good { fill: var(--mk-good); }
.mk-picture .mk-ink-soft { fill: var(--mk-soft); }
.mk-picture .mk-tiny { font-size: 12px; }
.mk-picture .mk-written { font-size: 13px; font-weight: 500; }
.mk-controllers.mk-now .mk-panel { stroke: var(--mk-accent); fill: var(--mk-faint); }
.mk-controllers.mk-now .mk-written { font-weight: 650; fill: var(--mk-accent); }
.mk-row .mk-bar { fill: var(--mk-line); }
.mk-is-accent .mk-bar { fill: var(--mk-accent); }
.mk-is-warning .mk-bar { fill: var(--mk-warning); }
.mk-is-accent > .mk-panel { fill: var(--mk-card); stroke: var(--mk-accent); }
.mk-is-warning:not(.mk-gone) > .mk-panel { stroke: var(--mk-warning); stroke-dasharray: 6 4; }
.mk-gone .mk-cell, .mk-gone .mk-flag { opacity: 0.5; }
.mk-chip rect { fill: none; stroke: var(--mk-line); }
.mk-chip.mk-tone-good text { fill: var(--mk-good); } .mk-chip.mk-tone-good rect { stroke: var(--mk-good); }
.mk-chip.mk-tone-warning text { fill: var(--mk-warning); } .mk-chip.mk-tone-warning rect { stroke: var(--mk-warning); stroke-dasharray: 3 2; }
.mk-chip.mk-tone-accent text { fill: var(--mk-accent); } .mk-chip.mk-tone-accent rect { stroke: var(--mk-accent); }
.mk-chip.mk-full rect { fill: var(--mk-warning); stroke-dasharray: none; } .mk-chip.mk-full text { fill: var(--mk-card); font-weight: 650; }
.mk-cell-box { stroke: var(--mk-line); }
.mk-picture .mk-value { font-size: 15px; font-weight: 550; }
.mk-picture .mk-cell .mk-epoch { fill: var(--mk-ink); }
.mk-cell text { paint-order: stroke; stroke: var(--mk-cell-paper); stroke-width: 3px; stroke-linejoin: round; }
.mk-fork-icon path { fill: none; stroke: currentColor; stroke-width: 2; } .mk-fork-icon { vertical-align: -2px; }
.mk-doomed .mk-cell-box { stroke: var(--mk-warning); stroke-width: 2; stroke-dasharray: 5 3; fill-opacity: 0.45; }
.mk-tick circle { fill: var(--mk-card); stroke: currentColor; } .mk-tick path { fill: none; stroke-width: 2; }
.mk-tick.mk-ink-good path, .mk-tick.mk-ink-good circle { stroke: var(--mk-good); }
.mk-tick.mk-ink-warning path, .mk-tick.mk-ink-warning circle { stroke: var(--mk-warning); }
.mk-ghost rect { fill: none; stroke: var(--mk-warning); stroke-width: 2; stroke-dasharray: 5 3; }
.mk-ghost path { stroke: var(--mk-warning); stroke-width: 1.5; }
.mk-ghost text { opacity: 0.55; }
.mk-flag rect { fill: var(--mk-good); } .mk-flag-pole { stroke: var(--mk-good); stroke-width: 2; }
.mk-picture .mk-flag-text { fill: var(--mk-card); font-size: 11px; font-weight: 650; text-anchor: middle; }
.mk-act { cursor: pointer; } .mk-act rect { fill: var(--mk-card); stroke: var(--mk-line); } .mk-act:hover rect { stroke: var(--mk-accent); }
.mk-picture .mk-act text { font-size: 12px; text-anchor: middle; }
.mk-end path { stroke: var(--mk-soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
.mk-client.mk-acts > .mk-panel, .mk-row.mk-acts > .mk-panel { stroke-width: 2; }
.mk-client.mk-acts > .mk-panel { stroke: var(--mk-accent); }
.mk-epoch-ink { fill: none; stroke-width: 1; }
${[0, 1, 2, 3, 4, 5].map((i) => `.mk-in-e${i} { --mk-cell-paper: var(--mk-e${i}); } .mk-epoch-paper.mk-epoch-${i} { fill: var(--mk-e${i}); } .mk-epoch-ink.mk-epoch-${i} { stroke: var(--mk-i${i}); }
.mk-epoch-ink.mk-dots.mk-epoch-${i} { fill: var(--mk-i${i}); stroke: none; }`).join("\n")}
.mk-wires path { fill: none; }
.mk-wires .mk-cut-line { stroke: var(--mk-warning); stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round; }
.mk-cut rect { fill: var(--mk-card); stroke: var(--mk-warning); }
.mk-picture .mk-cut text { fill: var(--mk-warning); font-size: 12px; font-weight: 650; text-anchor: middle; }
.mk-wire { stroke: var(--mk-soft); stroke-width: 1.5; }
.mk-wires .mk-tip { fill: var(--mk-soft); }
.mk-arrives .mk-wire { stroke: var(--mk-accent); stroke-width: 2; } .mk-wires .mk-arrives .mk-tip { fill: var(--mk-accent); }
.mk-pill rect { fill: var(--mk-card); stroke: var(--mk-soft); }
.mk-picture .mk-pill text { font-size: 12px; text-anchor: middle; }
.mk-pill.mk-lost rect { stroke: var(--mk-warning); stroke-dasharray: 3 2; } .mk-picture .mk-pill.mk-lost text { fill: var(--mk-warning); }
.mk-pill.mk-arrives rect { stroke: var(--mk-accent); } .mk-picture .mk-pill.mk-arrives text { fill: var(--mk-accent); font-weight: 550; }

.mk-now-panel { padding: 10px 14px; border: 1px solid var(--mk-line); border-radius: 14px; background: var(--mk-card); }
.mk-now-panel.mk-loud { border: 2px solid var(--mk-warning); }
.mk-now-line { display: flex; gap: 12px; align-items: baseline; min-height: 58px; }
.mk-root .mk-step { font-size: 17px; color: var(--mk-accent); font-weight: 650; }
.mk-now-words { flex: 1; min-width: 0; }
.mk-root .mk-big { font-size: 20px; line-height: 1.35; font-weight: 550; text-wrap: pretty; }
.mk-root .mk-also { margin-top: 3px; color: var(--mk-ink); font-size: 15px; }
.mk-root .mk-quiet { color: var(--mk-soft); font-size: 15px; }
.mk-now-side { display: flex; flex-direction: column; align-items: flex-end; gap: 4px; white-space: nowrap; }
.mk-root .mk-alarm { color: var(--mk-warning); font-weight: 600; }
.mk-why { border-top: 1px solid var(--mk-line); margin-top: 10px; padding-top: 10px; }
.mk-root .mk-why ol { padding-left: 26px; margin-top: 4px; list-style: decimal; }
.mk-root .mk-why li { margin: 4px 0; }
.mk-link, .mk-root .mk-sentence button { border: 0; background: none; padding: 0; margin: 0; font: inherit; color: var(--mk-accent); cursor: pointer; text-align: left; }
.mk-link { text-decoration: underline; text-underline-offset: 3px; }
.mk-why .mk-link { text-decoration: none; color: var(--mk-ink); } .mk-why .mk-link:hover { color: var(--mk-accent); }
.mk-root .mk-button { border: 1px solid var(--mk-line); background: var(--mk-card); color: var(--mk-ink); border-radius: 999px; padding: 6px 14px; font: inherit; font-size: 14px; cursor: pointer; line-height: 1.3; }
.mk-root .mk-button:hover { border-color: var(--mk-accent); }
.mk-root .mk-button[aria-disabled=true] { opacity: 0.45; }
.mk-root .mk-button.mk-chosen { background: var(--mk-ink); color: var(--mk-card); border-color: var(--mk-ink); }
.mk-root .mk-button.mk-primary { background: var(--mk-accent); color: var(--mk-on-accent); border-color: var(--mk-accent); }
.mk-root .mk-round { width: 38px; height: 38px; padding: 0; font-size: 13px; letter-spacing: -1px; }
.mk-root .mk-speed { width: 46px; height: 38px; padding: 0; font-family: var(--mk-mono); font-size: 13px; }

.mk-player { display: flex; gap: 14px; align-items: flex-start; padding: 2px 4px 0; }
.mk-buttons { display: flex; gap: 6px; padding-top: 2px; }
.mk-line { flex: 1; min-width: 0; position: relative; padding: 0 10px; }
.mk-ticks { display: block; width: 100%; height: 12px; }
.mk-time-tick { stroke: var(--mk-soft); stroke-width: 1; opacity: 0.6; vector-effect: non-scaling-stroke; }
.mk-time-tick.mk-ink-warning { stroke: var(--mk-warning); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-accent { stroke: var(--mk-accent); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-good { stroke: var(--mk-good); stroke-width: 2; opacity: 1; }
.mk-slider { position: relative; height: 24px; cursor: pointer; touch-action: none; border-radius: 6px; }
.mk-root .mk-slider:focus-visible { outline: 0; } .mk-slider:focus-visible .mk-knob { outline: 3px solid var(--mk-accent); outline-offset: 2px; }
.mk-track { position: absolute; inset: 10px 0 auto; height: 4px; border-radius: 2px; background: var(--mk-line); }
.mk-done { height: 4px; border-radius: 2px; background: var(--mk-accent); }
.mk-knob { position: absolute; top: 4px; width: 16px; height: 16px; margin-left: -8px; border-radius: 50%; background: var(--mk-accent); border: 2px solid var(--mk-paper); }
.mk-scenes { position: relative; height: 26px; }
.mk-scene, .mk-fork { position: absolute; top: 0; transform: translateX(-50%); min-width: 24px; height: 24px; padding: 0 2px; border: 1px solid var(--mk-line); border-radius: 12px;
  background: var(--mk-card); color: var(--mk-soft); font: 600 12px/1 var(--mk-mono); cursor: pointer; }
.mk-scene.mk-past { color: var(--mk-ink); border-color: var(--mk-soft); }
.mk-scene.mk-current { background: var(--mk-accent); border-color: var(--mk-accent); color: var(--mk-on-accent); z-index: 1; }
.mk-dot { position: absolute; top: 0; width: 6px; height: 6px; margin-left: -3px; border-radius: 50%; background: var(--mk-line); } .mk-dot.mk-past { background: var(--mk-soft); }
.mk-fork { top: -46px; border: 0; background: none; color: var(--mk-accent); font-size: 15px; height: 18px; }
.mk-scene-name { font-size: 14px; color: var(--mk-soft); min-height: 21px; }
.mk-scene-name b { color: var(--mk-accent); font-weight: 650; }
.mk-foot { display: flex; flex-wrap: wrap; gap: 6px 16px; font-size: 13px; padding: 0 4px; }
.mk-foot .mk-link { color: var(--mk-soft); }
.mk-help { flex-basis: 100%; display: flex; flex-wrap: wrap; gap: 12px 40px; } .mk-root .mk-keys { display: grid; align-content: start; grid-template-columns: max-content 1fr; gap: 2px 14px; font-size: 13px; }
.mk-root .mk-keys dt { font-family: var(--mk-mono); font-weight: 400; }

.mk-predict { border: 2px solid var(--mk-accent); border-radius: 14px; padding: 12px 16px; background: var(--mk-faint); }
.mk-root .mk-predict h3 { color: var(--mk-accent); }
.mk-root .mk-ask { font-size: 18px; font-weight: 550; margin: 4px 0 10px; outline: 0; }
.mk-choices { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px; }
.mk-root .mk-choice { text-align: left; border-radius: 14px; }
.mk-root .mk-reply p { margin: 6px 0; } .mk-reply-links { display: flex; gap: 16px; align-items: center; }
.mk-root b.mk-ink-good { color: var(--mk-good); } .mk-root .mk-ink-warning { color: var(--mk-warning); }
.mk-branches { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 0 4px; }
.mk-choice.mk-chosen .mk-mono { color: inherit; }
.mk-branch-title { color: var(--mk-accent); font-weight: 600; font-size: 14px; }

.mk-side { padding: 12px 4px 8px 12px; min-height: 0; }
.mk-root[data-wide=yes] .mk-side { position: relative; overflow: hidden; }
.mk-root[data-wide=yes] .mk-story { position: absolute; inset: 12px 4px 8px 12px; }
.mk-story { display: flex; flex-direction: column; gap: 6px; min-height: 0; }
.mk-story-head { display: flex; justify-content: space-between; align-items: baseline; padding-right: 8px; }
.mk-filter { font-size: 13px; color: var(--mk-soft); }
.mk-root select { font: inherit; font-size: 13px; color: var(--mk-ink); background: var(--mk-card); border: 1px solid var(--mk-line); border-radius: 6px; padding: 2px 4px; max-width: 100%; }
.mk-root .mk-sentences { contain: content; list-style: none; overflow: auto; flex: 1; min-height: 0; max-height: 60vh; position: relative; font-size: 14px; scrollbar-width: thin; }
.mk-root[data-wide=yes] .mk-sentences { max-height: none; }
.mk-root .mk-sentence button { display: grid; grid-template-columns: 34px 1fr; gap: 6px; width: 100%; padding: 4px 6px 4px 0; border-radius: 8px; color: var(--mk-ink); line-height: 1.35; }
.mk-root .mk-more button { border: 0; background: none; color: var(--mk-accent); font: inherit; cursor: pointer; padding: 0; }
.mk-sentence .mk-mono { text-align: right; padding-top: 1px; }
.mk-root .mk-sentence:hover button { background: var(--mk-panel); }
.mk-root .mk-future button, .mk-root .mk-future { color: var(--mk-soft); }
.mk-root .mk-turn button { font-weight: 600; }
.mk-root .mk-sentence.mk-current button { background: var(--mk-accent); color: var(--mk-on-accent); }
.mk-root .mk-sentence.mk-current .mk-mono { color: var(--mk-on-accent); }
.mk-root .mk-scene-line { font-size: 12px; font-weight: 650; letter-spacing: 0.02em; color: var(--mk-accent); margin: 10px 6px 2px 0; display: flex; gap: 8px; }
.mk-scene-line span { min-width: 34px; text-align: right; font-family: var(--mk-mono); }
.mk-root .mk-more { color: var(--mk-soft); font-size: 13px; padding: 8px 6px; }
.mk-root details.mk-side { padding: 10px 12px; } .mk-root summary { cursor: pointer; font-weight: 600; }

@media (prefers-reduced-motion: no-preference) {
  .mk-glide { transition: transform 250ms ease, left 250ms ease; }
  .mk-fresh { animation: mk-in 250ms ease; }
  .mk-ghost { animation: mk-out 250ms ease; }
  .mk-arrives .mk-wire { stroke-dasharray: 1; animation: mk-travel 250ms ease; }
  .mk-dragged .mk-glide, .mk-dragged ~ * .mk-glide { transition: none; }
}
@keyframes mk-in { from { opacity: 0; } }
@keyframes mk-out { from { opacity: 0.2; } }
@keyframes mk-travel { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
[data-narrow=yes] .mk-player { flex-direction: column; align-items: stretch; gap: 8px; }
[data-narrow=yes] .mk-buttons { justify-content: center; gap: 12px; }
.mk-root[data-narrow=yes] .mk-round { width: 48px; height: 44px; } .mk-root[data-narrow=yes] .mk-speed { height: 44px; }
[data-narrow=yes] .mk-scenes { height: 10px; }
[data-narrow=yes] .mk-scene-name { display: flex; justify-content: space-between; align-items: center; gap: 10px; text-align: center; color: var(--mk-ink); }
.mk-root[data-narrow=yes] .mk-scene-name .mk-round { font-size: 20px; flex: none; }
[data-narrow=yes] .mk-big { font-size: 18px; }
[data-narrow=yes] .mk-now-line { flex-wrap: wrap; min-height: 96px; align-content: flex-start; gap: 4px 10px; } [data-narrow=yes] .mk-now-words { flex-basis: 80%; }
[data-narrow=yes] .mk-now-side { flex-direction: row; flex-basis: 100%; justify-content: space-between; align-items: baseline; }
@media print { .mk-player, .mk-foot { display: none; } }
`;
