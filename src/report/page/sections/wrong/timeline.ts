import { type Name, type Role, roleOfName } from '../../../../roster/participant.js'
import type { Micros } from '../../../../time/micros.js'
import type { Band } from '../../../bands.js'
import { formatTime, plural } from '../../../format.js'
import { type Stretch, stretchesOf, type Trouble, type TroubleKind, troubleKinds } from '../../../troubles.js'
import type { Chart } from '../../chart.js'
import { table } from '../../pieces.js'
import { quietIn, timeAxis } from '../../quiet.js'
import type { RunFacts } from '../../read-run.js'
import { shortName } from '../../short-name.js'

/** What a picture may hold: pieces, rows of clients, rounds of a window. */
const mostPieces = 700
const mostClients = 24
const mostRounds = 6

/** How marks look: shapes tell them apart where colours do not. */
const cross = 'path://M0,1 L1,0 L3,2 L5,0 L6,1 L4,3 L6,5 L5,6 L3,4 L1,6 L0,5 L2,3 Z'
const marks: Readonly<Record<TroubleKind, { readonly symbol: string; readonly colour: string; readonly size: number }>> = {
  late: { symbol: 'triangle', colour: 'var(--c5)', size: 9 },
  lost: { symbol: cross, colour: 'var(--c6)', size: 9 },
  rejected: { symbol: 'rect', colour: 'var(--c4)', size: 8 },
  partial: { symbol: 'circle', colour: 'var(--c7)', size: 7 },
  'cut short': { symbol: 'arrow', colour: 'var(--c4)', size: 9 },
  crash: { symbol: 'diamond', colour: 'var(--ink)', size: 12 },
  pause: { symbol: 'roundRect', colour: 'var(--faint)', size: 9 },
  aborted: { symbol: 'pin', colour: 'var(--c6)', size: 16 },
}

/** Height, in shares of its row, how far from its middle, and colour of a stretch. */
const looks: Readonly<Record<Stretch['what'], { readonly height: number; readonly shift: number; readonly colour: string }>> = {
  waiting: { height: 0.1, shift: 0, colour: 'var(--line)' },
  round: { height: 0.5, shift: 0, colour: 'var(--c8)' },
  'transfer down': { height: 0.26, shift: -0.24, colour: 'var(--c1)' },
  training: { height: 0.3, shift: 0, colour: 'var(--c3)' },
  'transfer up': { height: 0.26, shift: 0.24, colour: 'var(--c2)' },
  away: { height: 0.9, shift: 0, colour: 'var(--faint)' },
}
const drawn = ['waiting', 'round', 'away', 'transfer down', 'training', 'transfer up'] as const satisfies readonly Stretch['what'][]

export interface Window {
  readonly from: Micros
  readonly until: Micros
  /** Of the rounds. */
  readonly first: number
  readonly last: number
}

/** A fault that struck, where the plan has it. */
interface Struck extends Band {
  /** What its row is called: its place in the plan, and its kind. */
  readonly row: string
  readonly targets: readonly Name[]
}

const struckOf = ({ bands, faults }: RunFacts): Struck[] =>
  bands.flatMap((band, i) => (band.fired > 0 ? [{ ...band, row: `${i + 1} ${faults[i].kind}`, targets: faults[i].targets ?? [] }] : []))

const overlaps = ({ from, until }: { readonly from: Micros; readonly until: Micros }, window: Window): boolean => from < window.until && until > window.from

const isIn = ({ at }: Trouble, { from, until }: Window): boolean => at >= from && at <= until

/** Everything of a window, and whom of the clients it shows: those with most trouble first. */
interface Scene {
  readonly window: Window
  readonly stretches: readonly Stretch[]
  readonly troubles: readonly Trouble[]
  readonly struck: readonly Struck[]
  readonly actors: readonly Name[]
  readonly clients: number
}

/** From above: who is in the middle of a federation, and who at its rim. */
const inOrder: readonly Role[] = ['aggregator', 'shard', 'expert', 'regional', 'client']

