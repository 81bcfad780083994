// The style of the views in the second module.

export const MORE_CSS = `
.mk-root {
.mk-log .mk-hole rect { fill: none; stroke: var(--line); stroke-dasharray: 2 4; }
.mk-picture .mk-tag { font-size: 11px; fill: var(--soft); } .mk-picture .mk-middle { text-anchor: middle; }
.mk-picture .mk-tag.mk-tight { font-size: 10px; letter-spacing: -0.02em; }
.mk-picture .mk-cell .mk-tag { fill: var(--ink); }
.mk-log .mk-marker rect { fill: var(--card); stroke: var(--soft); stroke-width: 1.5; }
.mk-picture .mk-marker.mk-COMMIT text { fill: var(--good); } .mk-picture .mk-marker.mk-COMMIT rect { stroke: var(--good); }
.mk-picture .mk-marker.mk-ABORT text { fill: var(--warning); } .mk-picture .mk-marker.mk-ABORT rect { stroke: var(--warning); stroke-dasharray: 4 3; }
.mk-batch rect { fill: none; stroke: var(--line); stroke-width: 1.5; } .mk-batch.mk-in-transaction rect { stroke: var(--soft); }
.mk-segment path { fill: none; stroke: var(--soft); }
.mk-log .mk-aborted .mk-cell-box { fill-opacity: 0.35; stroke: var(--warning); } .mk-log .mk-open .mk-cell-box { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 3 3; }
.mk-disk { fill: var(--soft); } .mk-cache { fill: none; stroke: var(--soft); stroke-dasharray: 2 2; }
.mk-ghost.mk-meant rect, .mk-ghost.mk-meant path { stroke: var(--soft); }
.mk-picture .mk-flag-stable rect { fill: var(--card); stroke: var(--accent); stroke-width: 1.5; } .mk-picture .mk-flag-stable .mk-flag-text { fill: var(--accent); } .mk-flag-stable .mk-flag-pole { stroke: var(--accent); stroke-dasharray: 4 3; }
.mk-picture .mk-flag-plain rect { fill: var(--card); stroke: var(--soft); } .mk-picture .mk-flag-plain .mk-flag-text { fill: var(--ink); } .mk-flag-plain .mk-flag-pole { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 2 3; }
.mk-pointed rect { fill: transparent; } .mk-pointed.mk-lit rect { fill: var(--faint); stroke: var(--accent); }
.mk-log .mk-lit > rect { stroke: var(--accent); stroke-width: 3; stroke-dasharray: none; }
.mk-sheet { padding: 14px 16px; display: flex; flex-direction: column; gap: 18px; font-size: 15px; }
&[data-narrow=yes] .mk-sheet { padding: 10px; }
.mk-part { display: flex; flex-direction: column; gap: 8px; min-width: 0; }
.mk-verdict { font-size: 16px; } .mk-rule { font-size: 14px; color: var(--soft); } .mk-rule b { color: var(--ink); font-weight: 600; } .mk-rule.mk-ink-warning { color: var(--warning); }
.mk-word { display: inline-block; border: 1px solid var(--line); border-radius: 10px; padding: 0 8px; margin: 1px 4px; font-size: 13px; line-height: 1.5; }
.mk-word:first-child { margin-left: 0; }
.mk-word.mk-tone-good { color: var(--good); border-color: var(--good); } .mk-word.mk-tone-accent { color: var(--accent); border-color: var(--accent); }
.mk-word.mk-tone-warning { color: var(--warning); border: 1px dashed var(--warning); } .mk-word.mk-tone-soft { color: var(--soft); }
.mk-scroll { overflow-x: auto; max-width: 100%; border-radius: 10px; }
.mk-table, .mk-grid { border-collapse: collapse; width: 100%; font-size: 14px; display: table; background: none; border: 0; margin: 0; }
.mk-table caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.mk-table th, .mk-table td { text-align: left; padding: 7px 14px 7px 0; border: 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; min-width: 0; background: none; }
.mk-table thead th { border-top: 0; color: var(--soft); font-size: 12px; padding-bottom: 3px; }
.mk-table .mk-word { white-space: nowrap; } .mk-table b { font-weight: 650; }
.mk-log .mk-gone .mk-cell, .mk-log .mk-gone .mk-flag { opacity: 0.75; }
.mk-gauge { display: inline-flex; vertical-align: top; align-items: center; gap: 8px; white-space: nowrap; } .mk-meter { width: 64px; height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; flex: none; }
.mk-meter > span { display: block; height: 100%; background: var(--soft); } .mk-tone-accent .mk-meter > span { background: var(--accent); } .mk-tone-good .mk-meter > span { background: var(--good); } .mk-tone-warning .mk-meter > span { background: var(--warning); }
.mk-sheet .mk-ink-accent { color: var(--accent); } .mk-sheet .mk-ink-soft { color: var(--soft); }
.mk-rail { position: relative; display: block; height: 18px; width: 150px; margin-top: 4px; } .mk-rail::before { content: ""; position: absolute; inset: 4px 0 auto; height: 4px; border-radius: 2px; background: var(--line); }
.mk-rail-read { position: absolute; left: 0; top: 4px; height: 4px; border-radius: 2px; background: var(--good); }
.mk-rail-mark { position: absolute; top: -4px; transform: translateX(-50%); font-size: 12px; line-height: 1; color: var(--accent); } .mk-rail-mark.mk-committed { top: 8px; color: var(--ink); }
.mk-id { display: flex; flex-direction: column; gap: 6px; border-left: 4px solid var(--line); padding-left: 12px; }
.mk-path { list-style: none; display: flex; flex-wrap: wrap; gap: 4px; } .mk-path li { border: 1px solid var(--line); border-radius: 10px; padding: 2px 10px; font-size: 14px; color: var(--soft); }
.mk-path li + li::before { content: "→ "; } .mk-path .mk-past { color: var(--ink); } .mk-path .mk-here { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 650; }
.mk-grid { width: auto; border-collapse: separate; border-spacing: 4px; } .mk-grid th, .mk-grid td { border: 0; background: none; padding: 4px 6px; min-width: 72px; text-align: center; font-size: 14px; font-weight: 400; vertical-align: middle; }
.mk-grid thead th { font-family: var(--mono); font-size: 12px; color: var(--soft); } .mk-grid th[scope=row], .mk-grid thead th:first-child { text-align: left; color: var(--soft); font-family: var(--sans); font-size: 13px; font-weight: 400; position: sticky; left: 0; background: var(--card); }
.mk-grid small { display: block; font-size: 11px; color: var(--soft); opacity: 1; }
.mk-grid td.mk-record { font-weight: 600; background: var(--panel); border-radius: 6px; } .mk-grid .mk-record.mk-aborted, .mk-grid .mk-record.mk-aborted small { color: var(--warning); } .mk-grid td.mk-record.mk-aborted { border: 1px dashed var(--warning); } .mk-grid td.mk-record.mk-open { border: 1px dashed var(--accent); } .mk-grid .mk-record.mk-open small { color: var(--accent); } .mk-grid .mk-record.mk-open { color: var(--accent); }
.mk-grid .mk-unseen { color: var(--soft); font-size: 12px; } .mk-grid .mk-unseen.mk-ink-warning { color: var(--warning); }
.mk-grid .mk-marker-cell { font-size: 11px; font-weight: 650; white-space: nowrap; } .mk-grid .mk-COMMIT { color: var(--good); } .mk-grid .mk-ABORT { color: var(--warning); }
.mk-sheet .mk-lit { outline: 2px solid var(--accent); border-radius: 6px; }
.mk-grid td.mk-stable-edge, .mk-grid th.mk-stable-edge { border-left: 2px dashed var(--accent); }
&[data-narrow=yes] .mk-table, &[data-narrow=yes] .mk-table tbody, &[data-narrow=yes] .mk-table tr, &[data-narrow=yes] .mk-table th, &[data-narrow=yes] .mk-table td { display: block; }
&[data-narrow=yes] .mk-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
&[data-narrow=yes] .mk-table tr { border-top: 1px solid var(--line); padding: 6px 0; } &[data-narrow=yes] .mk-table th, &[data-narrow=yes] .mk-table td { border: 0; padding: 2px 0; }
&[data-narrow=yes] .mk-table td::before { content: attr(data-head) ": "; color: var(--soft); }
.mk-space .mk-name, .mk-arrow text { text-anchor: middle; } .mk-right, .mk-at .mk-mono { text-anchor: end; }
.mk-life { stroke: var(--soft); stroke-width: 2; fill: none; } .mk-life.mk-paused { stroke-dasharray: 3 5; }
.mk-at { cursor: pointer; } .mk-at rect { fill: transparent; } .mk-at:hover rect { fill: var(--panel); } .mk-at.mk-current rect { fill: var(--faint); }
.mk-at circle { fill: var(--soft); } .mk-at circle.mk-turn, .mk-at.mk-current circle { fill: var(--accent); } .mk-at .mk-cut-line { stroke: var(--warning); stroke-dasharray: 2 5; stroke-width: 2; }
.mk-arrow { pointer-events: none; } .mk-arrow .mk-tip { fill: var(--soft); } .mk-picture .mk-word { font-size: 11px; fill: var(--soft); paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.mk-arrow.mk-current .mk-wire { stroke: var(--accent); stroke-width: 2; } .mk-picture .mk-arrow.mk-current :is(text, .mk-tip) { fill: var(--accent); }
.mk-arrow.mk-lost .mk-wire { stroke: var(--warning); stroke-dasharray: 4 3; } .mk-picture .mk-arrow.mk-lost text { fill: var(--warning); }
.mk-axis { fill: none; stroke: var(--line); } .mk-series { fill: none; stroke-width: 2; stroke: var(--accent); } .mk-cursor { stroke: var(--ink); } .mk-hit { fill: transparent; cursor: pointer; }
.mk-charts circle { fill: var(--accent); } .mk-line-1 { stroke: var(--warning); } .mk-line-2 { stroke: var(--good); }
.mk-worlds { width: 100%; border-collapse: collapse; font-size: 14px; table-layout: fixed; th, td { text-align: left; overflow-wrap: anywhere; vertical-align: top; padding: 4px 10px; border-top: 1px solid var(--line); }
  th:first-child { width: 84px; } .mk-link:not([data-part=difference]) { color: var(--ink); text-decoration: none; } .mk-both { color: var(--soft); } .mk-differs td { border: 2px solid var(--warning); } .mk-here { background: var(--faint); }
  .mk-current { outline: 2px solid var(--accent); } }
&[data-narrow=yes] .mk-worlds :is(th, td) { padding: 4px; } &[data-narrow=yes] .mk-worlds th:first-child { width: 76px; }
.mk-jumps { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 13px; color: var(--soft); } .mk-jumps [aria-disabled] { opacity: 0.5; }
.mk-foot { display: flex; flex-wrap: wrap; gap: 6px 16px; font-size: 13px; padding: 0 4px; }
.mk-foot .mk-link { color: var(--soft); }
.mk-help { flex-basis: 100%; display: flex; flex-wrap: wrap; gap: 12px 40px; } .mk-keys { display: grid; align-content: start; grid-template-columns: max-content 1fr; gap: 2px 14px; font-size: 13px; }
.mk-keys dt { font-family: var(--mono); font-weight: 400; }
}
`;
