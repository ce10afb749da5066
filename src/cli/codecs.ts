import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'

import { exitCodes, LivenessError, SpecificationError } from '../errors.js'
import { arePeers } from '../federation/topologies/registry.js'
import { namedChains } from '../lab/byte-truth/chains.js'
import { collect, type Samples } from '../lab/byte-truth/collect.js'
import { countedBy } from '../lab/byte-truth/formulas.js'
import { type Timing, type Truth, truthOf } from '../lab/byte-truth/truth.js'
import { openGround } from '../lab/ground.js'
import { loadSpecification } from '../runs/load.js'
import { meant } from '../runs/simulate.js'
import { checkWorld } from '../simulation/resolve.js'
import type { Specification } from '../simulation/specification.js'
import { counting } from './counting.js'
import { formatCount, plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { progressFor, type RunFlags, type Terminal } from './run.js'
import { table } from './table.js'

export interface CodecsFlags extends Pick<RunFlags, 'seed' | 'workers' | 'engine' | 'data' | 'set' | 'json' | 'quiet'> {
  readonly rounds?: number
  readonly formulas?: boolean
}

/** Flown where no script is given: tables of which a client touches some rows, experts and towers, on made-up storefronts. */
const builtIn: Specification = {
  name: 'codecs',
  world: { kind: 'storefronts', scenarios: 4, impressions: 1_500, ids: 2_000 },
  model: { kind: 'mmoe', embedding: 8, experts: 3, expert: [32, 16], tower: [8] },
  local: { epochs: 1, batch: 64, optimizer: { kind: 'adam', rate: 0.005 } },
  strategy: { kind: 'fedavg' },
  rounds: { kind: 'synchronous', count: 3 },
}

const usualRounds = 3

/** CPU seconds that each direction of each codec is timed for. */
const timed = 0.05

/** The specification with few rounds, without scores: neither changes an update. */
const shortened = (given: Specification, rounds: number | undefined): Specification => {
  const { rounds: machine } = given
  const counts = typeof machine === 'object' && 'kind' in machine && 'count' in machine
  if (!counts && rounds !== undefined) {
    throw new SpecificationError('--rounds: the rounds of this simulation are its own, and end when it says. Leave out --rounds.')
  }
  return {
    ...given,
    evaluate: { start: false, final: false, every: 1_000_000 },
    ...(counts && { rounds: { ...machine, count: rounds ?? Math.min(usualRounds, (machine as { count: number }).count) } as Specification['rounds'] }),
  }
}

const share = (bytes: number | undefined, { values }: Pick<Truth, 'values'>): string =>
  bytes === undefined || values === 0 ? '-' : ((8 * bytes) / values).toFixed(2)

/** Three digits, without an exponent where there are few zeros. */
const error = (value: number | undefined): string => {
  if (value === undefined) return '-'
  if (value === 0) return '0'
  return value >= 0.001 && value < 10_000 ? value.toPrecision(3) : value.toExponential(1)
}

const speed = (value: number | undefined): string => (value === undefined ? '' : formatCount(Math.round(value)))

const head = ['codec', 'formula', 'packed', '+ zstd', 'vNMSE', 'in all']

const sheet = (title: string, truths: readonly Truth[]): string => {
  const isTimed = truths.some((truth) => truth.speed !== undefined)
  const rows = truths.map((truth) => [
    truth.name, share(truth.bytes.formula, truth), share(truth.bytes.packed, truth), share(truth.bytes.lossless, truth),
    error(truth.error.alone), error(truth.error.all),
    ...(isTimed ? [speed(truth.speed?.encode), speed(truth.speed?.decode)] : []),
  ])
  const all = [...head, ...(isTimed ? ['enc.', 'dec.'] : [])]
  return `${title}\n${table(all, all.map((_, i) => (i === 0 ? 'left' : 'right')), rows)}`
}

const notes = (width: number): string[] => [
  'Bits a value. formula: as other code or a paper counts it, numbers alone (--formulas says by whom); packed: whole frames as they would travel, header counted; + zstd: the same with zstd around what the codec made.',
  "vNMSE: |x - x'|^2 / |x|^2 of how far the receiver's numbers were to move and did, a mean over messages, each as if it were the first. in all: the same of all that a sender sent of a part together, with its memory kept: what feedback makes good.",
  'Codecs of numbers as they are (fp16, int8, ...) err in shares of the numbers, which may be far greater than what they moved by: put delta before them.',
  'enc., dec.: MB of float32 a CPU-second, framing included. It depends on this machine, on what else it does, and on how long messages are.',
].map((note) => wrap(note, width))

const formulaLines = (width: number): string[] =>
  Object.entries(countedBy).flatMap(([kind, counted]) =>
    'none' in counted
      ? [wrap(`${kind}: none, ${counted.none}`, width)]
      : counted.formulas.map(({ formula, formulaSource }, i) => wrap(`${i === 0 ? kind : `${kind}, too`}: ${formula} (${formulaSource})`, width)))

const ofWhat = (count: number, seen: number, word: string): string => (count === seen ? plural(count, word) : `the first ${formatCount(count)} of ${plural(seen, word)}`)

const size = ([{ messages, values }]: readonly Truth[]): string => `${formatCount(Math.round(values / messages))} values each on average`

/** What is printed as JSON: bytes of all messages, and the formulas with their sources. */
const asData = ({ updates, models }: Tables, { seen, rounds, setup }: Samples): Record<string, unknown> => ({
  name: setup.resolved.name, seed: setup.resolved.seed, rounds, seen,
  updates, models,
  formulas: Object.fromEntries(Object.entries(countedBy).map(([kind, counted]) => [
    kind, 'none' in counted ? counted : counted.formulas.map(({ formula, formulaSource }) => ({ formula, formulaSource })),
  ])),
  speed: 'MB of float32 a CPU-second, framing included: of this machine as it was then',
})

interface Tables {
  readonly updates: readonly Truth[]
  readonly models: readonly Truth[]
}

/** Both tables, chain by chain. Stops between two where it is to, but for what was so before: a flight that was cut short is coded. */
const measured = async (
  samples: Samples, tell: (count: number, of: number, name: string) => void, timing: Timing, signal: AbortSignal,
): Promise<Tables> => {
  const chains = namedChains()
  const cut = signal.aborted
  const [updates, models]: Truth[][] = [[], []]
  for (const [i, chain] of chains.entries()) {
    // Signals come between turns.
    await setImmediate()
    if (signal.aborted && !cut) break
    tell(i + 1, chains.length, chain.name)
    updates.push(truthOf(chain, 'up', samples, timing))
    models.push(truthOf(chain, 'down', samples))
  }
  return { updates, models }
}

/** CPU seconds of this process, worker threads included: these are idle by then. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const text = (tables: Tables, { seen, updates, models, rounds }: Samples, width: number): string => [
  sheet(`Up: ${ofWhat(updates.length, seen.updates, 'update')} of ${plural(rounds, 'round')}, ${size(tables.updates)}`, tables.updates),
  sheet(`Down: ${ofWhat(models.length, seen.models, 'model')}, each after the one before it`, tables.models),
  notes(width).join('\n'),
].join('\n\n')

/** `windtunnel codecs [SCRIPT]`: the byte-truth table. Returns the exit code. */
export const codecs = async (script: string | undefined, flags: CodecsFlags, streams: Terminal): Promise<number> => {
  const { out, err, cwd } = streams
  const width = Math.min(80, out.columns ?? 80)
  if (flags.formulas) {
    out.write(`${formulaLines(width).join('\n')}\n`)
    return exitCodes.ok
  }
  const loaded = script === undefined ? { specification: builtIn } : await loadSpecification(script, cwd)
  if (arePeers(loaded.specification)) {
    throw new SpecificationError('topology: among peers no model goes down that updates would be changes of, which is what most codecs code. Leave topology out to code what its clients learn.')
  }
  const interrupt = onInterrupt((words) => err.write(`\n${words}\n`))
  try {
    const samples = await flown(shortened(loaded.specification, flags.rounds), loaded, flags, streams, interrupt.signal)
    if (samples.updates.length === 0) {
      if (interrupt.signal.aborted) return exitCodes.interrupted
      throw new LivenessError(
        `No update was folded in ${plural(samples.rounds, 'closed round')}: there is nothing to code. Give more --rounds, or a simulation in which clients answer.`,
      )
    }
    const progress = counting(err, 5, flags.quiet)
    const tables = await measured(
      samples, (count, of, name) => progress.tell(count, `coding ${count} of ${of}: ${name}`), { seconds: timed, now: cpuSeconds }, interrupt.signal,
    )
    progress.end()
    if (tables.updates.length > 0) out.write(flags.json ? `${JSON.stringify(asData(tables, samples))}\n` : `${text(tables, samples, width)}\n`)
    return interrupt.signal.aborted ? exitCodes.interrupted : exitCodes.ok
  } finally {
    interrupt.release()
  }
}

const flown = async (
  specification: Specification,
  { source, name }: Partial<Awaited<ReturnType<typeof loadSpecification>>>,
  flags: CodecsFlags,
  streams: Terminal,
  signal: AbortSignal,
): Promise<Samples> => {
  const { cwd } = streams
  const { seed, engine, data, set, workers = Math.min(4, availableParallelism()) } = flags
  const { resolved, place } = meant(specification, { seed, engine, data, set, workers, cwd, source, name })
  const ground = await openGround(resolved, place)
  const progress = progressFor(streams, flags, resolved)
  try {
    checkWorld(resolved, ground.world, source)
    return await collect(resolved, { world: ground.world, engine: ground.engine, cwd, signal, onEvent: (event) => progress.event(event) })
  } finally {
    progress.end()
    await ground.close()
  }
}
