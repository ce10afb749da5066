import type { Name } from '../../../../roster/participant.js'
import type { Micros } from '../../../../time/micros.js'
import { formatTime, plural } from '../../../format.js'
import { criticalWay, type Flown, mannerOf, meanWays, type MeanWay, roundPaths, type RoundPath } from '../../../paths/round-paths.js'
import { type Manner, type Span, type Stage, stages, timeIn, type Way } from '../../../paths/way.js'
import type { Chart, Drawer } from '../../chart.js'
import { groupsOf, meansIn, saidOfGroups } from '../../grouped.js'
import { html, named, type Content } from '../../html.js'
import { csvOf, table, tabs, type Download } from '../../pieces.js'
import { quietIn, timeAxis } from '../../quiet.js'
import type { RunFacts } from '../../read-run.js'
import { type Stack, standingBars } from '../../stacked.js'

/** Clients of one picture, and rounds of one table. */
const mostClients = 24
const mostRounds = 250
const mostColumns = 50

/** A client by its scenario. */
export const shortName = (name: Name): string => name.replace(/^client-(?=.)/, '')

/** What stages are called, as rounds are flown. */
const stageNames = (manner: Manner): Readonly<Record<Stage, string>> => ({
  down: 'transfer down',
  compute: manner === 'regions' ? 'rounds of its region' : 'compute',
  up: manner === 'peers' ? 'exchange with others' : 'transfer up',
  waiting: 'waiting',
})

/** What there is to be spent on: a peer is sent no model. */
const stagesOf = (manner: Manner): readonly Stage[] => (manner === 'peers' ? stages.filter((stage) => stage !== 'down') : stages)

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
    height: 116 + 24 * rows.length, zooms: 'x', table: numbers,
    option: {
      legend: { itemGap: 20 },
      grid: { left: 8, right: 24, top: 44, bottom: 44, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
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
    rows.slice(0, mostRounds).map(({ client, times, more: rest }) => [named(client), ...stagesOf(manner).map((stage) => formatTime(times[stage])), ...rest]))
}

const closedBy = ({ last, after, reason }: RoundPath): Content =>
  last === undefined ? html`nobody (${reason})` : after === 0 ? named(last.client) : html`the clock (${reason})`

