import { basename, dirname, join } from 'node:path'

import { plural } from '../../format.js'
import { html, named, type Content } from '../html.js'
import type { Section } from '../page.js'
import { table } from '../pieces.js'
import type { RunSum, SeveralFacts } from './read-several.js'

/** Runs that are listed one by one. */
const mostRuns = 36
/** Kinds of warnings that are listed. */
const mostKinds = 24

/** A warning without what is of one run alone: numbers, names made of them, and what stands in brackets. */
export const kindOf = (warning: string): string => warning.replace(/\([^()]*\)/g, '(...)').replace(/-[0-9a-f]{6,}\b/g, '-N').replace(/\d[\d.,]*(?:e-?\d+)?/g, 'N').trim()

/** Warnings by kind: how many runs have it, how often all together, and one of them as it stands. */
export const warningKinds = (runs: readonly Pick<RunSum, 'manifest'>[]): { readonly kind: string; readonly runs: number; readonly times: number; readonly example: string }[] => {
  const kinds = new Map<string, { runs: Set<number>; times: number; example: string }>()
  for (const [i, { manifest: { warnings } }] of runs.entries()) {
    for (const warning of warnings) {
      const kind = kindOf(warning)
      const own = kinds.get(kind) ?? { runs: new Set(), times: 0, example: warning }
      own.runs.add(i)
      own.times++
      kinds.set(kind, own)
    }
  }
  return [...kinds].map(([kind, { runs: own, times, example }]) => ({ kind, runs: own.size, times, example })).sort((a, b) => b.runs - a.runs)
}

const isSound = ({ manifest: { status, error, failure } }: RunSum): boolean => status === 'complete' && error === undefined && failure === undefined

const statusOf = ({ manifest: { status, error } }: RunSum): Content =>
  status === 'complete' && error === undefined ? 'complete' : html`<b class="bad">${status}</b>${error !== undefined && `: ${error}`}`

/** The folder as its study has it. */
const shortFolder = ({ folder, manifest: { study } }: RunSum): string =>
  study === undefined ? basename(folder) : join(basename(dirname(dirname(folder))), basename(dirname(folder)), basename(folder))

const rowOf = (run: RunSum): readonly Content[] => {
  const { manifest: { seed, checks, digest, warnings, files }, condition, variant } = run
  return [
    html`<code>${shortFolder(run)}</code>`, named(condition), named(variant), seed, statusOf(run), checks === undefined ? '-' : checks.length,
    warnings.length, digest === undefined ? '-' : html`<code>${digest.slice(0, 16)}</code>`, files === undefined ? html`<b class="bad">nobody</b>` : 'its manifest',
  ]
}

const heads = ['run', 'condition', 'variant', 'seed', 'status', { title: 'checks', isNumber: true }, { title: 'warnings', isNumber: true }, 'digest', 'vouched for by']

const warningsBlock = (runs: readonly RunSum[]): Content => {
  const kinds = warningKinds(runs)
  if (kinds.length === 0) return html`<p>No run has a warning.</p>`
  return [
    table(['warning, by kind', { title: 'runs', isNumber: true }, { title: 'times', isNumber: true }, 'one of them'],
      kinds.slice(0, mostKinds).map(({ kind, runs: own, times, example }) => [kind, own, times, example === kind ? '' : example])),
    kinds.length > mostKinds && html`<p>And ${plural(kinds.length - mostKinds, 'kind')} more: <code>npx windtunnel show</code> prints those of a run.</p>`,
  ]
}

const differing = (runs: readonly RunSum[], of: (run: RunSum) => string): readonly string[] => [...new Set(runs.map(of))]

/** Whether several runs can be trusted: how each ended, what watched, who vouches, what they warn of. */
export const whetherTrusted = ({ runs, unflown }: SeveralFacts): Section => {
  const bad = runs.filter((run) => !isSound(run))
  const listed = [...bad, ...runs.filter(isSound)].slice(0, mostRuns)
  const versions = differing(runs, ({ manifest }) => Object.entries(manifest.versions).map(([name, version]) => `${name} ${version}`).join(', '))
  const processors = differing(runs, ({ manifest }) => manifest.processor.kind)
  const incomplete = runs.filter(({ manifest }) => manifest.status !== 'complete').length
  return {
    id: 'trust', title: 'Whether it can be trusted',
    content: html`
<p>${incomplete === 0 ? html`All of its ${plural(runs.length, 'run')} are complete.` : html`<b class="bad">${incomplete} of ${plural(runs.length, 'run')} ${incomplete === 1 ? 'is' : 'are'} not complete</b>: no number, curve or test of this page has ${incomplete === 1 ? 'it' : 'them'} in it.`}
Every file that was read is as its run wrote it, by the SHA-256 in its manifest${runs.some(({ manifest }) => manifest.files === undefined) && ', where it holds one'}.</p>
${versions.length > 1 && html`<p class="warning">Runs are of ${versions.length} sets of versions: ${versions.slice(0, 4).join('; ')}.</p>`}
${processors.length > 1 && html`<p class="warning">Runs are of ${processors.length} kinds of processors (${processors.slice(0, 4).join('; ')}), whose numbers differ in the last bits.</p>`}
${unflown.length > 0 && html`<p><b class="bad">${plural(unflown.length, 'run')} failed before there was anything to read</b>:</p>${table(['condition', 'variant', 'seed', 'why'], unflown.slice(0, mostRuns).map(({ condition, variant, seed, why }) => [named(condition), named(variant), seed, why]))}${unflown.length > mostRuns && html`<p>And ${plural(unflown.length - mostRuns, 'run')} more.</p>`}`}
<h3>Warnings</h3>
${warningsBlock(runs)}
<h3>Runs</h3>
${bad.length > 0 && table(heads, listed.filter((run) => !isSound(run)).map(rowOf))}
${listed.some(isSound) && html`<details><summary>Those that are complete</summary>${table(heads, listed.filter(isSound).map(rowOf))}</details>`}
${runs.length > listed.length && html`<p>${plural(runs.length - listed.length, 'further run')}${bad.length <= mostRuns ? ', all of them complete,' : ''} not listed one by one: <code>npx windtunnel verify</code> looks at each.</p>`}`,
  }
}