const byPlace = (a: Name, b: Name): number => inOrder.indexOf(roleOfName(a)) - inOrder.indexOf(roleOfName(b)) || (a.length === b.length ? (a < b ? -1 : 1) : a.length - b.length)

const sceneOf = (run: RunFacts, all: readonly Stretch[], troubles: readonly Trouble[], window: Window): Scene => {
  const stretches = all.filter((one) => overlaps(one, window))
  const own = troubles.filter((one) => isIn(one, window))
  const counts = new Map<Name, number>()
  for (const { actor } of own) counts.set(actor, (counts.get(actor) ?? 0) + 1)
  const present = [...new Set([...stretches, ...own].map(({ actor }) => actor))].filter((name) => name !== 'rounds')
  const isClient = (name: Name): boolean => roleOfName(name) === 'client'
  const clients = present.filter(isClient).sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || byPlace(a, b))
  const actors = [...present.filter((name) => !isClient(name)), ...clients.slice(0, mostClients)].sort(byPlace)
  const seen = new Set([...actors, 'rounds'])
  return {
    window, actors, clients: clients.length, stretches: stretches.filter(({ actor }) => seen.has(actor)),
    troubles: own.filter(({ actor }) => seen.has(actor)), struck: struckOf(run).filter((band) => overlaps(band, window)),
  }
}

const pieces = ({ stretches, troubles }: Scene): number => stretches.length + troubles.length

const windowOf = ({ rounds }: RunFacts, first: number, last: number): Window =>
  ({ first: rounds[first].round, last: rounds[last].round, from: rounds[first].opened, until: Math.max(rounds[last].closed, rounds[first].opened + 1) })

/** The rounds around the first trouble: as many as there is room for. */
const aroundFirst = (run: RunFacts, all: readonly Stretch[], troubles: readonly Trouble[]): Scene | undefined => {
  const { rounds } = run
  if (rounds.length === 0) return undefined
  const [first] = troubles
  const at = Math.max(0, first === undefined ? 0 : rounds.findIndex(({ closed }) => closed >= first.at))
  const begin = Math.max(0, at - 1)
  let scene = sceneOf(run, all, troubles, windowOf(run, at, at))
  for (const [from, size] of [[at, 2], [begin, 2], [begin, 3], [begin, 4], [begin, mostRounds]] as const) {
    const wider = sceneOf(run, all, troubles, windowOf(run, from, Math.min(rounds.length, from + size) - 1))
    if (pieces(wider) <= mostPieces) scene = wider
  }
  return scene
}

/** The pictures of a flight: around its first trouble, and the whole of it where there is room. */
export const scenesOf = (run: RunFacts, troubles: readonly Trouble[]): readonly Scene[] => {
  const all = stretchesOf(run)
  const near = aroundFirst(run, all, troubles)
  if (near === undefined) return []
  const whole = sceneOf(run, all, troubles, windowOf(run, 0, run.rounds.length - 1))
  const isAll = near.window.first === whole.window.first && near.window.last === whole.window.last
  return isAll || pieces(whole) > mostPieces ? [near] : [near, whole]
}

const within = (window: Window, from: Micros, until: Micros): readonly [Micros, Micros] => [Math.max(from, window.from), Math.min(until, window.until)]

/** A picture cannot hold all of a flight: what is not there, and where it is. */
const leftOut = (run: RunFacts, { window, actors, clients }: Scene): string => {
  const shown = actors.filter((name) => roleOfName(name) === 'client').length
  const said = [
    ...(shown < clients ? [`${clients - shown} of ${clients} clients, those with least trouble`] : []),
    ...(window.first > (run.rounds[0]?.round ?? 0) || window.last < (run.rounds.at(-1)?.round ?? 0) ? [`all rounds but ${window.first === window.last ? window.first : `${window.first} to ${window.last}`} of ${run.rounds.length}`] : []),
  ]
  return said.length === 0 ? '' : ` Left out: ${said.join('; ')}; npx windtunnel timeline RUN shows all.`
}

