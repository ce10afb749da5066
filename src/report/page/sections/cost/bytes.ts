import { accountant } from '../../../../flight/round-summaries.js'
import type { Fate } from '../../../../record/message.js'
import type { LedgerRow } from '../../../../record/rows.js'
import { roleOfName } from '../../../../roster/participant.js'
import { bytesByCodec } from '../../../../runs/totals.js'
import { fatesIn, isWasted, sumsOf, wastedBytes } from '../../../bytes-by.js'
import { formatBytes, formatCount } from '../../../format.js'
import type { Drawer } from '../../chart.js'
import { groupsOf, meansIn, saidOfGroups } from '../../grouped.js'
import { html, type Content } from '../../html.js'
import { csvOf, table, tabs, type Download } from '../../pieces.js'
import type { RunFacts } from '../../read-run.js'
import { lyingBars, type Stack, standingBars, wastedColours } from '../../stacked.js'

/** Columns over rounds beyond which neighbours stand as one. */
const mostColumns = 50

/** Bars of one picture; what is beyond is one bar. */
const mostBars = 16

const colours = ['var(--c1)', 'var(--c3)', 'var(--c4)', 'var(--c2)', 'var(--c5)', 'var(--c7)', 'var(--c6)', 'var(--c8)']

const kindOf = ({ kind }: Pick<LedgerRow, 'kind'>): string => (kind === 'model' ? 'models' : kind === 'update' ? 'updates' : 'control')

const directionOf = ({ direction, to }: Pick<LedgerRow, 'direction' | 'to'>): string =>
  direction === 'inside' ? 'among servers' : direction === 'down' ? 'down, to clients' : roleOfName(to) === 'client' ? 'from client to client' : 'up, from clients'

/** Roles as a message carries them: one with several is not to be taken apart. */
const rolesOf = ({ roles, kind }: Pick<LedgerRow, 'roles' | 'kind'>): string => (roles.length === 0 ? (kind === 'model' || kind === 'update' ? 'no parameters' : 'control') : roles.join(' + '))

const ways = [
  { title: 'by kind', of: ({ kind }: LedgerRow) => kind, says: 'by kind of message' },
  { title: 'by role', of: rolesOf, says: 'by the roles of the segments inside; a message that holds several counts once, under all of them together' },
  { title: 'by direction', of: directionOf, says: 'by direction' },
] as const

/** Colours of fates: what is of use as in all pictures of bytes, all else in the order of the ledger’s page. */
const colourOf = (all: readonly Fate[]): ((fate: string) => string) => {
  const wasted = all.filter(isWasted)
  return (fate) => (fate === 'used' ? 'var(--c1)' : fate === 'control' ? 'var(--c8)' : wastedColours[wasted.indexOf(fate as Fate) % wastedColours.length])
}

const totalOf = (own: ReadonlyMap<string, { readonly travelled: number }>): number => [...own.values()].reduce((sum, { travelled }) => sum + travelled, 0)

/** Bytes by one thing, stacked by fate. */
const byFate = (ledger: readonly LedgerRow[], { of, says }: (typeof ways)[number]): Parameters<typeof lyingBars>[0] => {
  const found = sumsOf(ledger, of, ({ fate }) => fate)
  const keys = [...found.keys()].sort((a, b) => totalOf(found.get(b)!) - totalOf(found.get(a)!))
  const [bars, rest] = keys.length > mostBars ? [keys.slice(0, mostBars - 1), keys.slice(mostBars - 1)] : [keys, []]
  const all = fatesIn(ledger)
  const colour = colourOf(all)
  const at = (key: string, fate: string): number => found.get(key)?.get(fate)?.travelled ?? 0
  const stacks = all.map((fate): Stack => ({
    name: fate, colour: colour(fate), wasted: isWasted(fate),
    values: [...bars.map((key) => at(key, fate)), ...(rest.length > 0 ? [rest.reduce((sum, key) => sum + at(key, fate), 0)] : [])],
  }))
  return {
    caption: `Bytes that left lines ${says}, and what became of them. Hatched: what came to nothing.`,
    bars: [...bars, ...(rest.length > 0 ? [`${rest.length} others`] : [])], stacks, unit: 'bytes',
    table: table(['', 'fate', ...['copies', 'encoded', 'left lines'].map((title) => ({ title, isNumber: true }))],
      keys.flatMap((key) => all.flatMap((fate): Content[][] => {
        const sum = found.get(key)!.get(fate)
        return sum === undefined ? [] : [[key, fate, formatCount(sum.copies), formatBytes(sum.bytes), formatBytes(sum.travelled)]]
      }))),
  }
}

/** Bytes by fate, stacked by kind of message. */
const fateBars = (ledger: readonly LedgerRow[]): Parameters<typeof lyingBars>[0] => {
  const found = sumsOf(ledger, ({ fate }) => fate, kindOf)
  const bars = fatesIn(ledger)
  const kinds = ['models', 'updates', 'control'].filter((kind) => ledger.some((row) => kindOf(row) === kind))
  const side = (wasted: boolean): Stack[] => kinds.flatMap((kind, i): Stack[] => {
    const values = bars.map((fate) => (isWasted(fate) === wasted ? found.get(fate)?.get(kind)?.travelled ?? 0 : 0))
    return values.every((value) => value === 0) ? [] : [{ name: wasted ? `wasted ${kind}` : kind, colour: ['var(--c1)', 'var(--c3)', 'var(--c8)'][i], wasted, values }]
  })
  return { caption: 'Bytes that left lines by what became of them (docs/ledger.md says what each means), by kind of message. Hatched: what came to nothing.', bars, stacks: [...side(false), ...side(true)], unit: 'bytes' }
}

