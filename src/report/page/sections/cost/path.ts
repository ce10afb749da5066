import type { Micros } from '../../../../time/micros.js'
import { formatTime } from '../../../format.js'
import { criticalWay, type Flown, mannerOf, meanWays, roundPaths, type RoundPath } from '../../../paths/round-paths.js'
import { type Manner, type Stage, stages, timeIn } from '../../../paths/way.js'
import type { Chart, Drawer } from '../../chart.js'
import { groupsOf, meansIn, saidOfGroups } from '../../grouped.js'
import { html, named, type Content } from '../../html.js'
import { csvOf, table, tabs, type Download } from '../../pieces.js'
import type { RunFacts } from '../../read-run.js'
import { type Stack, standingBars } from '../../stacked.js'
import { meanRound, oneRound, stageColours, stageNames, stagesOf } from './ways.js'

/** Columns of a picture, and rows of a table. */
const mostColumns = 50
const mostRounds = 250

const closedBy = ({ last, after, reason }: RoundPath): Content =>
  last === undefined ? html`nobody (${reason})` : after === 0 ? named(last.client) : html`the clock (${reason})`

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

