// Colours, type and space. One accent, one warning, one good; everything else is ink on paper. No font is fetched.

const LIGHT = `
  --paper: #FBFAF6; --card: #FFFFFF; --ink: #1B2130; --soft: #5B6475; --line: #D9D6CC; --panel: #F3F1EA;
  --accent: #2F5BD0; --on-accent: #FFFFFF; --warning: #B4432F; --good: #2B7A4B; --faint: #E4EAFB;
  --e0: #DCE6FB; --i0: #A9C0F0; --e1: #FBE7C6; --i1: #DDAF62; --e2: #D9EFDF; --i2: #9CCBAB;
  --e3: #EBDFF6; --i3: #C6AEE2; --e4: #F8DEDA; --i4: #E2AFA7; --e5: #DDEDF2; --i5: #9CC4D1;`;
const DARK = `
  --paper: #14171F; --card: #1B1F2A; --ink: #E9E7E0; --soft: #9AA3B5; --line: #343A49; --panel: #222734;
  --accent: #8FB0FF; --on-accent: #14171F; --warning: #FF9580; --good: #7FD1A0; --faint: #232C45;
  --e0: #22345F; --i0: #3A5391; --e1: #54401A; --i1: #8A6B2E; --e2: #1F4530; --i2: #3A7152;
  --e3: #3D2D54; --i3: #65508A; --e4: #552C27; --i4: #8A4E47; --e5: #1D414C; --i5: #3B6D7B;`;

