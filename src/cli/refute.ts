import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import type { EngineName } from '../engine/open.js'
import { exitCodes, type ExitCode, StorageError } from '../errors.js'
import type { FaultInput } from '../faults/registry.js'
import type { Plan } from '../faults/plan.js'
import type { ScoredAt } from '../lab/measures.js'
import { type Progress, refute, type Refutation, type Shown } from '../lab/refute/refute.js'
import { parseBy, yardstickOf } from '../lab/refute/yardstick.js'
import { plainFault } from '../lab/shrink/units.js'
import { quoted } from '../runs/quoted.js'
import { openClaim, type OpenClaim } from '../runs/refute/open-claim.js'
import { faultsOf } from '../runs/refute/plan-file.js'
import { probability, signed } from '../report/comparison/columns.js'
import { counting } from './counting.js'
import { formatBytes, formatCount, formatTime, plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { readPlanFile } from './plan-file.js'
import { type Terminal, widthOf } from './run.js'
import { csv, type Sheet, type SheetFormat, sheets } from './sheet.js'

export interface RefuteFlags {
  readonly metric?: string
  readonly at?: ScoredAt
  readonly by?: string
  readonly plans?: number
  readonly seeds?: number
  readonly screen?: number
  readonly intensity?: number
  readonly kinds?: readonly string[]
  readonly level?: number
  readonly plan?: string
  readonly seed?: string
  readonly engine?: EngineName
  readonly workers?: number
  readonly data?: string
  readonly set?: readonly string[]
  readonly a?: readonly string[]
  readonly b?: readonly string[]
  readonly under?: string
  readonly full?: boolean
  readonly out?: string
  readonly format?: SheetFormat
  readonly quiet?: boolean
}

/** A refutation, and what it takes to see it. */
interface Told {
  readonly found: Refutation
  readonly opened: Pick<OpenClaim, 'claim' | 'script' | 'a' | 'b' | 'notes'>
  readonly flags: RefuteFlags
  /** The plan of the flip, drawn with the first seed that confirmed it. */
  readonly plan: Plan | undefined
}

const codeOf: Readonly<Record<Refutation['verdict'], ExitCode>> = {
  refuted: exitCodes.refuted, 'not refuted': exitCodes.ok, unfounded: exitCodes.unfounded,
}

type Unit = Refutation['yardstick']['unit']

const amount = (unit: Unit, value: number): string => {
  if (Number.isNaN(value)) return '-'
  switch (unit) {
    case 'score':
      return value.toFixed(4)
    case 'time':
      return formatTime(value)
    case 'bytes':
      return formatBytes(Math.round(value))
    case 'examples':
      return formatCount(Math.round(value))
    case 'rounds':
      return value.toFixed(1)
    default:
      return unit satisfies never
  }
}

const difference = (unit: Unit, value: number): string =>
  Number.isNaN(value) ? '-' : unit === 'score' ? signed(value) : `${value < 0 ? '-' : '+'}${amount(unit, Math.abs(value))}`

const percent = (level: number): string => `${Number((level * 100).toPrecision(4))} %`

const intervalOf = ({ effect: { interval: [low, high] }, alike, level }: Shown, unit: Unit): string =>
  alike ? 'all alike' : Number.isNaN(low) ? '-' : `[${difference(unit, low)}, ${difference(unit, high)}] (${percent(level)})`

/** What was flown on seeds of its own: without faults, what did not hold on fresh seeds, and the flip. */
const linesOf = ({ calm, unconfirmed, flip }: Refutation): readonly (readonly [string, Shown])[] => [
  ['no faults', calm],
  ...unconfirmed.map((shown, i) => [`candidate ${i + 1}`, shown] as const),
  ...(flip === undefined ? [] : [['the plan below', flip] as const]),
]

const sheetOf = ({ found, opened: { a, b } }: Told): Sheet => {
  const { yardstick: { name, unit }, verdict } = found
  const said = { calm: verdict === 'unfounded' ? 'not shown' : 'true', flip: 'flipped' }
  return {
    title: `${name}: ${a.label} against ${b.label}, by how much the first is better`,
    head: ['under', 'wildness', a.label, b.label, 'better by', 'interval', 'p', 'seeds', 'claim'],
    align: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    rows: linesOf(found).map(([under, shown]) => [
      under, shown.wildness.toFixed(2), amount(unit, shown.a), amount(unit, shown.b), difference(unit, shown.effect.estimate),
      intervalOf(shown, unit), probability(shown.effect.p), String(shown.advantages.filter((one) => !Number.isNaN(one)).length),
      shown === found.calm ? said.calm : shown === found.flip ? said.flip : 'not for sure',
    ]),
  }
}

/** The claim in words: `"fedprox" is better than "fedavg"`. */
const claimed = ({ found: { by, yardstick: { name, unit } }, opened: { a, b } }: Told): string =>
  `"${a.label}" is better than "${b.label}" in ${name}${by === 0 ? '' : ` by more than ${amount(unit, by)}`}`

const verdictOf = (told: Told): string => {
  const { verdict, flip, search: { flown, drawn, upTo }, interrupted, obstacle, calm: { effect: { interval: [, high] } }, by } = told.found
  const tried = told.flags.plan !== undefined ? `this plan alone, of wildness ${upTo.toFixed(2)}` : `${plural(flown, 'plan')}${interrupted ? ` of ${drawn}, where it was interrupted,` : ''} up to wildness ${upTo.toFixed(2)}`
  switch (verdict) {
    case 'unfounded':
      return `Nothing to refute: that ${claimed(told)} is not shown without any fault${obstacle === undefined ? '' : ` (${obstacle})`}.` +
        (high < by && by === 0 ? ' It is the other way round.' : '')
    case 'not refuted':
      return `Not refuted within ${tried}: ${claimed(told)}.`
    case 'refuted':
      return `Refuted by ${plural(flip!.faults.length, 'fault')} of wildness ${flip!.wildness.toFixed(2)}: ${claimed(told)}, but not then.`
    default:
      return verdict satisfies never
  }
}

const searchNotes = ({ found: { search, unconfirmed, flights, flip, scene }, flags }: Told): string[] => {
  const { flown, drawn, flipped, uncompared: { diverged, stalled, violated, unscored }, diverged: { a, b }, violation } = search
  const alone = flags.plan !== undefined
  if (scene === undefined) return [`${plural(flights, 'flight')}.`]
  const apart = [
    ...(diverged > 0 ? [`in ${diverged} a model diverged (the first side's in ${a}, the second's in ${b})`] : []),
    ...(stalled > 0 ? [`in ${stalled} a flight could never end`] : []),
    ...(violated > 0 ? [`in ${violated} a check was violated`] : []),
    ...(unscored > 0 ? [`in ${unscored} there was no score`] : []),
  ]
  return [
    alone ? `${plural(flights, 'flight')}, the plan's on fresh seeds.` : `${plural(flights, 'flight')}: of ${plural(drawn, 'drawn plan')} ${flown} were flown, the mildest first; with every seed of the search the ranking flipped in ${flipped}` +
      `${unconfirmed.length > 0 ? `, and ${plural(unconfirmed.length, 'candidate')} did not hold on fresh seeds` : ''}.`,
    ...(apart.length > 0 ? [`Not compared: ${apart.join('; ')}.`] : []),
    ...(violation === undefined ? [] : [`A check was violated, which is a bug: ${violation.message} (${JSON.stringify(violation.faults.map(plainFault))})`]),
    ...(flip === undefined || alone ? [] : [
      `Drawn it was of wildness ${flip.from.wildness.toFixed(2)}, with ${plural(flip.from.faults.length, 'fault')}; ` +
        (flip.minimal ? 'nothing milder that is one step away flips on the seeds of the search.' : 'something milder may flip too.'),
    ]),
  ]
}

const faultsText = (faults: readonly FaultInput[]): string => `[\n${faults.map((fault) => `  ${JSON.stringify(plainFault(fault))}`).join(',\n')}\n]`

/** The command lines that fly both sides under a plan with a seed; of a study, the one that looks at the plan again. */
const commandsOf = ({ found: { flip }, opened: { a, b, script, claim }, flags }: Told): string[] => {
  if (flip === undefined) return []
  const { data, engine } = flags
  const common = [...(data === undefined ? [] : ['--data', data]), ...(engine === undefined ? [] : ['--engine', engine])]
  const line = (words: readonly string[]): string => `npx windtunnel ${words.map(quoted).join(' ')}`
  if (a.settings === undefined || b.settings === undefined) {
    const { under, full, metric, at, by, set = [], seed } = flags
    const flag = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value])
    const many = (name: string, values: readonly string[] = []): string[] => values.flatMap((value) => [name, value])
    return [line([
      'refute', script.file, claim.text, '--plan', 'plan.json', ...flag('--metric', metric), ...flag('--at', at), ...flag('--by', by), ...flag('--under', under),
      ...(full === true ? ['--full'] : []), ...flag('--seed', seed), ...many('--set', set), ...many('--a', flags.a), ...many('--b', flags.b), ...common,
    ])]
  }
  const faults = `faults=${JSON.stringify(flip.faults.map(plainFault))}`
  return [a, b].map(({ settings, lab }) => {
    const { world } = lab.resolved.seeds
    const sets = [...settings!, faults, `seeds.world=${JSON.stringify(world)}`].flatMap((setting) => ['--set', setting])
    return line(['run', script.file, '--seed', flip.seeds[0], ...sets, ...common])
  })
}

