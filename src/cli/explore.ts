import { exitCodes, type ExitCode, SpecificationError } from '../errors.js'
import type { FailureKind } from '../flight/failure.js'
import type { BackwardReport } from '../lab/explore/backward/course.js'
import type { Varied } from '../lab/explore/draw-case.js'
import type { Exploration, Found } from '../lab/explore/tally.js'
import { type Explored, explore as exploreAll } from '../runs/explore/explore.js'
import { failingCase } from '../runs/shrink/failing.js'
import { demandPlace } from '../runs/shrink/keep.js'
import { counting } from './counting.js'
import { plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { type Terminal, widthOf } from './run.js'
import { type Shortened, shortenHere, shortestText } from './shrink.js'

export interface ExploreFlags {
  readonly plans: number
  readonly seed?: string
  readonly rounds: number
  readonly workers: number
  readonly kinds?: readonly string[]
  readonly vary?: readonly Varied[]
  readonly intensity?: number
  readonly check?: readonly string[]
  readonly twice?: number
  readonly compared?: number
  readonly collect?: boolean
  readonly directed?: boolean
  readonly backward?: boolean
  readonly cutsUpTo?: number
  readonly eachName?: boolean
  readonly train?: 'onnx' | 'tfjs'
  readonly data?: string
  readonly set?: readonly string[]
  /** The folder of the simplest that fails. */
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
  /** False: what failed is left as it was drawn. */
  readonly shrink?: boolean
}

export const codeOf: Readonly<Record<FailureKind, ExitCode>> = {
  safety: exitCodes.safety, liveness: exitCodes.liveness, divergence: exitCodes.diverged, crash: exitCodes.crash,
  nondeterminism: exitCodes.nondeterminism,
}

/** The code of the first failure. */
const exitCodeOf = ({ found: [first] }: Exploration, interrupted: boolean): ExitCode => {
  if (first !== undefined) return codeOf[first.failure.kind]
  return interrupted ? exitCodes.interrupted : exitCodes.ok
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).map(([name, times]) => `${name} ${times}`).join(', ')

const failureText = ({ nth, of, failure }: Found, width: number): string => [
  `Case ${nth} failed: ${failure.kind}, ${failure.what}`,
  wrap(failure.message, width),
  JSON.stringify(of),
].join('\n')

/** What was missed, in words. */
const missing: Readonly<Record<string, string>> = {
  close: 'a round that closed', fold: 'a fold', count: 'an update that counted', heard: 'an acknowledgement', back: 'a return',
}

const backwardText = ({ upTo, alike, grounds, goals, cuts, absorbed, missed, spared, done }: BackwardReport, failed: boolean, width: number): string => {
  const flown = Object.entries(cuts).map(([size, times]) => `${times} of ${size}`).join(', ')
  const most = upTo === 1 ? 'one message or life' : `up to ${upTo} messages or lives`
  const verdict = failed ? [] : [done ? `No cut of ${most} breaks a promise.` : `Not all cuts of ${most} were flown: give more --plans.`]
  const without = Object.entries(missed).map(([kind, times]) => `${missing[kind] ?? kind} ${times}`).join(', ')
  return [
    ...verdict,
    wrap(
      `backward from ${plural(grounds, 'good flight')} that came to ${plural(goals, 'thing')}: cuts flown ${flown || 'none'}; ${absorbed} absorbed` +
        (without === '' ? '' : `; without breaking a promise, so many missed: ${without}`), width),
    ...(alike && spared > 0 ? [wrap(`${spared} not flown, since one was that differs only in which clients and experts it hits: where these differ in work, --each-name may find more`, width)] : []),
  ].join('\n')
}

const text = (about: Explored, width: number): string => {
  const { flown, twice, compared, found, marks, unmarked, coverage: { handled, exist }, unhandled, struck, rounds } = about
  const one = (label: string, words: string): string => wrap(`${label}: ${words}`, width)
  const faults = Object.values(struck).reduce((sum, times) => sum + times, 0)
  return [
    `${plural(flown, 'case')} flown (${twice} of them twice, ${compared} compared with others), ${found.length === 0 ? 'none failed' : `${found.length} failed`}`,
    ...(about.backward === undefined ? [] : [backwardText(about.backward, found.length > 0, width)]),
    '',
    ...(about.fixed === undefined ? [] : [one('of one size in all cases', about.fixed.join('; '))]),
    one('rounds', listed(rounds)),
    one(`${plural(faults, 'fault')} struck`, listed(struck)),
    one(`marks, ${Object.keys(marks).length - unmarked.length} of ${Object.keys(marks).length} passed, by so many cases`, listed(marks)),
    ...(unmarked.length > 0 ? [one('never passed', unmarked.join(', '))] : []),
    one(`protocol coverage, ${handled} of ${exist} (role, phase, message) handled`, unhandled.length === 0 ? 'nothing is left' : `never: ${unhandled.join(', ')}`),
    ...found.flatMap((each) => ['', failureText(each, width)]),
  ].join('\n')
}

/** `windtunnel explore SCRIPT`: flies cases drawn around a simulation. Returns the exit code: that of the first failure. */
export const explore = async (script: string, flags: ExploreFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const { plans, seed = '1', rounds, workers, kinds, vary, intensity, check, twice, compared, collect, directed, backward, cutsUpTo, eachName, train, data, set } = flags
  if (backward && (directed || kinds !== undefined || intensity !== undefined)) {
    throw new SpecificationError('--backward draws no faults: leave out --directed, --fault and --intensity.')
  }
  if (!backward && (cutsUpTo !== undefined || eachName)) throw new SpecificationError('--cuts-up-to and --each-name go with --backward.')
  if (flags.shrink === false && (flags.out !== undefined || flags.force)) {
    throw new SpecificationError(
      `${flags.out === undefined ? '--force' : '--out'} is about the folder of the simplest that fails, which --no-shrink does not look for: leave out one of the two. ` +
        'What was explored is kept with --json > found.json, and shrunk later with `npx windtunnel shrink found.json --out DIR`.',
    )
  }
  if (flags.shrink !== false) demandPlace({ out: flags.out, force: flags.force, cwd })
  const interrupt = onInterrupt((words) => err.write(`\n${words}\n`))
  const progress = counting(err, Math.ceil(plans / 10), flags.quiet)
  const onProgress = (landed: number, failures: number): void =>
    progress.tell(landed, `${landed} of ${plural(plans, 'case')}, ${failures === 0 ? 'none failed' : `${failures} failed`}`)
  try {
    const task = { script, cwd, chance: seed, rounds, kinds, vary, intensity, checks: check, twice, compared, engine: train, data, set, seed }
    const about = await exploreAll({ ...task, plans, workers, collect, directed, backward, cutsUpTo, eachName, signal: interrupt.signal, onProgress })
    progress.end()
    const shorten = async (): Promise<Partial<Shortened>> => {
      const failing = flags.shrink === false ? undefined : await failingCase(about, task)
      if (failing === undefined) return {}
      return shortenHere(failing, { out: flags.out, force: flags.force, quiet: flags.quiet, signal: interrupt.signal }, { out, err, cwd })
    }
    // What was explored is printed, whatever becomes of its first failure.
    const { found, unkept } = await shorten().catch((error: unknown): Partial<Shortened> => ({ unkept: error }))
    const { cwd: _, ...asked } = task
    if (flags.json) out.write(`${JSON.stringify({ ...about, task: asked, ...(found && { shortest: found.shortest, kept: found.kept }) })}\n`)
    else if (!flags.quiet || about.found.length > 0) {
      out.write(`${text(about, widthOf(out))}\n`)
      if (found !== undefined) out.write(`\n${shortestText(found, widthOf(out))}\n`)
    }
    if (unkept !== undefined) throw unkept
    return exitCodeOf(about, interrupt.signal.aborted)
  } finally {
    interrupt.release()
  }
}
