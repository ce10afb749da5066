import { idleWords } from '../codecs/idle-words.js'
import { codecLibraries } from '../codecs/libraries.js'
import { traitsOf } from '../codecs/registry.js'
import { chainsIn, type CodedRole } from '../codecs/routes.js'
import { payersOf } from '../costs/prices.js'
import type { World } from '../data/world.js'
import { roundEntryOf } from '../federation/rounds/registry.js'
import { selectionEntryOf } from '../federation/selection/registry.js'
import type { Plan } from '../faults/plan.js'
import type { Flight } from '../flight/flight.js'
import { survey, surveyParts } from '../flight/survey.js'
import { streams } from '../random/streams.js'
import { readTrace } from '../schedules/trace-file.js'
import { functionsOf } from '../simulation/functions.js'
import type { Resolved } from '../simulation/specification.js'
import { sha256 } from './hash.js'
import type { Manifest, TestLabels } from './manifest.js'
import { bytesStored } from './totals.js'
import { thisProcessor } from './processor.js'
import { startOf, startWarnings } from './start.js'
import { versions } from './versions.js'

/** What a run knows of where it came from. */
export interface Provenance {
  readonly script?: Manifest['script']
  readonly study?: Manifest['study']
  readonly settings?: readonly string[]
  readonly data?: string
  /** What is flown, where it was given and not drawn. */
  readonly plan?: Plan
  /** Names of the checks that watch. */
  readonly checks?: readonly string[]
  /** Versions that the engine tells. */
  readonly versions?: Readonly<Record<string, string>>
  readonly cwd: string
}

/** A specification as JSON: a function field becomes `{ "function": NAME }`, and of seeds there are those that are given. */
export const specificationOf = (resolved: Resolved): Manifest['specification'] => {
  const { seed: _seed, seeds: _seeds, ownSeeds, engine: _engine, workers: _workers, warnings: _warnings, ...fields } = resolved
  const names = Object.entries(functionsOf(fields)).map(([field, value]) => {
    const { name } = value as { name?: unknown }
    return [field, { function: typeof name === 'string' && name !== '' ? name : field }]
  })
  const seeds = Object.keys(ownSeeds).length > 0 && { seeds: ownSeeds }
  return { ...fields, ...seeds, ...Object.fromEntries(names) } as Manifest['specification']
}

/**
 * Every file that a schedule, a network or the devices read, with its hash: traces decide events too. Throws `DataError`
 * for one that is not there, with the field that names it.
 */
export const traceFiles = ({ schedule, network, devices }: Resolved, cwd: string): Manifest['traces'] => {
  const files = new Map<string, string>()
  const search = (value: unknown, field: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      const path = `${field}.${name}`
      if ((name === 'path' || name === 'index') && typeof inner === 'string') files.set(inner, path)
      else search(inner, path)
    }
  }
  search(schedule, 'schedule')
  search(network, 'network')
  search(devices, 'devices')
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, field]) => ({ file, sha256: sha256(readTrace(file, cwd, field)) }))
}

/** Test rows of either label, by scenario and binary task; of a scenario in shards, by its name and by theirs. */
export const labelsOf = ({ scenarios, tasks }: Pick<World, 'scenarios' | 'tasks'>): TestLabels => {
  const sums: Record<string, Record<string, { positives: number; negatives: number }>> = {}
  for (const [t, { name: task, kind }] of tasks.entries()) {
    if (kind !== 'binary') continue
    for (const { name, of = name, test } of scenarios) {
      for (const scenario of new Set([name, of])) {
        const sum = ((sums[scenario] ??= {})[task] ??= { positives: 0, negatives: 0 })
        for (let row = 0; row < test.rows; row++) {
          const label = test.labels[row * tasks.length + t]
          if (label > 0.5) sum.positives++
          else if (label <= 0.5) sum.negatives++
        }
      }
    }
  }
  return sums
}

