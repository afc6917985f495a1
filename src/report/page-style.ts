/** The page’s style sheet: nothing comes from elsewhere; dark on a screen that asks for it, light on paper. */
export const pageStyle = `
:root {
  color-scheme: light;
  --paper: #fff; --ink: #1b1f24; --faint: #59626d; --line: #d9dee3; --grid: #e8ebee; --soft: #f5f7f8;
  --ok: #2b6cb0; --retry: #c77700; --warn: #8f5300; --failed: #b3261e; --machine: #a9b2bc; --good: #1d6b3f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --paper: #14171a; --ink: #e4e7ea; --faint: #9ba5af; --line: #333a41; --grid: #23282d; --soft: #1b1f23;
    --ok: #6ba6e8; --retry: #e0a23b; --warn: #e0a23b; --failed: #ff7b72; --machine: #5b656f; --good: #6cc08b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 small { color: var(--faint); font-size: 1rem; font-weight: normal; }
p { margin: .35rem 0; }
a { color: var(--ok); }
code, .cause { font: .875em/1.45 ui-monospace, monospace; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.5rem; }
.runs { list-style: none; margin: .75rem 0 0; padding: 0; }
.runs li { padding: .15rem 0; }
.state { font-weight: 600; }
.done { color: var(--good); }
.failed { color: var(--failed); }
.unfinished { color: var(--warn); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .75rem 0; font-size: .875rem; }
dt { color: var(--faint); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0 0; }
.timeline { display: block; overflow: visible; font-size: 14px; }
.timeline text { fill: var(--ink); font-variant-numeric: tabular-nums; }
.timeline .faint, .timeline .tick { fill: var(--faint); }
.timeline .bad { fill: var(--failed); font-weight: 600; }
.timeline .right { text-anchor: end; }
.timeline .middle { text-anchor: middle; }
.timeline .tick { font-size: 12px; }
.timeline .grid { stroke: var(--grid); }
.track { fill: var(--soft); }
.mark { fill: var(--paper); }
.machine { fill: var(--machine); background: var(--machine); }
.ok { fill: var(--ok); background: var(--ok); }
.retry { fill: var(--retry); background: var(--retry); }
rect.failed, i.failed { fill: var(--failed); background: var(--failed); }
.waiting { fill: none; }
rect.waiting { stroke: var(--ok); stroke-dasharray: 3 3; }
i.waiting { border: 1px dashed var(--ok); }
figcaption { display: flex; flex-wrap: wrap; gap: .15rem 1.25rem; color: var(--faint); font-size: .8125rem; margin-top: .5rem; }
figcaption i { display: inline-block; width: .9rem; height: .6rem; margin-right: .4rem; }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; font-size: .9375rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); font-size: .8125rem; padding-bottom: .35rem; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-top: 1px solid var(--line); vertical-align: top; font-weight: normal; }
thead th { border-top: 0; color: var(--faint); font-size: .8125rem; }
th.number, td.number { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
tr.why td { border-top: 0; padding: 0 0 .6rem; }
.why div { background: var(--soft); border-left: 3px solid var(--retry); padding: .45rem .75rem; }
.why.bad div { border-color: var(--failed); }
.why.would div { border-color: var(--line); }
.cause { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.note { color: var(--faint); font-size: .875rem; }
@media (max-width: 26rem) { .timeline .wide { display: none; } }
@media (max-width: 30rem) { th, td { padding-right: .5rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .25rem; } }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  figure, tr { break-inside: avoid; }
  h2, h2 ~ p { break-after: avoid; }
  tr:has(+ .why) { break-after: avoid; }
  section + section { break-before: page; border: 0; }
  a { color: inherit; text-decoration: none; }
}
`;