/** Clients and servers as rows, virtual time as columns. */
export const timelineChart = (run: RunFacts, scene: Scene): Chart => {
  const { window, stretches, troubles, struck, actors } = scene
  const rows = [...struck.map(({ row }) => row), 'rounds', ...actors]
  const placeOf = new Map(rows.map((name, i) => [name, i]))
  const breaks = quietIn(
    [...stretches.filter(({ what }) => what === 'training' || what === 'transfer down' || what === 'transfer up'), ...troubles.map(({ at }) => ({ from: at, until: at }))],
    window.from, window.until,
  )
  const bar = (name: string, colour: string, data: readonly object[], z: number): object =>
    ({ name, type: 'custom', renderItem: { draws: 'bar' }, encode: { x: [0, 1], y: 2 }, clip: true, z, itemStyle: { color: colour }, data })
  // A fault that may strike all the time is shown in its own row alone: shading everything says nothing.
  const shading = struck.filter(({ from, until }) => from > window.from || until < window.until)
  const shades = [
    ...struck.map(({ row, fault, from, until, fired }) => ({ value: [...within(window, from, until), placeOf.get(row)!, 0.6, 0, 0.75], told: `${fault}\n${formatTime(from)} to ${formatTime(until)}, struck ${plural(fired, 'time')}` })),
    ...shading.flatMap(({ fault, from, until, targets }) => actors.flatMap((actor) => (targets.includes(actor) ? [{ value: [...within(window, from, until), placeOf.get(actor)!, 1, 0, 0.16], told: `${actor}: ${fault}` }] : []))),
  ]
  const series = [
    ...(shades.length > 0 ? [bar('fault', 'var(--shade)', shades, 1)] : []),
    ...drawn.flatMap((what, z) => {
      const own = stretches.filter((one) => one.what === what)
      const { height, shift, colour } = looks[what]
      return own.length === 0 ? [] : [bar(what, colour, own.map(({ actor, from, until, told }) => ({
        value: [...within(window, from, until), placeOf.get(actor)!, height, shift, ...(what === 'away' ? [0.55] : [])],
        told: `${actor === 'rounds' ? '' : `${actor}\n`}${told}\n${formatTime(from)} to ${formatTime(until)}`,
      })), 2 + z)]
    }),
    ...troubleKinds.flatMap((what) => {
      const own = troubles.filter((one) => one.what === what)
      const { symbol, colour, size } = marks[what]
      return own.length === 0 ? [] : [{
        name: what, type: 'scatter', symbol, symbolSize: size, clip: true, z: 10, itemStyle: { color: colour, borderColor: 'var(--paper)', borderWidth: 1 },
        data: own.map(({ at, actor, told }) => ({ value: [at, placeOf.get(actor)!], told: `${told}\n${formatTime(at)}` })),
      }]
    }),
  ]
  const span = window.first === window.last ? `Round ${window.first}` : `Rounds ${window.first} to ${window.last}`
  return {
    caption: `${span}: who trained, moved parameters and waited, row by row along virtual time.${struck.length > 0 ? ' Shaded: where a fault may strike whom it is about, and in its own row as the plan has it.' : ''}${troubles.length > 0 ? ' A mark of what was lost stands where it was sent, all others where it happened.' : ''}${breaks.length > 0 ? ' Where the axis is torn, time is left out in which nobody trains and nothing moves.' : ''}${leftOut(run, scene)}`,
    height: 158 + 20 * rows.length, zooms: 'both',
    option: {
      legend: { itemGap: 18 },
      grid: { left: 8, right: 24, top: 108, bottom: 44, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
      tooltip: { formatter: { draws: 'told' } },
      xAxis: timeAxis(window.from, window.until, breaks),
      yAxis: { type: 'category', inverse: true, data: rows.map(shortName), splitLine: { show: false }, axisLabel: { interval: 0, fontSize: 11 } },
      series,
    },
    ...(troubles.length > 0 && {
      table: table([{ title: 'virtual time', isNumber: true }, 'what', 'about'], troubles.slice(0, 100).map(({ at, what, told }) => [formatTime(at), what, told]),
        troubles.length > 100 ? `The first 100 of ${troubles.length} troubles that are drawn` : 'What is marked'),
    }),
  }
}