/** Fields by which numbers steer events. */
const steering = ({ choose, selection, codec, rounds, evaluate: { until } }: Resolved): string[] => {
  const adapts = typeof rounds !== 'function' && 'kind' in rounds && roundEntryOf(rounds).readsNumbers(rounds)
  return [
    ...(choose === undefined ? [] : ['choose']),
    ...(selection !== undefined && selectionEntryOf(selection).readsNumbers ? ['selection'] : []),
    ...(adapts ? ['rounds'] : []),
    ...(codec !== undefined && chainsIn(codec).some((chain) => traitsOf(chain).readsNumbers) ? ['codec'] : []),
    ...(until === undefined ? [] : ['evaluate.until']),
  ]
}

/** Whom overrides of costs are about. It is drawn, so that no run can be priced without it. */
const payersIn = (resolved: Resolved, world: World): Pick<Manifest, 'payers'> => {
  const { costs, seeds } = resolved
  if (costs === undefined || costs.overrides.length === 0) return {}
  return { payers: payersOf(costs, survey(resolved, world).participants, streams(seeds.faults)) }
}

/** Words of `codec` that code nothing. */
const idleCodecs = (resolved: Resolved, world: World): string[] => {
  const { codec } = resolved
  if (codec === undefined) return []
  const { parts } = surveyParts(resolved, world)
  const rolesIn = (direction: 'up' | 'down'): Set<CodedRole> => new Set(parts.flatMap((part): CodedRole[] => [
    ...part.segments.map(({ role }) => role), ...(part[direction].extras.length > 0 ? ['extra' as const] : []),
  ]))
  return idleWords(codec, { up: rolesIn('up'), down: rolesIn('down') })
}

/** The manifest of a run that is about to begin. */
export const describe = (resolved: Resolved, world: World, from: Provenance): Manifest =>
  manifestOf(resolved, world, from, startOf(resolved, from.cwd))

const manifestOf = (resolved: Resolved, world: World, from: Provenance, start: ReturnType<typeof startOf>): Manifest => ({
  format: 'windtunnel-run',
  version: 1,
  status: 'running',
  name: resolved.name,
  seed: resolved.seed,
  seeds: resolved.seeds,
  engine: resolved.engine,
  workers: resolved.workers,
  specification: specificationOf(resolved),
  functions: Object.keys(functionsOf(resolved)),
  ...(steering(resolved).length > 0 && { readsNumbers: steering(resolved) }),
  script: from.script ?? null,
  ...(from.study && { study: from.study }),
  settings: from.settings ?? [],
  data: from.data ?? null,
  ...(from.plan && { plan: from.plan }),
  ...(from.checks && { checks: from.checks }),
  world: {
    name: world.name,
    scenarios: world.scenarios.map(({ name, train, validation, test }) => ({
      name,
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
    })),
    tasks: world.tasks.map(({ name }) => name),
    origins: world.origins,
    split: world.split,
    notes: world.notes,
  },
  ...(Object.keys(labelsOf(world)).length > 0 && { labels: labelsOf(world) }),
  traces: traceFiles(resolved, from.cwd),
  ...payersIn(resolved, world),
  ...(start && { start: start.entry }),
  warnings: [...resolved.warnings, ...(world.warnings ?? []), ...idleCodecs(resolved, world), ...(start ? startWarnings(start, world) : [])],
  // What lossless codecs make of the same numbers is bound to their libraries.
  versions: { ...versions(), ...from.versions, ...(resolved.codec !== undefined && codecLibraries) },
  processor: thisProcessor(),
})

/** What a manifest says once the run has ended, and what came up meanwhile (`warningsOf`). */
export const conclude = (manifest: Manifest, flight: Flight, cameUp: readonly string[], compared: Manifest['compared'] = {}): Manifest => {
  const aborted = flight.rounds.filter(({ outcome }) => outcome === 'aborted').length
  return {
    ...manifest,
    status: flight.status,
    digest: flight.digest,
    digests: flight.digests,
    virtualTime: flight.virtualTime,
    rounds: { closed: flight.rounds.length - aborted, aborted },
    selectedRound: flight.selectedRound,
    ...(flight.reached !== undefined && { reached: flight.reached }),
    ...(flight.privacy && { privacy: flight.privacy }),
    faults: flight.faults,
    marks: flight.marks,
    coverage: flight.coverage,
    ...(flight.checkpoints.length > 0 && { stored: bytesStored(flight.checkpoints) }),
    ...(Object.keys(compared).length > 0 && { compared }),
    warnings: [...manifest.warnings, ...cameUp],
  }
}
