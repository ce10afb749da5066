import { assemble, type Field, type Frame } from '../../src/data/assemble.js'
import { addDays } from '../../src/data/calendar.js'
import type { Clip } from '../../src/data/scaler.js'
import { splitByBounds, part } from '../../src/data/split.js'
import { trailing } from '../../src/data/trailing.js'
import type { World } from '../../src/data/world.js'
import { fieldNames, knownNames, monthNames, type KuaiRandLog } from './log.js'

/** The world's options with their defaults filled in; `scenarios/kuairand.ts` says what each means. */
export interface KuaiRandSpec {
  readonly features: 'trailing' | 'none' | 'month'
  readonly tabs: readonly number[]
  readonly ids: readonly ('user' | 'video' | 'author')[]
  readonly atLeast: number
  readonly buckets: number
  readonly clip: Clip
  readonly from: number
  readonly trainFrom: number
  readonly testFrom: number
  readonly testDays?: number | undefined
  readonly validationDays: number
}

const statisticNames = ['video', 'author', 'user'].flatMap((key) =>
  ['count', 'click_rate', 'long_view_rate'].map((what) => `${key}_${what}`))

/** Fits what has to be fitted and cuts the log into scenarios. */
export const toWorld = (spec: KuaiRandSpec, log: KuaiRandLog): World => {
  const numeric = [
    ...knownNames.map((name) => ({ name, scaling: 'standard' as const })),
    ...(spec.features === 'month' ? monthNames.map((name) => ({ name, scaling: 'standard' as const })) : []),
    ...(spec.features === 'trailing'
      ? statisticNames.map((name) => ({
          name,
          scaling: name.endsWith('count') ? ('log' as const) : ('standard' as const),
        }))
      : []),
  ]
  const ids = spec.ids.map((id) => internIds(log[id]))
  const codes = [...log.fields, ...ids].map((field) => field.codes)
  const fields: Field[] = [
    ...fieldNames.map((name, f) => ({ name, words: log.fields[f].words, order: log.order })),
    ...spec.ids.map((id, i) => ({ name: `${id}_id`, words: ids[i].words, order: 'number' as const })),
  ]
  const validationFrom = addDays(spec.testFrom, -spec.validationDays)
  return assemble({
    name: 'kuairand',
    fields,
    numeric,
    tasks: [
      { name: 'click', kind: 'binary' },
      { name: 'long_view', kind: 'binary' },
    ],
    frames: spec.tabs.map((tab) => toFrame(spec, log, codes, `tab-${tab}`, rowsOfTab(log, tab, spec.from))),
    origins: log.origins,
    split:
      `by date: train from ${Math.max(spec.from, spec.trainFrom)}, ` +
      (spec.validationDays > 0 ? `validate from ${validationFrom}, ` : '') +
      `test from ${spec.testFrom}${spec.testDays === undefined ? '' : ` for ${spec.testDays} days`}`,
    notes: [
      ...log.notes,
      'vocabularies are fitted on the union of all training rows: clients share which words exist, not what they saw',
      'numeric columns are scaled by each client on its own training rows',
      ...notesOf[spec.features],
    ],
    atLeast: spec.atLeast,
    buckets: spec.buckets,
    clip: spec.clip,
  })
}

const notesOf: Readonly<Record<KuaiRandSpec['features'], readonly string[]>> = {
  none: [],
  month: [
    `look-ahead: ${monthNames.length} numeric columns are platform-wide statistics of the whole month, ` +
      'test days included',
  ],
  trailing: [
    'statistics per video, author and user are of strictly earlier days of the same tab; on its first day they are 0',
  ],
}

/** The rows of a tab in canonical order (time, user, video), whatever the order of the file. */
const rowsOfTab = (log: KuaiRandLog, tab: number, from: number): Int32Array => {
  const rows: number[] = []
  for (let row = 0; row < log.rows; row++) if (log.tab[row] === tab && log.date[row] >= from) rows.push(row)
  const { time, user, video } = log
  return Int32Array.from(
    rows.sort((a, b) => time[a] - time[b] || user[a] - user[b] || video[a] - video[b]),
  )
}

const toFrame = (
  spec: KuaiRandSpec, log: KuaiRandLog, codes: readonly Int32Array[], name: string, rows: Int32Array,
): Frame => {
  const of = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row])
  const day = of(log.date)
  const click = of(log.click)
  const longView = of(log.longView).map((long, i) => long * click[i])
  const statistics =
    spec.features === 'trailing'
      ? [log.video, log.author, log.user].flatMap((key) => {
          const { count, rates } = trailing(day, of(key), [click, longView])
          return [unknownOnFirstDay(count, day), ...rates]
        })
      : []
  const parts = splitByBounds(day, addDays(spec.testFrom, -spec.validationDays), spec.testFrom)
  const end = spec.testDays === undefined ? Infinity : addDays(spec.testFrom, spec.testDays)
  day.forEach((d, i) => {
    if (d < spec.trainFrom || d >= end) parts[i] = part.dropped
  })
  return {
    name,
    rows: rows.length,
    categorical: codes.map((column) => Int32Array.from(rows, (row) => column[row])),
    numeric: [...log.numeric.map(of), ...statistics],
    labels: [click, longView],
    user: of(log.user),
    time: of(log.time),
    parts,
  }
}

/** A count of 0 on the first day says nothing of the key: no day came before. It is unknown, as the rates are. */
const unknownOnFirstDay = (count: Float64Array, day: Float64Array): Float64Array => {
  const first = day.reduce((a, b) => Math.min(a, b), Infinity)
  return count.map((c, i) => (day[i] === first ? NaN : c))
}

/** The ids of all rows as codes; an author that is not known is -1. */
const internIds = (ids: Float64Array): { codes: Int32Array; words: string[] } => {
  const known = new Map<number, number>()
  const codes = Int32Array.from(ids, (id) => {
    if (Number.isNaN(id)) return -1
    if (!known.has(id)) known.set(id, known.size)
    return known.get(id) as number
  })
  return { codes, words: Array.from(known.keys(), String) }
}