const plainOf = (told: Told): object => {
  const { found, opened: { a, b, claim, notes }, plan } = told
  const shown = (one: Shown) => ({ ...one, faults: one.faults.map(plainFault) })
  const { flip, search } = found
  return {
    claim: { text: claim.text, a: a.label, b: b.label },
    ...found,
    calm: shown(found.calm),
    search: { ...search, ...(search.violation && { violation: { ...search.violation, faults: search.violation.faults.map(plainFault) } }) },
    unconfirmed: found.unconfirmed.map(shown),
    ...(flip && { flip: { ...flip, ...shown(flip), from: { ...flip.from, faults: flip.from.faults.map(plainFault) } }, plan, commands: commandsOf(told) }),
    notes,
  }
}

const csvOf = ({ found }: Told): string => csv(
  ['under', 'wildness', 'a', 'b', 'better_by', 'standard_error', 'df', 'level', 'low', 'high', 'p', 'alike', 'seeds', 'verdict', 'faults'],
  linesOf(found).map(([under, shown]) => {
    const { effect, wildness, a, b, level, alike, advantages, faults } = shown
    return [
      under, wildness, a, b, effect.estimate, effect.standardError, effect.df, level, effect.interval[0], effect.interval[1], effect.p, String(alike),
      advantages.filter((one) => !Number.isNaN(one)).length, shown === found.flip ? 'flipped' : '', JSON.stringify(faults.map(plainFault)),
    ]
  }),
)

