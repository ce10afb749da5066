import { resolve as absolute } from 'node:path'

import { exitCodes } from '../errors.js'
import { blame, type Blame } from '../lab/blame/blame.js'
import type { Measure, ScoredAt } from '../lab/measures.js'
import { blameData, keepBlame } from '../runs/blame-file.js'
import { realDisk } from '../runs/disk.js'
import { demandSame, openRun } from '../runs/open-run.js'
import { amount, intervalOf, nameOf, sizeOf } from '../report/blame-words.js'
import { probability } from '../report/comparison/columns.js'
import { counting } from './counting.js'
import { plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { shortest, type Terminal, widthOf } from './run.js'
import { csv, type Sheet, type SheetFormat, sheets } from './sheet.js'

export interface BlameFlags {
  readonly seeds?: number
  readonly metric?: string
  readonly at?: ScoredAt
  readonly level?: number
  readonly shapley?: boolean
  readonly orders?: number
  readonly workers?: number
  readonly format?: SheetFormat
  readonly quiet?: boolean
}

const head = (percent: number): string[] => ['fault', 'price', `${percent} % interval`, 'p', 'p (Holm)', 'seeds', 'is']

const sheetOf = (measure: Measure, { prices, level, shares }: Blame): Sheet => {
  const drawn = shares === 'drawn'
  return {
    title: `${measure.name}: with the fault, less without it`,
    head: [...head(Math.round(level * 1000) / 10), ...(drawn ? ['by drawing'] : [])],
    align: ['left', 'right', 'right', 'right', 'right', 'right', 'left', ...(drawn ? ['right' as const] : [])],
    rows: prices.filter((price) => price.measure === measure).map((price) => [
      nameOf(price), amount(measure, price.effect.estimate), intervalOf(price), probability(price.effect.p), probability(price.adjusted),
      String(price.units), price.verdict ?? '', ...(drawn ? [price.drawing === undefined ? '' : sizeOf(measure, price.drawing)] : []),
    ]),
  }
}

/** Who is to blame for what, a sentence for each measure of which somebody is. */
export const verdicts = ({ prices, measures }: Blame): string[] => {
  const said = measures.flatMap((measure) => {
    const found = prices.filter((price) => price.measure === measure && price.verdict === 'harmful' && (price.what === 'fault' || price.what === 'pair'))
    const single = found.filter(({ what }) => what === 'fault')
    const named = single.length > 0 ? single : found
    return named.length === 0 ? [] : [`Harmful to ${measure.name}: ${named.map(nameOf).join(', ')}.`]
  })
  return said.length > 0 ? said : ['No fault can be told to be harmful: no interval excludes 0 after the correction.']
}

const notesOf = (found: Blame, wide: number): string[] => [
  ...verdicts(found),
  ...found.faults.map(({ id, text, fired }) => `${id}: ${text}; fired ${plural(fired, 'time')} with seed ${found.seeds[0]}.`),
  `${plural(found.flights, 'flight')} with ${plural(found.seeds.length, 'seed')} (${found.seeds.join(', ')}): whom a fault hits is as in the run, all else but ` +
    'the world is drawn by the seed.',
  `p (Holm) is corrected over all ${found.prices.length} prices here; harmful and helpful is what survives that.`,
  ...(found.explained ? [] : ['Each fault by itself does not explain what all do: two of them meddle with each other. Pairs of those that fired were flown, too.']),
  ...(found.shares === 'drawn' ? ['Fair shares are from drawn orders: "by drawing" is the standard error of each that comes from that alone, unknown of a single pair of orders.'] : []),
].map((note) => wrap(note, wide))

/** What was found, in a format. */
export const blameText = (found: Blame, format: SheetFormat, width: number): string => {
  if (format === 'json') {
    return `${JSON.stringify(blameData(found))}\n`
  }
  if (format === 'csv') {
    return csv(
      ['measure', 'unit', 'what', 'faults', 'seeds', 'price', 'standard_error', 'df', 'low', 'high', 'p', 'p_holm', 'alike', 'drawing_error', 'verdict'],
      found.prices.map(({ measure, what, faults, units, effect, adjusted, alike, drawing, verdict }) => [
        measure.name, measure.unit, what, faults.join(' '), units, effect.estimate, effect.standardError, effect.df, effect.interval[0],
        effect.interval[1], effect.p, adjusted, String(alike), drawing, verdict,
      ]),
    )
  }
  return sheets(found.measures.map((measure) => sheetOf(measure, found)), notesOf(found, width), format)
}

/** `windtunnel blame RUN`. Returns the exit code. */
export const blameRun = async (folder: string, flags: BlameFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const { format = 'text', quiet, workers, ...how } = flags
  const interrupt = onInterrupt((text) => err.write(`\n${text}\n`))
  const progress = counting(err, 1, quiet)
  let foreseen: number | undefined
  try {
    const { manifest, lab, plan, watch } = await openRun(folder, { workers, cwd })
    try {
      const found = await blame(lab, {
        ...how, plan, watch, signal: interrupt.signal,
        onFlight: ({ number, of, seed, faults }) => {
          foreseen ??= of
          const more = of > foreseen ? ` (with ${of - foreseen} of pairs)` : ''
          progress.tell(number, `flight ${number} of ${of}${more} · seed ${seed} · ${faults.join(', ') || 'no faults'}`)
        },
        onWhole: (flight) => demandSame(manifest, flight),
      })
      progress.end()
      out.write(blameText(found, format, widthOf(out)))
      const { file, why } = keepBlame(absolute(cwd, folder), manifest, found, realDisk)
      if (why !== undefined) err.write(`windtunnel: what is printed could not be kept in ${shortest(cwd, file)} (${why}): a report of the run will not show it.\n`)
      else if (quiet !== true) err.write(`kept in ${shortest(cwd, file)}: a report of the run shows it\n`)
      return why === undefined ? exitCodes.ok : exitCodes.partly
    } finally {
      await lab.close()
    }
  } finally {
    interrupt.release()
  }
}
