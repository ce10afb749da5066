import { roundsByOutcome } from '../../../runs/totals.js'
import { formatCount, plural } from '../../format.js'
import { html, type Content } from '../html.js'
import type { Section } from '../page.js'
import { notes, table } from '../pieces.js'
import type { RunFacts } from '../read-run.js'

const statusOf = ({ status, manifest: { error } }: RunFacts): Content => {
  switch (status) {
    case 'complete':
      return html`It flew to its end${error !== undefined && html`, and ended with ${error}`}.`
    case 'running':
      return html`<b class="bad">It has not ended</b>: what follows is what is there.`
    case 'interrupted':
      return html`<b class="bad">It was interrupted</b>: what follows is what had been flown by then.`
    case 'failed':
      return html`<b class="bad">It failed</b>: ${error ?? 'it does not say why'}. What follows is what had been flown by then.`
    default:
      return status satisfies never
  }
}

/** What was scored, on which rows and when, and how the round that is reported was chosen. */
const protocolOf = ({ manifest, selectedRound, metrics }: RunFacts): Content => {
  const { world: { split, scenarios }, specification } = manifest
  const { every, on, until } = (specification['evaluate'] ?? {}) as { every?: number; on?: readonly string[]; until?: unknown }
  const rows = (part: 'train' | 'validation' | 'test'): string => formatCount(scenarios.reduce((sum, own) => sum + own.rows[part], 0))
  const validated = metrics.some(({ split: of, round }) => of === 'validation' && round > 0)
  return html`Split: ${split}. ${rows('train')} rows train, ${rows('validation')} validate, ${rows('test')} test. Scored ${every === 1 || every === undefined ? 'after every round' : `every ${every} rounds`}${on !== undefined && html`, on ${on.join(' and ')}`}.
${validated ? html`The round that is reported, ${selectedRound}, is the best on validation, one for all scenarios.` : html`Nothing was validated: round ${selectedRound}, the last, is reported.`}
${until !== undefined && html`It was to stop at ${typeof until === 'string' ? until : JSON.stringify(until)}.`}`
}

/** Whether it can be trusted: checks, marks, coverage, the protocol of evaluation, warnings, and who vouches for the files. */
export const trust = (run: RunFacts): Section => {
  const { manifest, examined, marks, coverage, warnings, compared, rounds } = run
  const { closed, aborted } = roundsByOutcome(rounds)
  const content = html`
<p>${statusOf(run)} ${plural(closed, 'round')} closed, ${aborted} aborted.</p>
${warnings.length > 0 && [html`<h3>Warnings</h3>`, warnings.map((warning) => html`<p class="warning">${warning}</p>`)]}
${manifest.world.notes.length > 0 && [html`<h3>Of the data</h3>`, notes(manifest.world.notes)]}
<h3>How it was scored</h3>
<p>${protocolOf(run)}</p>
<h3>What watched</h3>
<p>${manifest.checks === undefined ? 'It does not say which checks watched.' : manifest.checks.length === 0 ? 'No check watched.' : html`${plural(manifest.checks.length, 'check')} watched every event${run.status === 'complete' && ', and none of them failed'}: ${manifest.checks.join(', ')}.`}</p>
${notes(Object.entries(compared).map(([name, told]) => html`${name}: ${told}`))}
${coverage !== undefined && html`<p>Of the protocol's ${coverage.exist} pairs of a state and an event, ${coverage.handled} came up.</p>`}
${Object.keys(marks).length > 0 && html`<details><summary>${Object.values(marks).filter((times) => times > 0).length} of ${Object.keys(marks).length} marks were passed</summary>${table(['mark', { title: 'times', isNumber: true }], Object.entries(marks).map(([name, times]) => [name, formatCount(times)]))}</details>`}
<h3>Who vouches</h3>
<p>${examined.unsealed === undefined ? html`Each of its ${plural(examined.sound.length, 'file')} is as the run wrote it, by the SHA-256 in its manifest.` : html`<b class="bad">Nobody vouches for its files</b>: ${examined.unsealed}.`}
Versions: ${Object.entries(manifest.versions).map(([name, version]) => `${name} ${version}`).join(', ')}.</p>`
  return { id: 'trust', title: 'Whether it can be trusted', content }
}