export const CSS = `
.mk-root { ${LIGHT}
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  box-sizing: border-box; max-width: 100%; padding: 12px; border-radius: 14px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 var(--sans); font-variant-numeric: tabular-nums; text-align: left; container-type: normal;
&[data-theme=dark] { ${DARK} }
*, *::before { box-sizing: border-box; }
h2, h3, p, ol, li, dl, dd { margin: 0; padding: 0; border: 0; color: inherit; }
ol li { margin: 0; }
h2 { font: 650 20px/1.3 var(--sans); letter-spacing: -0.01em; }
h3 { font: 650 12px/1.4 var(--sans); letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.mk-mono, .mk-step { font: 12px/1.4 var(--mono); color: var(--soft); }
.mk-head { display: flex; justify-content: space-between; align-items: flex-start; gap: 12px; flex-wrap: wrap; padding: 0 4px 10px; }
.mk-other-future { color: var(--accent); font-weight: 600; margin-left: 10px; }
.mk-tabs { display: flex; flex-wrap: wrap; gap: 6px; }
.mk-columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
&[data-wide=yes] .mk-columns { grid-template-columns: minmax(0, 1fr) 280px; }
.mk-main { display: flex; flex-direction: column; gap: 10px; min-width: 0; }
.mk-card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.mk-picture-card { overflow: hidden; contain: content; }
.mk-picture { display: block; font-family: var(--sans); }

.mk-picture {
  text { fill: var(--ink); font-size: 13px; }
  .mk-panel { fill: var(--panel); stroke: transparent; stroke-width: 1.5; }
  .mk-name { font-size: 17px; font-weight: 650; }
  .mk-small-name { font-size: 14px; }
  .mk-state { font-size: 14px; font-weight: 600; }
  .mk-small { font-size: 12px; fill: var(--soft); }
  .mk-mono, .mk-offset, .mk-epoch { font-family: var(--mono); font-size: 12px; fill: var(--soft); }
  .mk-offset, .mk-epoch, .mk-value { text-anchor: middle; }
  .mk-caps { font-size: 11px; font-weight: 650; letter-spacing: 0.06em; fill: var(--soft); text-transform: uppercase; }
  .mk-ink-accent { fill: var(--accent); }
  .mk-ink-warning { fill: var(--warning); }
  .mk-ink-good { fill: var(--good); }
  .mk-ink-soft { fill: var(--soft); }
  .mk-tiny { font-size: 12px; }
  .mk-written { font-size: 13px; font-weight: 500; }
}
.mk-controllers.mk-now .mk-panel { stroke: var(--accent); fill: var(--faint); }
.mk-controllers.mk-now .mk-written { font-weight: 650; fill: var(--accent); }
.mk-row .mk-bar { fill: var(--line); }
.mk-is-accent .mk-bar { fill: var(--accent); }
.mk-is-warning .mk-bar { fill: var(--warning); }
.mk-is-accent > .mk-panel { fill: var(--card); stroke: var(--accent); }
.mk-is-warning:not(.mk-gone) > .mk-panel { stroke: var(--warning); stroke-dasharray: 6 4; }
.mk-gone .mk-cell, .mk-gone .mk-flag { opacity: 0.5; }
.mk-chip rect { fill: none; stroke: var(--line); }
.mk-chip.mk-tone-good text { fill: var(--good); } .mk-chip.mk-tone-good rect { stroke: var(--good); }
.mk-chip.mk-tone-warning text { fill: var(--warning); } .mk-chip.mk-tone-warning rect { stroke: var(--warning); stroke-dasharray: 3 2; }
.mk-chip.mk-tone-accent text { fill: var(--accent); } .mk-chip.mk-tone-accent rect { stroke: var(--accent); }
.mk-chip.mk-full rect { fill: var(--warning); stroke-dasharray: none; } .mk-chip.mk-full text { fill: var(--card); font-weight: 650; }
.mk-cell-box { stroke: var(--line); }
.mk-picture .mk-value { font-size: 15px; font-weight: 550; }
.mk-picture .mk-cell .mk-epoch { fill: var(--ink); }
.mk-cell text { paint-order: stroke; stroke: var(--cell-paper); stroke-width: 3px; stroke-linejoin: round; }
.mk-fork-icon path { fill: none; stroke: currentColor; stroke-width: 2; } .mk-fork-icon { vertical-align: -2px; }
.mk-doomed .mk-cell-box { stroke: var(--warning); stroke-width: 2; stroke-dasharray: 5 3; fill-opacity: 0.45; }
.mk-tick circle { fill: var(--card); stroke: currentColor; } .mk-tick path { fill: none; stroke-width: 2; }
.mk-tick.mk-ink-good path, .mk-tick.mk-ink-good circle { stroke: var(--good); }
.mk-tick.mk-ink-warning path, .mk-tick.mk-ink-warning circle { stroke: var(--warning); }
.mk-picture .mk-lit .mk-cell-box { stroke: var(--accent); stroke-width: 3; stroke-dasharray: none; }
.mk-sentence.mk-lit button { box-shadow: inset 3px 0 var(--accent); }
.mk-ghost rect { fill: none; stroke: var(--warning); stroke-width: 2; stroke-dasharray: 5 3; }
.mk-ghost path { stroke: var(--warning); stroke-width: 1.5; }
.mk-ghost text { opacity: 0.55; }
.mk-flag rect { fill: var(--good); } .mk-flag-pole { stroke: var(--good); stroke-width: 2; }
.mk-picture .mk-flag-text { fill: var(--card); font-size: 11px; font-weight: 650; text-anchor: middle; }
.mk-act { cursor: pointer; } .mk-act rect { fill: var(--card); stroke: var(--line); } .mk-act:hover rect { stroke: var(--accent); }
.mk-picture .mk-act text { font-size: 12px; text-anchor: middle; }
.mk-end path { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
.mk-client.mk-acts > .mk-panel, .mk-row.mk-acts > .mk-panel { stroke-width: 2; }
.mk-client.mk-acts > .mk-panel { stroke: var(--accent); }
.mk-epoch-ink { fill: none; stroke-width: 1; }
${[0, 1, 2, 3, 4, 5].map((i) => `.mk-in-e${i} { --cell-paper: var(--e${i}); } .mk-epoch-paper.mk-epoch-${i} { fill: var(--e${i}); } .mk-epoch-ink.mk-epoch-${i} { stroke: var(--i${i}); }
.mk-epoch-ink.mk-dots.mk-epoch-${i} { fill: var(--i${i}); stroke: none; }`).join("\n")}
.mk-wires path { fill: none; }
.mk-wires .mk-cut-line { stroke: var(--warning); stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round; }
.mk-cut rect { fill: var(--card); stroke: var(--warning); }
.mk-picture .mk-cut text { fill: var(--warning); font-size: 12px; font-weight: 650; text-anchor: middle; }
.mk-wire { stroke: var(--soft); stroke-width: 1.5; }
.mk-wires .mk-tip { fill: var(--soft); }
.mk-arrives .mk-wire { stroke: var(--accent); stroke-width: 2; } .mk-wires .mk-arrives .mk-tip { fill: var(--accent); }
.mk-pill rect { fill: var(--card); stroke: var(--soft); }
.mk-picture .mk-pill text { font-size: 12px; text-anchor: middle; }
.mk-pill.mk-lost rect { stroke: var(--warning); stroke-dasharray: 3 2; } .mk-picture .mk-pill.mk-lost text { fill: var(--warning); }
.mk-pill.mk-arrives rect { stroke: var(--accent); } .mk-picture .mk-pill.mk-arrives text { fill: var(--accent); font-weight: 550; }

.mk-now-panel { padding: 10px 14px; border: 1px solid var(--line); border-radius: 14px; background: var(--card); }
.mk-now-panel.mk-loud { border: 2px solid var(--warning); }
.mk-now-line { display: flex; gap: 12px; align-items: baseline; min-height: 58px; }
.mk-step { font-size: 17px; color: var(--accent); font-weight: 650; }
.mk-now-words { flex: 1; min-width: 0; }
.mk-big { font-size: 20px; line-height: 1.35; font-weight: 550; text-wrap: pretty; }
.mk-also { margin-top: 3px; color: var(--ink); font-size: 15px; }
.mk-quiet { color: var(--soft); font-size: 15px; }
.mk-now-side { display: flex; flex-direction: column; align-items: flex-end; gap: 4px; white-space: nowrap; }
.mk-alarm { color: var(--warning); font-weight: 600; }
.mk-why { border-top: 1px solid var(--line); margin-top: 10px; padding-top: 10px; }
.mk-why ol { padding-left: 26px; margin-top: 4px; list-style: decimal; }
.mk-why li { margin: 4px 0; }
.mk-link, .mk-sentence button { border: 0; background: none; padding: 0; margin: 0; font: inherit; color: var(--accent); cursor: pointer; text-align: left; }
.mk-link { text-decoration: underline; text-underline-offset: 3px; }
.mk-why .mk-link { text-decoration: none; color: var(--ink); } .mk-why .mk-link:hover { color: var(--accent); }
.mk-button { border: 1px solid var(--line); background: var(--card); color: var(--ink); border-radius: 999px; padding: 6px 14px; font: inherit; font-size: 14px; cursor: pointer; line-height: 1.3; }
.mk-button:hover { border-color: var(--accent); }
.mk-button[aria-disabled=true] { opacity: 0.45; }
.mk-button.mk-chosen { background: var(--ink); color: var(--card); border-color: var(--ink); }
.mk-button.mk-primary { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
.mk-round { width: 38px; height: 38px; padding: 0; font-size: 13px; letter-spacing: -1px; }
.mk-speed { width: 46px; height: 38px; padding: 0; font-family: var(--mono); font-size: 13px; }

.mk-player { display: flex; gap: 14px; align-items: flex-start; padding: 2px 4px 0; }
.mk-buttons { display: flex; gap: 6px; padding-top: 2px; }
.mk-line { flex: 1; min-width: 0; position: relative; padding: 0 10px; }
.mk-ticks { display: block; width: 100%; height: 12px; }
.mk-time-tick { stroke: var(--soft); stroke-width: 1; opacity: 0.6; vector-effect: non-scaling-stroke; }
.mk-time-tick.mk-ink-warning { stroke: var(--warning); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-accent { stroke: var(--accent); stroke-width: 2; opacity: 1; }
.mk-time-tick.mk-ink-good { stroke: var(--good); stroke-width: 2; opacity: 1; }
.mk-slider { position: relative; height: 24px; cursor: pointer; touch-action: none; border-radius: 6px; }
.mk-slider:focus-visible { outline: 0; } .mk-slider:focus-visible .mk-knob { outline: 3px solid var(--accent); outline-offset: 2px; }
.mk-track { position: absolute; inset: 10px 0 auto; height: 4px; border-radius: 2px; background: var(--line); }
.mk-done { height: 4px; border-radius: 2px; background: var(--accent); }
.mk-knob { position: absolute; top: 4px; width: 16px; height: 16px; margin-left: -8px; border-radius: 50%; background: var(--accent); border: 2px solid var(--paper); }
.mk-scenes { position: relative; height: 26px; }
.mk-scene, .mk-fork { position: absolute; top: 0; transform: translateX(-50%); min-width: 24px; height: 24px; padding: 0 2px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); color: var(--soft); font: 600 12px/1 var(--mono); cursor: pointer; }
.mk-scene.mk-past { color: var(--ink); border-color: var(--soft); }
.mk-scene.mk-current { background: var(--accent); border-color: var(--accent); color: var(--on-accent); z-index: 1; }
.mk-dot { position: absolute; top: 0; width: 6px; height: 6px; margin-left: -3px; border-radius: 50%; background: var(--line); } .mk-dot.mk-past { background: var(--soft); }
.mk-fork { top: -46px; border: 0; background: none; color: var(--accent); font-size: 15px; height: 18px; }
.mk-scene-name { font-size: 14px; color: var(--soft); min-height: 21px; }
.mk-scene-name b { color: var(--accent); font-weight: 650; }

.mk-predict { border: 2px solid var(--accent); border-radius: 14px; padding: 12px 16px; background: var(--faint); }
.mk-predict h3 { color: var(--accent); }
.mk-ask { font-size: 18px; font-weight: 550; margin: 4px 0 10px; outline: 0; }
.mk-choices { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px; }
.mk-choice { text-align: left; border-radius: 14px; }
.mk-reply p { margin: 6px 0; } .mk-reply-links { display: flex; gap: 16px; align-items: center; }
b.mk-ink-good { color: var(--good); } .mk-ink-warning { color: var(--warning); }
.mk-branches { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 0 4px; }
.mk-choice.mk-chosen .mk-mono { color: inherit; }
.mk-branch-title { color: var(--accent); font-weight: 600; font-size: 14px; }

.mk-side { padding: 12px 4px 8px 12px; min-height: 0; }
&[data-wide=yes] .mk-side { position: relative; overflow: hidden; }
&[data-wide=yes] .mk-story { position: absolute; inset: 12px 4px 8px 12px; }
.mk-story { display: flex; flex-direction: column; gap: 6px; min-height: 0; }
.mk-story-head { display: flex; justify-content: space-between; align-items: baseline; padding-right: 8px; }
.mk-filter { display: flex; flex-wrap: wrap; gap: 4px 10px; font-size: 13px; color: var(--soft); }
select { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 4px; max-width: 100%; }
.mk-sentences { contain: content; list-style: none; overflow: auto; flex: 1; min-height: 0; max-height: 60vh; position: relative; font-size: 14px; scrollbar-width: thin; }
&[data-wide=yes] .mk-sentences { max-height: none; }
.mk-sentence button { display: grid; grid-template-columns: 34px 1fr; gap: 6px; width: 100%; padding: 4px 6px 4px 0; border-radius: 8px; color: var(--ink); line-height: 1.35; }
.mk-more button { border: 0; background: none; color: var(--accent); font: inherit; cursor: pointer; padding: 0; }
.mk-sentence .mk-mono { text-align: right; padding-top: 1px; }
.mk-sentence:hover button { background: var(--panel); }
.mk-future button, .mk-future { color: var(--soft); }
.mk-turn button { font-weight: 600; }
.mk-sentence.mk-current button { background: var(--accent); color: var(--on-accent); }
.mk-sentence.mk-current .mk-mono { color: var(--on-accent); }
.mk-scene-line { font-size: 12px; font-weight: 650; letter-spacing: 0.02em; color: var(--accent); margin: 10px 6px 2px 0; display: flex; gap: 8px; }
.mk-scene-line span { min-width: 34px; text-align: right; font-family: var(--mono); }
.mk-more { color: var(--soft); font-size: 13px; padding: 8px 6px; }
details.mk-side { padding: 10px 12px; } summary { cursor: pointer; font-weight: 600; }

@media (prefers-reduced-motion: no-preference) {
  .mk-glide { transition: transform 250ms ease, left 250ms ease; }
  .mk-fresh { animation: mk-in 250ms ease; }
  .mk-ghost { animation: mk-out 250ms ease; }
  .mk-arrives .mk-wire { stroke-dasharray: 1; animation: mk-travel 250ms ease; }
  .mk-dragged .mk-glide, .mk-dragged ~ * .mk-glide { transition: none; }
}
&[data-narrow=yes] {
  padding: 4px;
  .mk-player { flex-direction: column; align-items: stretch; gap: 8px; }
  .mk-buttons { justify-content: center; gap: 12px; }
  .mk-round { width: 48px; height: 44px; }
  .mk-speed { height: 44px; }
  .mk-scenes { height: 10px; }
  .mk-scene-name { display: flex; justify-content: space-between; align-items: center; gap: 10px; text-align: center; color: var(--ink); }
  .mk-scene-name .mk-round { font-size: 20px; flex: none; }
  .mk-big { font-size: 18px; } .mk-tabs .mk-button { padding: 6px 10px; }
  .mk-now-line { flex-wrap: wrap; min-height: 96px; align-content: flex-start; gap: 4px 10px; }
  .mk-now-words { flex-basis: 80%; }
  .mk-now-side { flex-direction: row; flex-basis: 100%; justify-content: space-between; align-items: baseline; }
}
@media print { .mk-player, .mk-foot { display: none; } }
}
@keyframes mk-in { from { opacity: 0; } }
@keyframes mk-out { from { opacity: 0.2; } }
@keyframes mk-travel { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
`;
