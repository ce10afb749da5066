import { stringify } from 'yaml'

import type { JsonSchema } from '../../../documents/names.js'
import { jsonSchema } from '../../../simulation/specification.js'
import { formatTime, plural } from '../../format.js'
import type { Chart, Drawer } from '../chart.js'
import { html, named, type Content } from '../html.js'
import { inWords } from '../in-words.js'
import type { Section } from '../page.js'
import { lines, table } from '../pieces.js'
import { quoted } from '../../../runs/quoted.js'
import { endOf, type RunFacts } from '../read-run.js'

/** Fields that say most of what a run was. */
const shown = ['model', 'local', 'strategy', 'topology', 'rounds', 'selection', 'network', 'codec', 'privacy', 'secureAggregation', 'schedule', 'evaluate'] as const

/** What of the specification is not as a reader would take it to be, a line each. */
const specificationTable = ({ manifest: { specification, world } }: RunFacts): Content => {
  const fields: Readonly<Record<string, JsonSchema>> = (jsonSchema() as JsonSchema).properties ?? {}
  const rows = shown.flatMap((field) => {
    const value = specification[field]
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return []
    const words = inWords(value, fields[field])
    return words === '' ? [] : [[field, words]]
  })
  const scenarios = `${world.name}: ${plural(world.scenarios.length, 'scenario')} (${world.scenarios.slice(0, 12).map(({ name }) => name).join(', ')}${world.scenarios.length > 12 ? ', ...' : ''}), ${world.tasks.length === 1 ? 'task' : 'tasks'} ${world.tasks.join(', ')}; ${world.split}`
  return table(['field', 'what'], [['world', scenarios], ...rows], 'The specification, but for what is as it is by default')
}

const planChart = (run: RunFacts): Chart | undefined => {
  const { bands } = run
  if (bands.length === 0) return undefined
  const end = endOf(run)
  const data = bands.map(({ fault, from, until, fired }, i) => ({
    value: [from, until, i, 0.6, 0, fired > 0 ? 0.75 : 0.35],
    told: `${fault}\n${formatTime(from)} to ${formatTime(until)}, struck ${plural(fired, 'time')}`,
    itemStyle: { color: fired > 0 ? 'var(--bad)' : 'var(--faint)' },
  }))
  return {
    caption: 'When faults may strike, in virtual time, in the order of the plan; grey: one that never did. One that waits for an event has all of the flight.',
    height: 60 + 26 * bands.length,
    zooms: 'x',
    option: {
      grid: { left: 40, right: 20, top: 10, bottom: 44 },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: { type: 'value', min: 0, max: end, name: 'virtual time', axisLabel: { formatter: { draws: 'time' } } },
      yAxis: { type: 'category', inverse: true, data: bands.map((_, i) => String(i + 1)), splitLine: { show: false } },
      series: [{ type: 'custom', renderItem: { draws: 'bar' }, encode: { x: [0, 1], y: 2 }, data, clip: true }],
    },
    table: table([{ title: '', isNumber: true }, 'fault', 'from', 'until', { title: 'struck', isNumber: true }],
      bands.map(({ fault, from, until, fired }, i) => [i + 1, fault, formatTime(from), formatTime(until), fired])),
  }
}

/** What was flown: the specification, the plan as a timeline, the seed, and the line that flies it again. */
export const flown = (run: RunFacts, drawer: Drawer): Section => {
  const { manifest, digest } = run
  const chart = planChart(run)
  const content = html`
${specificationTable(run)}
<details><summary>The whole specification</summary>${lines('The whole specification', stringify(manifest.specification))}</details>
<h3>The plan</h3>
${chart === undefined ? html`<p>No faults.</p>` : [drawer.figure(chart), html`<ol>${run.faults.map(({ text }) => html`<li>${text}</li>`)}</ol>`]}
<h3>To fly it again</h3>
${lines('The command', `npx windtunnel replay ${quoted(run.folder)}`)}
<p>${manifest.script === null ? 'Flown from a program.' : html`Script <code>${manifest.script.file}</code> (SHA-256 <code>${manifest.script.sha256.slice(0, 16)}</code>).`}
Seed <code>${manifest.seed}</code>, engine ${manifest.engine}, ${plural(manifest.workers, 'worker')}, ${manifest.processor.kind}.
${digest !== undefined && html`Digest <code>${digest}</code>.`}
${manifest.settings.length > 0 && html`Settings: ${manifest.settings.map((one) => html`<code>--set ${one}</code> `)}.`}
${manifest.study !== undefined && html`Of the study ${named(manifest.study.name)}: ${named(manifest.study.variant)} under ${named(manifest.study.condition)}.`}</p>`
  return { id: 'flown', title: 'What was flown', content }
}
