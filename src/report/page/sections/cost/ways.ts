import type { Name } from '../../../../roster/participant.js'
import type { Micros } from '../../../../time/micros.js'
import { formatTime, plural } from '../../../format.js'
import type { MeanWay, RoundPath } from '../../../paths/round-paths.js'
import { type Manner, type Span, type Stage, stages, timeIn, type Way } from '../../../paths/way.js'
import type { Chart } from '../../chart.js'
import { named, type Content } from '../../html.js'
import { table } from '../../pieces.js'
import { quietIn, timeAxis } from '../../quiet.js'
import { shortName } from '../../short-name.js'

/** Clients of one picture, and rows of one table. */
const mostClients = 24
const mostRows = 250

/** What stages are called, as rounds are flown. */
export const stageNames = (manner: Manner): Readonly<Record<Stage, string>> => ({
  down: 'transfer down',
  compute: manner === 'regions' ? 'rounds of its region' : 'compute',
  up: manner === 'peers' ? 'exchange with others' : 'transfer up',
  waiting: 'waiting',
})

/** What there is to be spent on: a peer is sent no model. */
export const stagesOf = (manner: Manner): readonly Stage[] => (manner === 'peers' ? stages.filter((stage) => stage !== 'down') : stages)

export const stageColours: Readonly<Record<Stage, string>> = { down: 'var(--c1)', compute: 'var(--c3)', up: 'var(--c2)', waiting: 'var(--line)' }

interface Row {
  readonly name: string
  readonly spans: readonly Span[]
  readonly told: string
}

/** Ways below each other, along the time since the round was opened. */
const waysChart = (rows: readonly Row[], manner: Manner, caption: string, numbers: Content): Chart => {
  const names = stageNames(manner)
  const begin = rows.reduce((min, { spans }) => Math.min(min, spans[0]?.from ?? 0), 0)
  const end = rows.reduce((max, { spans }) => Math.max(max, spans.at(-1)?.until ?? 0), 1)
  const breaks = quietIn(rows.flatMap(({ spans }) => spans.filter(({ stage }) => stage !== 'waiting')), begin, end)
  const present = stages.filter((stage) => rows.some(({ spans }) => spans.some((span) => span.stage === stage)))
  return {
    caption: `${caption}${breaks.length > 0 ? ' Where the axis is torn, time is left out in which everybody waits.' : ''}`,
    height: 136 + 24 * rows.length, zooms: 'x', table: numbers,
    option: {
      legend: { itemGap: 20 },
      grid: { left: 8, right: 24, top: 64, bottom: 44, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: timeAxis(begin, end, breaks, 'since the round was opened'),
      yAxis: { type: 'category', inverse: true, data: rows.map(({ name }) => name), splitLine: { show: false } },
      series: present.map((stage) => ({
        name: names[stage], type: 'custom', renderItem: { draws: 'bar' }, encode: { x: [0, 1], y: 2 }, clip: true,
        itemStyle: { color: stageColours[stage] },
        data: rows.flatMap(({ spans, told, name }, i) => spans.filter((span) => span.stage === stage).map(({ from, until }) => ({
          value: [from, until, i, stage === 'waiting' ? 0.28 : 0.66, 0],
          told: `${name}: ${names[stage]}, ${formatTime(until - from)}\n${told}`,
        }))),
      })),
    },
  }
}

/** What is said of clients that have no room. */
const leftOut = (shown: number, all: number): string => (shown === all ? '' : ` ${shown} of ${all} are drawn, who took longest; the table below has more.`)

/** How long it took until the answer was there, or how far it came. */
const reached = ({ from, answered, spans }: Way): Micros => (answered ?? spans.findLast(({ stage }) => stage !== 'waiting')?.until ?? from) - from

const cameOf = ({ came }: Way): string =>
  came === 'counted' ? 'its update counted' : came === 'nothing' ? 'no update of it counted' : `its training: ${came}`

const timesTable = (rows: readonly { readonly client: Name; readonly times: Readonly<Record<Stage, Micros>>; readonly more: readonly Content[] }[], manner: Manner, more: readonly string[]): Content => {
  const names = stageNames(manner)
  return table([manner === 'regions' ? 'region' : 'client', ...stagesOf(manner).map((stage) => ({ title: names[stage], isNumber: true })), ...more],
    rows.slice(0, mostRows).map(({ client, times, more: rest }) => [named(client), ...stagesOf(manner).map((stage) => formatTime(times[stage])), ...rest]))
}

/** The ways of one round, whoever took longest first. */
export const oneRound = (path: RoundPath, manner: Manner): Chart => {
  const sorted = path.ways.toSorted((a, b) => reached(b) - reached(a))
  const shown = sorted.slice(0, mostClients)
  const what = manner === 'overlapping' ? `Fold ${path.round}: what led to it, from when the client was asked` : `Round ${path.round}, open for ${formatTime(path.closed - path.opened)}`
  const who = path.last === undefined ? 'no update counted' : path.after === 0 ? `closed by the message of ${path.last.client}` : `the last message that counted was that of ${path.last.client}, ${formatTime(path.after)} before the close (${path.reason})`
  // A client whose update was folded may have been asked before the round opened.
  const begin = manner === 'overlapping' ? Math.min(path.opened, ...path.ways.map(({ from }) => from)) : path.opened
  return waysChart(
    shown.map((way) => ({ name: shortName(way.client), spans: way.spans.map(({ stage, from, until }) => ({ stage, from: from - begin, until: until - begin })), told: cameOf(way) })), manner,
    `${what}; ${who}.${leftOut(shown.length, sorted.length)}`,
    timesTable(sorted.map((way) => ({ client: way.client, times: timeIn(way), more: [cameOf(way)] })), manner, ['what came of it']),
  )
}

const before = ({ stages: { down, compute, up } }: MeanWay): Micros => down + compute + up

/** The mean of each client over all rounds in which its update counted. */
export const meanRound = (means: readonly MeanWay[], manner: Manner): Chart => {
  const sorted = means.filter(({ counted }) => counted > 0).sort((a, b) => before(b) - before(a))
  const shown = sorted.slice(0, mostClients)
  const spansOf = ({ stages: times }: MeanWay): Span[] => {
    let now = 0
    return stages.flatMap((stage) => {
      const span = { stage, from: now, until: (now += times[stage]) }
      return times[stage] > 0 ? [span] : []
    })
  }
  const silent = means.length - sorted.length
  return waysChart(
    shown.map((mean) => ({ name: shortName(mean.client), spans: spansOf(mean), told: `mean over ${plural(mean.counted, 'round')}` })), manner,
    `What a round is for each ${manner === 'regions' ? 'region' : 'client'}, in the mean over all rounds in which its update counted; all waiting stands last.${silent > 0 ? ` Of ${silent} no update ever counted.` : ''}${leftOut(shown.length, sorted.length)}`,
    timesTable(means.map(({ client, asked, counted, closed, stages: times }) => ({ client, times, more: [`${counted} of ${asked}`, closed] })), manner, ['rounds that counted', 'rounds that it closed']),
  )
}
