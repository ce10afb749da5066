import { realDisk } from '../../../../runs/disk.js'
import { readBlame, type KeptBlame } from '../../../../runs/blame-file.js'
import { quoted } from '../../../../runs/quoted.js'
import { amount, intervalOf, nameOf } from '../../../blame-words.js'
import { type Consequence, type Consequences, consequencesOf } from '../../../consequences.js'
import { formatBytes, formatTime, plural } from '../../../format.js'
import { html, type Content } from '../../html.js'
import { notes, table } from '../../pieces.js'
import { endOf, type RunFacts } from '../../read-run.js'

/** Faults of one table. */
const most = 100

const whenOf = (run: RunFacts, { band: { from, until } }: Consequence): string =>
  from === 0 && until >= endOf(run) ? 'all of the flight' : `${formatTime(from)} to ${formatTime(until)}`

/** Every fault, what became of it, and what fell into its time. */
const faultTable = (run: RunFacts, { faults, calm }: Consequences): Content => {
  const shown = faults.slice(0, most)
  return html`${table(
    ['', 'fault', 'may strike', 'struck', 'what became of it', 'trainings lost then', 'bytes wasted then', ...(calm === undefined ? [] : ['rounds longer than calm'])].map((title, i) => ({ title, isNumber: [0, 3, 5, 6, 7].includes(i), isLong: i === 1 || i === 4 })),
    shown.map((one, i) => {
      const { fault, trainings, wasted, longer } = one
      const silent = fault.fired === 0
      return [
        i + 1, fault.text, whenOf(run, one), fault.fired, `${fault.outcome}${fault.outlived === undefined ? '' : `; ${fault.outlived} was still to come`}`,
        ...(silent ? ['-', '-'] : [`${trainings.lost} of ${trainings.all}`, formatBytes(wasted)]),
        ...(calm === undefined ? [] : [silent || longer === undefined ? '-' : `${longer.rounds} of ${longer.of}`]),
      ]
    }),
  )}
${notes([
    faults.length > most && `The first ${most} of ${faults.length} faults; npx windtunnel show RUN has all.`,
    'What fell into a fault’s time: trainings and bytes of the clients that it is about (of all, where it is about none), whatever the cause. Faults at one time each have all of it.',
    calm === undefined
      ? 'No round was calm: in the time of each some fault might strike, so none is called longer than usual.'
      : `A calm round, in whose time no fault that struck might strike, takes ${formatTime(calm)} in the median.`,
  ].filter((note): note is string => note !== false))}`
}

/** Prices, a table for each measure; of pairs and shares as they were asked for. Faults are called as above: by their place and kind. */
const priceTables = (kept: KeptBlame, { faults }: RunFacts): Content => {
  const called = new Map(faults.map(({ id, kind }, i) => [id, `${i + 1} ${kind}`]))
  const measures = [...new Set(kept.prices.map(({ measure }) => measure))]
  return measures.map((measure) => {
    const own = kept.prices.filter((price) => price.measure === measure)
    return table(['fault', { title: 'price', isNumber: true }, { title: `${Math.round(kept.level * 1000) / 10} % interval`, isNumber: true }, { title: 'seeds', isNumber: true }, 'is'],
      own.map((price) => [
        nameOf({ ...price, faults: price.faults.map((id) => called.get(id) ?? id) }), amount(price, price.effect.estimate), intervalOf({ ...price, measure: price }), price.units,
        price.verdict === 'harmful' ? html`<b class="bad">harmful</b>` : price.verdict === 'helpful' ? html`<span class="good">helpful</span>` : '',
      ]), `${measure}: with the fault, less without it`)
  })
}

const blameBlock = (run: RunFacts): Content => {
  const kept = readBlame(run.folder, run.manifest, realDisk)
  const command = html`<code>npx windtunnel blame ${quoted(run.folder)}</code>`
  if (kept === undefined) return html`<p>What each fault did by itself is not known from one flight: ${command} flies the run without each, and its prices stand here from then on.</p>`
  if (kept === 'other') return html`<p class="warning">The prices that are kept beside this run are of another flight, and are not shown. ${command} prices this one.</p>`
  return html`<p>From ${plural(kept.flights, 'flight')} with faults and without them, with ${plural(kept.seeds.length, 'seed')} (<code>windtunnel blame</code>). Harmful and helpful is what survives Holm’s correction over all ${kept.prices.length} prices.${!kept.explained && ' Each fault by itself does not explain what all do: some meddle with each other.'}</p>
${priceTables(kept, run)}`
}

/** The faults of a run, with what fell into their times, and their prices where they were computed. */
export const faultsBlock = (run: RunFacts): Content =>
  run.faults.length === 0 ? html`<p>No fault was planned.</p>` : html`${faultTable(run, consequencesOf(run))}
<h3>What each fault did by itself</h3>
${blameBlock(run)}`
