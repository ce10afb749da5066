import { worldKinds } from '../../scenarios/registry.js'
import { balancers } from '../balancing/registry.js'
import { codecEntries } from '../codecs/registry.js'
import { allMarks } from '../checks/marks.js'
import { allChecks } from '../checks/watch.js'
import { entriesOf, type Entry } from '../entry.js'
import { devices, radios, type Sourced } from '../costs/constants.js'
import { faultSchema } from '../faults/registry.js'
import { roundsSchema } from '../federation/rounds/registry.js'
import { selectionSchema } from '../federation/selection/registry.js'
import { topologySchema } from '../federation/topologies/registry.js'
import { strategyEntries } from '../federation/strategies/registry.js'
import { comparedChecks } from '../lab/compared/all.js'
import { modelEntries } from '../models/registry.js'

const uses = ({ value, basis }: Sourced, unit: string): string => `${value} ${unit} (${basis})`

/** Everything that a specification can name, by what it is. Read from the registries; there is no second list. */
export const catalogue = (): Readonly<Record<string, readonly Entry[]>> => ({
  models: modelEntries.map(({ kind, sentence, source }) => ({ kind, sentence, source })),
  balancers: balancers.map(({ kind, sentence, source }) => ({ kind, sentence, source })),
  strategies: strategyEntries.map(({ kind, sentence, source }) => ({ kind, sentence, source })),
  rounds: entriesOf(roundsSchema),
  selection: entriesOf(selectionSchema),
  topologies: entriesOf(topologySchema),
  codecs: codecEntries.map(({ kind, sentence, source }) => ({ kind, sentence, source })),
  worlds: Object.entries(worldKinds).map(([kind, { sentence, source }]) => ({ kind, sentence, source })),
  faults: entriesOf(faultSchema),
  devices: Object.entries(devices).map(([kind, watts]) => ({ kind, sentence: `Costs: a device that uses ${uses(watts, 'W in training')}`, source: watts.source })),
  radios: Object.entries(radios).map(([kind, { sent, received, tail }]) => ({
    kind,
    sentence: `Costs: ${uses(sent, 'J')} per million bytes sent, ${uses(received, 'J')} received, then ${tail.seconds.value} s at ${uses(tail.watts, 'W')}`,
    source: sent.source === tail.watts.source ? sent.source : `${sent.source}; ${tail.watts.source}`,
  })),
  checks: [...allChecks, ...comparedChecks].map(({ name, promise }) => ({ kind: name, sentence: promise, source: 'docs/checks.md' })),
  marks: allMarks.map(({ name, sentence }) => ({ kind: name, sentence, source: 'docs/checks.md#marks' })),
})

/** Where a specification names what is listed, where that has fields of its own; checks and marks it names nowhere, for all of them watch. */
export const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  models: ['model'], balancers: ['local', 'balance'], strategies: ['strategy'], rounds: ['rounds'], selection: ['selection'], topologies: ['topology'], codecs: ['codec'], worlds: ['world'],
  faults: ['faults'],
}

/** `fedProx`, `FedProx` and `fedprox` are one. */
export const plainName = (name: string): string => name.replaceAll(/[-_ ]/g, '').toLowerCase()
