import { readFileSync, statSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { exitCodes, SpecificationError, StorageError } from '../errors.js'
import { type Failing, failingCase, failingRun, readExploration } from '../runs/shrink/failing.js'
import { demandPlace, keepShortest, type Kept } from '../runs/shrink/keep.js'
import { shorten, type Shortening, type Shortest } from '../runs/shrink/shorten.js'
import { taleOf } from '../runs/shrink/tale.js'
import { counting } from './counting.js'
import { formatCount, plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { type Terminal, widthOf } from './run.js'

export interface ShrinkFlags {
  readonly out?: string
  readonly force?: boolean
  /** Most flights. */
  readonly flights?: number
  /** Of what explore printed: this case. */
  readonly case?: number
  /** With the run's engine, also where the surrogate would do. */
  readonly train?: boolean
  readonly workers?: number
  readonly json?: boolean
  readonly quiet?: boolean
}

/** What was found, and where it lies. */
export interface Found {
  readonly shortest: Shortest
  readonly kept: Kept | undefined
}

/** What was found, and why it could not be kept: it is not lost with the disk. */
export interface Shortened {
  readonly found: Found
  readonly unkept?: unknown
}

/** What was found as text. Lines of the story are as long as they are; sentences are wrapped. */
export const shortestText = ({ shortest, kept }: Found, width: number): string =>
  [...taleOf(shortest, kept), ...(kept?.note === undefined ? [] : [`note: ${kept.note}`])]
    .map((line) => (line.startsWith(' ') || line.startsWith('npx ') ? line : wrap(line, width)))
    .join('\n')

const lineOf = ({ stage, flights, part, most }: Shortening): string => {
  switch (stage) {
    case 'shrink':
      return `shrinking: flight ${formatCount(flights)} of at most ${formatCount(most)}`
    case 'vary':
      return `varying what is left: part ${part} of ${most} · ${plural(flights, 'flight')} in all`
    default:
      return stage satisfies never
  }
}

/** Shrinks, says how far it has come, and keeps what was found. Closes what fails. */
export const shortenHere = async (
  failing: Failing, { flights: budget, out, force, quiet, signal }: Pick<ShrinkFlags, 'flights' | 'out' | 'force' | 'quiet'> & { readonly signal: AbortSignal },
  { err, cwd }: Terminal,
): Promise<Shortened> => {
  const progress = counting(err, 25, quiet)
  try {
    const onFlight = (about: Shortening): void => progress.tell(about.flights, lineOf(about), about.stage)
    const shortest = await shorten(failing, { budget, signal, onFlight })
    progress.end()
    try {
      return { found: { shortest, kept: await keepShortest(failing, shortest, { out, force, cwd }) } }
    } catch (unkept) {
      return { found: { shortest, kept: undefined }, unkept }
    }
  } finally {
    await failing.close()
  }
}

/** A run's folder, or a file that explore --json has written. */
const open = async (given: string, { case: nth, train, workers }: ShrinkFlags, cwd: string): Promise<Failing> => {
  const path = absolute(cwd, given)
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true
  if (!isFile) {
    if (nth !== undefined) throw new SpecificationError('--case is of a file that explore --json has written, and this is the folder of a run.')
    return failingRun(given, { cwd, train, workers })
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StorageError(`${given} cannot be read (${(cause as { code?: string }).code ?? String(cause)}).`, { cause })
  }
  const { task, ...found } = readExploration(text, given)
  const failing = await failingCase(found, { ...task, cwd }, nth)
  if (failing !== undefined) return failing
  const numbers = found.found.map((one) => one.nth)
  throw new SpecificationError(
    nth === undefined ? `${given}: no case of this exploration failed.` : `${given}: case ${nth} did not fail. Those that did: ${numbers.join(', ') || 'none'}.`,
  )
}

/** `windtunnel shrink RUN`. Returns the exit code. */
export const shrink = async (given: string, flags: ShrinkFlags, { out, err, cwd }: Terminal): Promise<number> => {
  const interrupt = onInterrupt((words) => err.write(`\n${words}\n`))
  try {
    demandPlace({ out: flags.out, force: flags.force, cwd })
    const failing = await open(given, flags, cwd)
    const { found, unkept } = await shortenHere(failing, { ...flags, signal: interrupt.signal }, { out, err, cwd })
    if (flags.json) out.write(`${JSON.stringify(found)}\n`)
    else if (!flags.quiet || unkept !== undefined) out.write(`${shortestText(found, widthOf(out))}\n`)
    if (unkept !== undefined) throw unkept
    return interrupt.signal.aborted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    interrupt.release()
  }
}
