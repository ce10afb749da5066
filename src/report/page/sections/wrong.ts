import { formatTime, plural } from '../../format.js'
import { wastedBytes } from '../../bytes-by.js'
import { type Trouble, troubleKinds, troublesIn } from '../../troubles.js'
import type { Drawer } from '../chart.js'
import { html, type Content } from '../html.js'
import type { Section } from '../page.js'
import { csvOf, tabs } from '../pieces.js'
import type { RunFacts } from '../read-run.js'
import { faultsBlock } from './wrong/faults.js'
import { overviewChart } from './wrong/overview.js'
import { scenesOf, timelineChart } from './wrong/timeline.js'

/** Rows of the download. */
const mostRows = 3000

const words: Readonly<Record<Trouble['what'], string>> = {
  late: 'message that came late', lost: 'message that was lost', rejected: 'message that was rejected', partial: 'training on fewer examples than that client’s most',
  'cut short': 'training that was cut short', crash: 'crash', pause: 'pause', aborted: 'aborted round',
}

const inWords = (what: Trouble['what'], count: number): string => {
  const [first, ...rest] = words[what].split(' ')
  if (what === 'crash') return count === 1 ? '1 crash' : `${count} crashes`
  if (what === 'aborted') return plural(count, 'aborted round')
  return count === 1 ? `1 ${words[what]}` : [plural(count, first), ...rest].join(' ').replace(' was ', ' were ')
}

const summary = (run: RunFacts, troubles: readonly Trouble[]): Content => {
  const { wasted } = wastedBytes(run.ledger)
  const vain = run.trainings.filter(({ outcome }) => outcome !== 'used').length
  const struck = run.faults.filter(({ fired }) => fired > 0).length
  if (troubles.length === 0 && wasted === 0 && vain === 0 && struck === 0 && run.status === 'complete') {
    return html`<p><b class="good">Nothing went wrong.</b> Every message came and was of use, every training is in a model, nobody was away, and no round was aborted.</p>`
  }
  const counts = troubleKinds.flatMap((what) => {
    const count = troubles.filter((one) => one.what === what).length
    return count === 0 ? [] : [inWords(what, count)]
  })
  const [first] = troubles
  return html`<p>${struck} of ${plural(run.faults.length, 'fault')} struck. ${counts.length === 0 ? 'Nothing was late, lost or cut short.' : `${counts.join(', ')}.`}${first !== undefined && html` The first at ${formatTime(first.at)}: ${first.told}.`}</p>`
}

/** What went wrong: when and to whom, what faults had to do with it, and what each cost. */
export const wrong = (run: RunFacts, drawer: Drawer): Section => {
  const troubles = troublesIn(run)
  const scenes = scenesOf(run, troubles)
  const overview = overviewChart(run)
  const titleOf = ({ window: { first, last } }: (typeof scenes)[number], i: number): string =>
    i > 0 ? 'all of the flight' : troubles.length === 0 ? 'its beginning' : first === last ? `around the first trouble: round ${first}` : `around the first trouble: rounds ${first} to ${last}`
  return {
    id: 'wrong',
    title: 'What went wrong',
    content: html`
${summary(run, troubles)}
${overview !== undefined && html`<h3>Round by round</h3>${drawer.figure(overview)}`}
<h3>The round timeline</h3>
${scenes.length === 0 ? html`<p>No round was closed.</p>` : tabs('timeline', 'How much of the flight', scenes.map((scene, i) => ({ title: titleOf(scene, i), content: drawer.figure(timelineChart(run, scene)) })))}
<h3>The faults</h3>
${faultsBlock(run)}`,
    downloads: troubles.length === 0 ? [] : [{
      file: troubles.length > mostRows ? `troubles-first-${mostRows}.csv` : 'troubles.csv',
      csv: csvOf(['at', 'what', 'actor', 'about'], troubles.slice(0, mostRows).map(({ at, what, actor, told }) => [at, what, actor, told])),
    }],
  }
}
