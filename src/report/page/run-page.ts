import { quoted } from '../../runs/quoted.js'
import { roundsByOutcome, bytesByDirection } from '../../runs/totals.js'
import { lastScored, scoreRows } from '../../runs/score-rows.js'
import { diverged } from '../../metrics/judging.js'
import { metrics as known } from '../../metrics/metric.js'
import { formatBytes, formatScore, formatTime, plural } from '../format.js'
import type { Drawer } from './chart.js'
import { leading } from './curves.js'
import { html, type Content } from './html.js'
import type { Page, Section } from './page.js'
import { tiles } from './pieces.js'
import { endOf, type RunFacts } from './read-run.js'
import { cameOut } from './sections/came-out.js'
import { cost } from './sections/cost.js'
import { flown } from './sections/flown.js'
import { trust } from './sections/trust.js'
import { wrong } from './sections/wrong.js'

/** What a report of one run answers, in the order in which a reader asks. */
const sections: readonly ((run: RunFacts, drawer: Drawer) => Section)[] = [flown, cameOut, cost, wrong, trust]

/** Numbers that come first: scores by task, rounds, time, bytes, faults. */
const firstNumbers = (run: RunFacts): Content => {
  const metric = leading(run.metrics)
  const rows = scoreRows(run).filter((row) => row.metric === metric)
  const tasks = [...new Set(rows.map(({ task }) => task))]
  const { closed, aborted } = roundsByOutcome(run.rounds)
  const { up, down, inside } = bytesByDirection(run.ledger)
  const struck = run.faults.filter(({ fired }) => fired > 0).length
  return tiles([
    ...tasks.slice(0, 3).map((task) => {
      const own = rows.filter((row) => row.task === task)
      const lost = own.some(({ selected }) => diverged({ metric, value: selected }))
      const values = own.flatMap(({ selected }) => (selected === null ? [] : [selected]))
      const mean = lost || values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
      const over = values.length === own.length ? plural(own.length, 'scenario') : `${values.length} of ${own.length} scenarios`
      return { value: formatScore(mean), about: `${known[metric]?.title ?? metric} of ${task} on test, mean over ${over}` }
    }),
    { value: `${closed}${aborted > 0 ? ` + ${aborted}` : ''}`, about: `rounds closed${aborted > 0 ? ' + aborted' : ''}; ${run.selectedRound === lastScored(run) ? 'the last' : `round ${run.selectedRound}`} is selected` },
    { value: formatTime(endOf(run)), about: 'virtual time' },
    { value: formatBytes(up + down + inside), about: 'left the lines of clients and servers' },
    { value: `${struck} of ${run.faults.length}`, about: 'faults struck' },
  ])
}

/** The report of one run. */
export const runPage = (run: RunFacts, drawer: Drawer): Page => ({
  title: `${run.manifest.name}, seed ${run.manifest.seed}`,
  lead: html`<p class="lead">${plural(run.manifest.world.scenarios.length, 'scenario')} of ${run.manifest.world.name}.${run.status !== 'complete' && html` <b class="bad">This run is ${run.status}.</b>`}${run.warnings.length > 0 && html` <a href="#trust">${plural(run.warnings.length, 'warning')}</a>.`}</p>${firstNumbers(run)}`,
  sections: sections.map((section) => section(run, drawer)),
  exports: `npx windtunnel export ${quoted(run.folder)} --to csv --out DIR`,
})
