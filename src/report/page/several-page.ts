import { formatBytes, formatScore, formatTime, plural } from '../format.js'
import type { Drawer } from './chart.js'
import { html, type Content } from './html.js'
import type { Page, Section } from './page.js'
import { tiles } from './pieces.js'
import { cameOut } from './several/came-out.js'
import { whatDiffers } from './several/compared.js'
import { whatItCost } from './several/cost.js'
import { whatWasFlown } from './several/flown.js'
import { lowerIsBetter, titleOf } from './several/looks.js'
import { completeOf, type SeveralFacts } from './several/read-several.js'
import { underStress } from './several/stress.js'
import { whetherTrusted } from './several/trust.js'

/** What a report of several runs answers, in the order in which a reader asks. */
const sections: readonly ((facts: SeveralFacts, drawer: Drawer) => Section | undefined)[] = [whatWasFlown, cameOut, whatDiffers, underStress, whatItCost, whetherTrusted]

/** The best variant of each task by its mean over runs, and the ranges of what runs took. */
const firstNumbers = (facts: SeveralFacts): Content => {
  const { conditions, variants, tasks, runs, looked: { metric } } = facts
  const complete = completeOf(facts)
  const range = (values: readonly number[], written: (value: number) => string): string => {
    const [low, high] = [written(Math.min(...values)), written(Math.max(...values))]
    return low === high ? low : `${low} to ${high}`
  }
  const spent = complete.map(({ summed }) => summed.spent)
  return tiles([
    { value: `${variants.length} x ${conditions.length}`, about: `${variants.length === 1 ? 'variant' : 'variants'} x ${conditions.length === 1 ? 'condition' : 'conditions'}, ${plural(new Set(runs.map(({ manifest }) => manifest.seed)).size, 'seed')}` },
    { value: complete.length === runs.length ? String(runs.length) : `${complete.length} of ${runs.length}`, about: 'runs are complete' },
    ...tasks.slice(0, 3).flatMap((task) => {
      const means = complete.flatMap(({ summed }) => summed.scores.get(task)?.mean ?? [])
      return means.length === 0 ? [] : [{ value: range(means, formatScore), about: `${titleOf(metric)} of ${task} on test, mean over scenarios, all runs${lowerIsBetter(metric) ? '; less is better' : ''}` }]
    }),
    ...(spent.length === 0 ? [] : [
      { value: range(spent.map(({ time }) => time), formatTime), about: 'virtual time of a run' },
      { value: range(spent.map(({ bytes }) => bytes), formatBytes), about: 'left the lines of clients and servers in a run' },
    ]),
  ])
}

const titleFor = ({ runs, studies }: SeveralFacts): string => {
  const names = [...new Set(studies.length > 0 ? studies.map(({ record: { asks }, folder }) => asks?.name ?? runs.find((run) => run.folder.startsWith(folder))?.manifest.study?.name ?? folder) : runs.map(({ manifest }) => manifest.name))]
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}: ${plural(runs.length, 'run')}`
}

/** The report of several runs. */
export const severalPage = (facts: SeveralFacts, drawer: Drawer): Page => {
  const incomplete = facts.runs.length - completeOf(facts).length
  return {
    title: titleFor(facts),
    lead: html`<p class="lead">${plural(facts.variants.length, 'variant')} under ${plural(facts.conditions.length, 'condition')}.${incomplete > 0 && html` <b class="bad">${plural(incomplete, 'run')} ${incomplete === 1 ? 'is' : 'are'} not complete</b>, and in none of its numbers.`}</p>${firstNumbers(facts)}`,
    exports: 'npx windtunnel export RUN --to csv --out DIR',
    sections: sections.flatMap((section) => section(facts, drawer) ?? []),
  }
}
