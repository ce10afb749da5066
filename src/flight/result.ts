import { createHash } from 'node:crypto'

import type { NactHost } from '../actors/nact-host.js'
import type { Coverage } from '../checks/coverage.js'
import type { MarkCount } from '../checks/mark.js'
import type { Weather } from '../faults/weather.js'
import type { ClientState } from '../federation/client.js'
import type { Terms } from '../federation/terms.js'
import type { Account } from '../record/account.js'
import type { Journal } from '../record/journal.js'
import type { Ledger } from '../record/ledger.js'
import type { Micros } from '../time/micros.js'
import type { Evaluation } from './evaluation.js'
import type { Flight } from './flight.js'
import type { Numbers } from './numbers.js'
import type { PrivacyAccount } from './privacy-account.js'
import type { Serving } from './serving.js'
import type { Setup } from './setup.js'
import { trainedModel, whiches } from './trained-model.js'

/** Where what came of a flight is taken from. */
export interface Landed {
  readonly status: Flight['status']
  readonly virtualTime: Micros
  /** The round in which the level that was flown for was reached. */
  readonly reached: number | undefined
  readonly setup: Setup
  readonly terms: Terms
  readonly journal: Journal
  readonly ledger: Ledger
  readonly account: Account
  readonly numbers: Numbers
  /** Where a specification has `privacy`. */
  readonly privacy: PrivacyAccount | undefined
  readonly weather: Weather
  readonly marks: MarkCount
  readonly coverage: Coverage
  readonly host: NactHost
  readonly serving: Serving
  readonly evaluation: Evaluation
}

const byName = <T>(counts: ReadonlyMap<string, T>): Readonly<Record<string, T>> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))

/** What came of a flight, its digests included. To be asked once: the numbers of what is left are taken in here. */
export const resultOf = ({ journal, ledger, account, numbers, evaluation, ...landed }: Landed): Flight => {
  const { setup, terms, host, weather } = landed
  const { layout, strategy, parts, resolved } = setup
  const living = terms.clients.filter(({ name }) => host.alive(name))
  const states = living.map(({ name }) => host.state<ClientState>(name))
  for (const state of states) numbers.client(state, layout.segments, strategy.template)
  const holdings = parts.map((part) => [part.name, landed.serving.held(part)] as const)
  numbers.metrics(evaluation.digest())
  const models = evaluation.models()
  let rows: Flight['ledger'] | undefined
  const digests = { events: journal.digest(), numbers: numbers.digest() }
  return {
    digest: createHash('sha256').update(`${digests.events}\n${digests.numbers}\n`).digest('hex'),
    digests,
    virtualTime: landed.virtualTime,
    rounds: account.rounds,
    metrics: evaluation.rows,
    get ledger() {
      return (rows ??= ledger.rows.toSorted((a, b) => a.sent - b.sent || a.id - b.id))
    },
    trainings: account.trainings,
    checkpoints: account.checkpoints,
    faults: weather.report(),
    marks: landed.marks.counts,
    coverage: landed.coverage.report(),
    refused: byName(account.refused),
    unfit: byName(account.unfit),
    oddGradients: account.oddGradients,
    ...(terms.secure && { saturated: account.saturated }),
    selectedRound: evaluation.selectedRound ?? account.rounds.at(-1)?.round ?? 0,
    parts: Object.fromEntries(holdings.map(([name, { values }]) => [name, values])),
    states: Object.fromEntries(holdings),
    kept: Object.fromEntries(living.map(({ name }, i) => [name, states[i].kept])),
    personal: Object.fromEntries(living.map(({ name }, i) => [name, states[i].personal])),
    ...(landed.privacy && { privacy: landed.privacy.report() }),
    ...(landed.reached !== undefined && { reached: landed.reached }),
    ...(resolved.evaluate.answers && { answers: evaluation.answers() }),
    ...(models && { models: whiches.map((which) => trainedModel(which, models[which].round, models[which], setup)) }),
    get events() {
      return journal.lines()
    },
    status: landed.status,
  }
}
