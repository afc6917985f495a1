import { html, type Markup, none } from './markup.ts';
import { pageStyle } from './page-style.ts';
import { picture } from './picture.ts';
import { seconds } from './progress.ts';
import type { BootReport } from './report.ts';
import { neighboursOf } from './runs.ts';
import { type Row, type Timeline, timelineOf } from './timeline.ts';

type Run = { readonly report: BootReport; readonly timeline: Timeline; readonly id: string };

/** A page with the timeline of each run as a picture and a table. It needs nothing else: no script, no font, no network. */
export function reportPage(reports: readonly BootReport[]): string {
  const runs = reports.map(
    (report, index): Run => ({
      report,
      timeline: timelineOf(report, neighboursOf(reports, index)),
      id: `run-${index + 1}`,
    }),
  );
  const workers = [...new Set(reports.map(one => one.worker))];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>First boot of ${workers.join(', ')}</title>
<style>${{ markup: pageStyle }}</style>
</head>
<body>
<main>
<h1>First boot</h1>
${runs.length > 1 ? html`<ul class="runs">${runs.map(listed)}</ul>\n` : none}${runs.map(section)}</main>
</body>
</html>
`.markup;
}

function listed(run: Run): Markup {
  return html`
<li><a href="#${run.id}">${nameOf(run)}</a>: <span class="state ${run.timeline.outcome}">${run.timeline.summary}</span></li>`;
}

function nameOf({ report }: Run): string {
  return `${report.worker}${report.attempts > 1 ? `, run ${report.attempts}` : ''}`;
}

function section(run: Run): Markup {
  const { report, timeline, id } = run;
  const more = [report.attempts > 1 ? `run ${report.attempts}` : '', report.rehearsal ? 'rehearsal' : ''];
  return html`<section id="${id}" aria-labelledby="${id}-name">
<h2 id="${id}-name">${report.worker} <small>${more.filter(Boolean).join(', ')}</small></h2>
<p><span class="state ${timeline.outcome}">${timeline.summary}</span></p>
${timeline.next.map(
  sentence => html`<p>${withCode(sentence)}</p>
`,
)}
<figure>
${picture(timeline, id)}${legend(timeline, report)}</figure>
${table(timeline)}${machineOf(report)}</section>
`;
}

/** Words in backquotes are what to type. */
function withCode(sentence: string): readonly Markup[] {
  return sentence.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function machineOf({ instanceId, systemUuid, digest, fingerprint }: BootReport): Markup {
  const known = { instance: instanceId, system: systemUuid, digest, fingerprint };
  const rows = Object.entries(known).flatMap(([name, value]) =>
    value ? [html`<dt>${name}</dt><dd><code>${value}</code></dd>`] : [],
  );
  return rows.length > 0 ? html`<dl>${rows}</dl>\n` : none;
}

function legend({ rows, first }: Timeline, { rehearsal }: BootReport): Markup {
  const retried = rows.some(one => (one.retries?.length ?? 0) > 0);
  const entries: readonly (readonly [string, string, boolean])[] = [
    ['machine', 'the machine’s own time', first],
    ['ok', 'a phase that is ok', rows.some(one => one.word === 'ok')],
    ['retry', 'an attempt without success', retried],
    ['failed', 'where it gave up', rows.some(one => one.word === 'failed')],
    ['waiting', 'not ended', rows.some(one => one.word === 'waiting')],
  ];
  const shown = entries.filter(([, , seen]) => seen);
  return html`<figcaption>${shown.map(([kind, text]) => html`<span><i class="${kind}"></i>${text}</span>`)}<span>seconds since the ${rehearsal ? 'program' : 'kernel'}’s start</span></figcaption>
`;
}

function table(timeline: Timeline): Markup {
  const { rows, notReached, time } = timeline;
  return html`<table>
<caption>${time.join(' ')}</caption>
<thead><tr><th scope="col">phase</th><th scope="col">status</th><th scope="col" class="number">start</th><th scope="col" class="number">took</th><th scope="col" class="number">tries</th></tr></thead>
<tbody>
${rows.map(
  row => html`<tr><th scope="row">${row.phase}</th><td class="${row.word === 'failed' ? 'failed' : ''}">${row.word}</td><td class="number">${seconds(row.start)}</td><td class="number">${seconds(row.took)}</td><td class="number">${row.attempts}</td></tr>
${why(row)}${would(row)}`,
)}</tbody>
</table>
${notReached.length > 0 ? html`<p class="note">Not reached: ${notReached.join(', ')}.</p>\n` : none}`;
}

/** Code, meaning and cause of what failed or was retried. */
function why({ code, title, cause, detail = [], word }: Row): Markup {
  if (!code && !cause) return none;
  const failed = word === 'failed';
  const lines = failed && detail.length > 0 ? detail : [cause ?? ''];
  return html`<tr class="why${failed ? ' bad' : ''}"><td colspan="5"><div>${word === 'ok' ? 'Before that ' : ''}<code>${code ?? ''}</code>${title ? `: ${title}` : ''}<p class="cause">${lines.join('\n')}</p></div></td></tr>
`;
}

function would({ would: commands = [] }: Row): Markup {
  if (commands.length === 0) return none;
  return html`<tr class="why would"><td colspan="5"><div>On a machine it would:<p class="cause">${commands.join('\n')}</p></div></td></tr>
`;
}