/** What was found, in a format. */
export const refuteText = (told: Told, format: SheetFormat, width: number): string => {
  if (format === 'json') return `${JSON.stringify(plainOf(told))}\n`
  if (format === 'csv') return csvOf(told)
  const { found: { flip }, opened: { notes } } = told
  const table = sheets([sheetOf(told)], [verdictOf(told), ...searchNotes(told), ...notes].map((note) => wrap(note, width)), format)
  if (flip === undefined) return table
  const block = (text: string, language: string): string => (format === 'markdown' ? `\`\`\`${language}\n${text}\n\`\`\`` : text)
  const commands = commandsOf(told)
  return [table, block(faultsText(flip.faults), 'json'), '', block(commands.join('\n'), 'sh'), ''].join('\n')
}

const lineOf = ({ stage, plan, of, wildness, flights, step, steps }: Progress): string => {
  switch (stage) {
    case 'without faults':
      return `without faults · seed ${step} of ${steps} · ${plural(flights, 'flight')}`
    case 'search':
      return `plan ${plan} of ${of} · wildness ${wildness.toFixed(2)} · ${plural(flights, 'flight')}`
    case 'shrink':
      return `plan ${plan} of ${of} flips: milder ones, ${step} of at most ${steps} · ${plural(flights, 'flight')}`
    case 'confirm':
      return `wildness ${wildness.toFixed(2)} on fresh seeds · seed ${step} of ${steps} · ${plural(flights, 'flight')}`
    default:
      return stage satisfies never
  }
}

const writing = (path: string, work: () => void): void => {
  try {
    work()
  } catch (error) {
    throw new StorageError(`--out: ${path} cannot be written: ${(error as Error).message}. Give another file.`, { cause: error })
  }
}

/** What hinders it is said before anything is flown. */
const demandWritable = (path: string): void =>
  writing(path, () => {
    const there = existsSync(path)
    closeSync(openSync(path, 'a'))
    if (!there) rmSync(path)
  })

/** `windtunnel refute SCRIPT CLAIM`. Returns the exit code. */
export const refuteClaim = async (script: string, text: string, flags: RefuteFlags, streams: Terminal): Promise<number> => {
  const { out, err, cwd } = streams
  const { metric, at, by, plans, seeds, screen, intensity, kinds, level, format = 'text', quiet, plan: planned } = flags
  // What is wrong with the flags is said before anything is opened.
  const yardstick = yardstickOf(metric ?? 'auc', at)
  const lead = by === undefined ? undefined : parseBy(by, yardstick)
  const only = planned === undefined ? undefined : faultsOf(readPlanFile(planned, cwd))
  const file = flags.out === undefined ? undefined : absolute(cwd, flags.out)
  if (file !== undefined) demandWritable(file)
  const interrupt = onInterrupt((words) => err.write(`\n${words}\n`))
  const progress = counting(err, 10, quiet)
  const onFlight = (about: Progress): void => progress.tell(about.stage === 'search' ? about.plan : about.step, lineOf(about), about.stage)
  try {
    const opened = await openClaim(script, text, { ...flags, cwd })
    try {
      const { a, b } = opened
      const found = await refute(a.lab, b.lab, {
        metric, at, by: lead, plans, seeds, screen, intensity, kinds, level, only, signal: interrupt.signal, onFlight,
      })
      progress.end()
      const plan = found.flip && (await a.lab.plan(found.flip.seeds[0], found.flip.faults))
      const told: Told = { found, opened, flags, plan }
      // First: it is not lost where the file cannot be written any more.
      out.write(refuteText(told, format, widthOf(out)))
      if (file !== undefined) writing(file, () => writeFileSync(file, `${JSON.stringify(plainOf(told), null, 2)}\n`))
      return found.interrupted ? exitCodes.interrupted : codeOf[found.verdict]
    } finally {
      await opened.close()
    }
  } finally {
    interrupt.release()
  }
}