/** The ways of one round, whoever took longest first. */
const oneRound = (path: RoundPath, manner: Manner): Chart => {
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
const meanRound = (means: readonly MeanWay[], manner: Manner): Chart => {
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

/** The critical path of each round as a column. */
const roundColumns = (paths: readonly RoundPath[], manner: Manner, whole: boolean): Chart => {
  const groups = groupsOf(paths.map(({ round }) => round), mostColumns)
  const names = stageNames(manner)
  const spent = paths.map((path): Record<Stage | 'clock', Micros> => {
    const way = criticalWay(path)
    if (way === undefined) return { down: 0, compute: 0, up: 0, waiting: 0, clock: path.after }
    const times = timeIn(way)
    return { ...times, waiting: Math.max(0, times.waiting - path.after), clock: path.after }
  })
  const stack = (stage: Stage | 'clock', name: string, colour: string, wasted = false): Stack => ({ name, colour, wasted, values: meansIn(groups, spent.map((one) => one[stage])) })
  const all = [...stages.map((stage) => stack(stage, names[stage], stage === 'waiting' ? 'var(--c8)' : stageColours[stage])), ...(whole ? [stack('clock', 'after the last message', 'var(--c8)', true)] : [])]
  const stacks = all.filter(({ values }) => values.some((value) => value > 0))
  const what = manner === 'overlapping' ? 'The time behind each fold, from when its last client was asked' : 'The critical path of each round: the time of whom it waited for last'
  return standingBars({
    caption: `${what}.${whole ? ' Hatched: how long it was still open after the last message that counted.' : ' What came after the last message that counted is left out.'}${saidOfGroups(groups)}`,
    bars: groups.map(({ name }) => name), unit: 'time', stacks,
  })
}

/** Who closed how many rounds. */
const closersTable = (paths: readonly RoundPath[]): Content => {
  const counts = new Map<string, { told: Content; rounds: number[] }>()
  for (const path of paths) {
    const key = path.last === undefined ? `nobody ${path.reason}` : path.after === 0 ? path.last.client : `clock ${path.reason}`
    const own = counts.get(key) ?? { told: closedBy(path), rounds: [] }
    own.rounds.push(path.round)
    counts.set(key, own)
  }
  const rows = [...counts.values()].sort((a, b) => b.rounds.length - a.rounds.length)
  const some = (rounds: readonly number[]): string => `${rounds.slice(0, 12).join(', ')}${rounds.length > 12 ? ', ...' : ''}`
  return [
    table(['closed by', { title: 'rounds', isNumber: true }, 'which'], rows.slice(0, 12).map(({ told, rounds }) => [told, rounds.length, some(rounds)]), 'Who closed rounds: the sender of the last message that a round waited for, or the clock'),
    rows.length > 12 && html`<p>${rows.length - 12} more closed ${rows.slice(12).reduce((sum, { rounds }) => sum + rounds.length, 0)} rounds; the table of rounds has all.</p>`,
  ]
}

const roundsTable = (paths: readonly RoundPath[], manner: Manner): Content => {
  const names = stageNames(manner)
  return html`<details><summary>Round by round</summary>${table(
    ['round', 'open for', 'closed by', 'last message of', ...stagesOf(manner).map((stage) => names[stage]), 'after it'].map((title, i) => ({ title, isNumber: i !== 2 && i !== 3 })),
    paths.slice(0, mostRounds).map((path) => {
      const way = criticalWay(path)
      const times = way && timeIn(way)
      return [path.round, formatTime(path.closed - path.opened), closedBy(path), path.last === undefined ? '-' : named(path.last.client), ...stagesOf(manner).map((stage) => (times === undefined ? '-' : formatTime(stage === 'waiting' ? Math.max(0, times.waiting - path.after) : times[stage]))), formatTime(path.after)]
    }))}${paths.length > mostRounds && html`<p>The first ${mostRounds} of ${paths.length}; the file below has all.</p>`}</details>`
}

const said: Readonly<Record<Manner, string>> = {
  common: '',
  overlapping: 'Rounds overlap here: each is a fold, and what led to it began before it was opened. Nobody waits for the others: a client goes on when its update is there.',
  peers: 'There is no server here: peers are sent no model, train, and exchange with each other; a peer may be ahead of the others, and begin before a round is opened. A round is over when it is for all.',
  regions: 'Regional aggregators stand between: whom a round waits for are they. What their clients do in the meantime is “rounds of its region”; the round timeline below shows it.',
}

const middle = <T>(sorted: readonly T[]): T => sorted[Math.floor((sorted.length - 1) / 2)]

/** What the time of rounds went into, of all and of some. */
export const pathBlock = (run: RunFacts, drawer: Drawer): Content => {
  const flown: Flown = run
  const paths = roundPaths(flown)
  if (paths.length === 0) return html`<p>No round was closed.</p>`
  const manner = mannerOf(flown)
  // Of rounds that were open for as long, the one whose last message took longest is the slower.
  const bySpan = paths.toSorted((a, b) => a.closed - a.opened - (b.closed - b.opened) || b.after - a.after || b.round - a.round)
  const [slowest, median] = [bySpan.at(-1)!, middle(bySpan)]
  const isOne = paths.length === 1
  const views = [
    { title: isOne ? `round ${slowest.round}` : `the slowest, ${slowest.round}`, content: drawer.figure(oneRound(slowest, manner)) },
    ...(isOne || median === slowest ? [] : [{ title: `the median, ${median.round}`, content: drawer.figure(oneRound(median, manner)) }]),
    ...(isOne ? [] : [{ title: 'the mean of all', content: drawer.figure(meanRound(meanWays(paths), manner)) }]),
  ]
  return html`${said[manner] !== '' && html`<p>${said[manner]}</p>`}
${!isOne && tabs('rounds', 'How far rounds are shown', [
    { title: 'until the last message', content: drawer.figure(roundColumns(paths, manner, false)) },
    ...(paths.some(({ after }) => after > 0) ? [{ title: 'until the close', content: drawer.figure(roundColumns(paths, manner, true)) }] : []),
  ])}
${closersTable(paths)}
${roundsTable(paths, manner)}
<h3>One round, client by client</h3>
${tabs('ways', 'Which round', views)}`
}

/** Round by round who closed it and what the time of that client went into. */
export const pathDownload = (flown: Flown): Download => ({
  file: 'critical-path.csv',
  csv: csvOf(['round', 'opened', 'closed', 'outcome', 'reason', 'last', 'at', 'after', ...stages],
    roundPaths(flown).map((path) => {
      const way = criticalWay(path)
      const times = way && timeIn(way)
      return [path.round, path.opened, path.closed, path.outcome, path.reason, path.last?.client ?? null, path.last?.at ?? null, path.after, ...stages.map((stage) => times?.[stage] ?? null)]
    })),
})