const codecBars = (ledger: readonly LedgerRow[]): Parameters<typeof lyingBars>[0] | undefined => {
  const rows = bytesByCodec(ledger)
  if (rows.length === 0) return undefined
  const writers = [...new Set(rows.map(({ writer }) => writer))]
  const bars = [...new Set(rows.map(({ kind, direction }) => `${kind} ${direction}`))]
  return {
    caption: 'Encoded bytes of what is coded, by the codec that wrote them; “names” is what is coded how, “frame” all the rest of a message.',
    bars, unit: 'bytes',
    stacks: writers.map((writer, i): Stack => ({
      name: writer, colour: colours[i % colours.length], wasted: false,
      values: bars.map((bar) => rows.filter((row) => row.writer === writer && `${row.kind} ${row.direction}` === bar).reduce((sum, { bytes }) => sum + bytes, 0)),
    })),
    table: table(['message', 'written by', ...['copies', 'encoded'].map((title) => ({ title, isNumber: true }))],
      rows.map(({ kind, direction, writer, copies, bytes }) => [`${kind} ${direction}`, writer, formatCount(copies), formatBytes(bytes)])),
  }
}

/** Bytes on the account of each round, as `rounds.ndjson` has them. */
const overRounds = ({ ledger, rounds }: RunFacts): Parameters<typeof standingBars>[0] => {
  const groups = groupsOf(rounds.map(({ round }) => round), mostColumns)
  const placeOf = accountant(rounds)
  const sums = new Map<string, number[]>()
  for (const row of ledger) {
    const place = placeOf(row.sent, row.round, [row.from, row.to])
    if (place === undefined) continue
    const key = isWasted(row.fate) ? `wasted ${kindOf(row)}` : kindOf(row)
    let own = sums.get(key)
    if (own === undefined) sums.set(key, (own = rounds.map(() => 0)))
    own[place] += row.travelled
  }
  const stacks = ['models', 'updates', 'control'].flatMap((kind, i) => [kind, `wasted ${kind}`].flatMap((name): Stack[] => {
    const own = sums.get(name)
    return own === undefined ? [] : [{ name, colour: ['var(--c1)', 'var(--c3)', 'var(--c8)'][i], wasted: name !== kind, values: meansIn(groups, own) }]
  }))
  return {
    caption: `Bytes that left lines on the account of each round. Hatched: what came to nothing.${saidOfGroups(groups)}`,
    bars: groups.map(({ name }) => name), unit: 'bytes', stacks: [...stacks.filter(({ wasted }) => !wasted), ...stacks.filter(({ wasted }) => wasted)],
    table: table(['round', ...stacks.map(({ name }) => ({ title: name, isNumber: true }))], groups.map(({ name }, i) => [name, ...stacks.map(({ values }) => formatBytes(Math.round(values[i])))])),
  }
}

/** What left lines: by kind, role, direction and fate, over rounds, by codec. */
export const bytesBlock = (run: RunFacts, drawer: Drawer): Content => {
  const { ledger, rounds } = run
  if (ledger.length === 0) return html`<p>No message was sent.</p>`
  const { all, wasted } = wastedBytes(ledger)
  const codecs = codecBars(ledger)
  const views = [...ways.map((way) => ({ title: way.title, bars: byFate(ledger, way) })), { title: 'by fate', bars: fateBars(ledger) }, ...(codecs === undefined ? [] : [{ title: 'by codec', bars: codecs }])]
  return html`<p>Of ${formatBytes(all)} that left lines, ${formatBytes(wasted)} (${all === 0 ? '0' : ((100 * wasted) / all).toFixed(1)} %) came to nothing: neither part of a model, nor what one was made from, nor a word that kept rounds going.</p>
${tabs('bytes', 'What bytes are counted by', views.map(({ title, bars }) => ({ title, content: drawer.figure(lyingBars(bars)) })))}
${rounds.length > 1 && drawer.figure(standingBars(overRounds(run)))}`
}

/** Rows of the download beyond which it is not by round. */
const mostRows = 3000

/** The ledger as sums: by round, direction, kind, part, roles and fate; of a long flight, not by round. */
export const ledgerByGroup = (ledger: readonly LedgerRow[]): Download => {
  const head = ['round', 'direction', 'kind', 'part', 'roles', 'fate']
  const rowsBy = (byRound: boolean): (string | number)[][] =>
    [...sumsOf(ledger, ({ round, direction, kind, part, roles, fate }) => JSON.stringify([...(byRound ? [round] : []), direction, kind, part, roles.join(' '), fate]), () => '')]
      .map(([key, own]) => [...(JSON.parse(key) as (string | number)[]), own.get('')!.copies, own.get('')!.bytes, own.get('')!.travelled])
  const fine = rowsBy(true)
  const isFine = fine.length <= mostRows
  return { file: 'ledger-by-group.csv', csv: csvOf([...(isFine ? head : head.slice(1)), 'copies', 'bytes', 'travelled'], isFine ? fine : rowsBy(false)) }
}
