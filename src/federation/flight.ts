import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Charge } from '../actors/undertakings.js'
import type { Name } from '../actors/actor.js'
import { NactHost } from '../actors/nact-host.js'
import { checkLanded, conservation } from '../checks/conservation.js'
import type { World } from '../data/world.js'
import type { Engine, TrainJob } from '../engine/engine.js'
import { LivenessError } from '../errors.js'
import type { Life, Sign, Weather } from '../faults/weather.js'
import type { Envelope } from '../network/envelope.js'
import { eventKinds, Journal } from '../network/journal.js'
import { Ledger } from '../network/ledger.js'
import { Network } from '../network/network.js'
import { streams } from '../random/streams.js'
import type { Flight, FlightEvent, RoundRow } from '../runs/record.js'
import type { ReadText } from '../schedules/csv.js'
import type { Rounds } from '../simulation/rounds.js'
import { roundsSchema } from '../simulation/rounds.js'
import type { Resolved } from '../simulation/specification.js'
import { Guard } from '../time/guard.js'
import { Kernel } from '../time/kernel.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { KernelScheduler } from '../time/scheduler.js'
import { Account } from './account.js'
import { aggregator, type AggregatorState, newAggregator } from './aggregator.js'
import { expertName } from './cast.js'
import { type Charter, settleCharter } from './charter.js'
import { Evaluation } from './evaluation.js'
import { type ExpertState, expertNetwork, newExpert } from './expert-network.js'
import type { AggregatorMessage, Arrival, LocalWork, Parcel } from './messages.js'
import { putPart, takePart } from './part-template.js'
import { type RoundPolicy, type RoundTerms, termsOf } from './policies.js'
import { type ClientState, newClient, scenarioClient } from './scenario-client.js'
import { AGGREGATOR, type ClientTerms, type Terms } from './terms.js'
import { surround } from './surroundings.js'

export interface FlyOptions {
  readonly world: World
  readonly engine: Engine
  /** What happens, as it happens. An error that it throws ends the run. */
  readonly onEvent?: (event: FlightEvent) => void
  /** Reads trace files that the specification names; by default from the disk, relative to the working folder. */
  readonly read?: ReadText
  /** Ends the run at the next event; the flight so far is returned as `interrupted`. */
  readonly signal?: AbortSignal
  /** Canonical events as JSON lines, handed over at every round's close and at the end. */
  readonly onLines?: (lines: readonly string[]) => void
}

const ROUND_OPEN = eventKinds.indexOf('round-open')
const ROUND_CLOSE = eventKinds.indexOf('round-close')
const TRAIN = eventKinds.indexOf('train')
const TRAINED = eventKinds.indexOf('trained')
const LIFE = eventKinds.indexOf('life')

/**
 * Flies a simulation: one federation, one world, one seed. Everything that decides the result is in `resolved` and
 * `world`; the engine only computes, and neither its workers nor the wall clock reach the outcome.
 */
export const fly = async (resolved: Resolved, options: FlyOptions): Promise<Flight> => {
  const { engine, world } = options
  const charter = await settleCharter(resolved, world, engine)
  const { weather, stepCost } = surround(resolved, charter, options.read ?? readText)
  return flyUnder(resolved, charter, weather, stepCost, options)
}

const readText: ReadText = (path) => readFileSync(path, 'utf8')


/** The same under a weather that is given: what tests and other drivers fly. */
export const flyUnder = (
  resolved: Resolved,
  charter: Charter,
  weather: Weather,
  stepCost: (client: Name) => number,
  options: FlyOptions,
): Promise<Flight> => new Tunnel(resolved, charter, weather, stepCost, options).fly()


/** One flight under way: the kernel, the actors and the books of a single run. */
class Tunnel {
  readonly #resolved: Resolved
  readonly #charter: Charter
  readonly #options: FlyOptions
  readonly #weather: Weather
  readonly #kernel = new Kernel()
  readonly #guard = new Guard()
  readonly #journal = new Journal()
  readonly #ledger = new Ledger(this.#journal)
  readonly #account = new Account(this.#ledger)
  readonly #numbers = createHash('sha256')
  readonly #plans = new Map<number, RoundTerms>()
  readonly #host: NactHost
  readonly #network: Network
  readonly #terms: Terms
  readonly #evaluation: Evaluation
  #written = 0
  #landed: Micros = 0
  #over = false

  constructor(
    resolved: Resolved,
    charter: Charter,
    weather: Weather,
    stepCost: (client: Name) => number,
    options: FlyOptions,
  ) {
    this.#resolved = resolved
    this.#charter = charter
    this.#options = options
    this.#weather = weather
    const kernel = this.#kernel
    const named = streams(resolved.seeds.faults)
    this.#host = new NactHost({
      kernel,
      streams: named,
      guard: this.#guard,
      send: (from, to, message) => this.#send(from, to, message as Parcel),
      work: (actor, start, cost, job) => this.#work(actor, start, cost, job as LocalWork),
      execute: (jobs) => engineJobs(options.engine, jobs.map(({ job }) => (job as LocalWork).train)),
      charged: (charge) => this.#charged(charge),
    })
    const rolesOf = new Map(charter.parts.map((part) => [part.name, part.roles]))
    const scheduler = new KernelScheduler(kernel)
    this.#network = new Network({
      now: () => kernel.now,
      at: (time, action) => {
        const event = kernel.at(time, action)
        return () => void kernel.cancel(event)
      },
      deliver: (time, envelope, arrives) => this.#deliver(time, envelope, arrives),
      weather,
      ledger: this.#ledger,
      roleOf: (name) => charter.roles.get(name)!,
      rolesOf: (part) => rolesOf.get(part) ?? [],
      link: resolved.link && {
        custom: (envelopes$, tools) => this.#guard.inside('link', () => resolved.link!(envelopes$, tools)),
        scheduler,
        streams: named,
      },
    })
    this.#terms = this.#agree(stepCost)
    this.#evaluation = new Evaluation({
      engine: options.engine,
      exams: charter.exams,
      tasks: charter.tasks,
      on: resolved.evaluate.on,
      serve: (client) => this.#serve(client),
      evaluated: (round, at, rows) => this.#tell({ kind: 'evaluated', at, round, rows }),
    })
    this.#ledger.settled = (row, at) => {
      this.#account.judge(row)
      this.#tell({ kind: 'settled', at, row })
    }
    kernel.afterEvent = conservation(this.#ledger, this.#network, () => kernel.now)
  }

  async fly(): Promise<Flight> {
    this.#guard.install()
    try {
      this.#assemble()
      void this.#evaluation.begin(0, 0)
      this.#host.tell(AGGREGATOR, { from: AGGREGATOR, message: { kind: 'begin' } satisfies AggregatorMessage })
      const { signal } = this.#options
      await this.#kernel.run({ stop: () => signal?.aborted === true })
      const interrupted = signal?.aborted === true
      if (!interrupted) this.#checkOver()
      this.#network.close()
      if (!interrupted) checkLanded(this.#ledger, this.#kernel.now)
      await this.#evaluation.finish()
      return this.#flight(interrupted ? 'interrupted' : 'complete')
    } finally {
      this.#guard.uninstall()
      this.#host.dispose()
    }
  }

  /** What the actors have agreed on. */
  #agree(stepCost: (client: Name) => number): Terms {
    const charter = this.#charter
    const resolved = this.#resolved
    const clients = charter.clients.map(
      ({ name, rows, epochs, batch, prepared, data }): ClientTerms => ({
        name, rows, epochs, batch, program: prepared.program, data, stepCost: stepCost(name),
      }),
    )
    return {
      strategy: charter.strategy,
      policy: this.#policy(clients.length),
      parts: charter.parts,
      travelling: charter.parts.filter((part) => part.expert === undefined || part.length > 0),
      clients,
      experts: charter.cast.flatMap(({ name, role }) => (role === 'expert' ? [name] : [])),
      keepOptimizer: resolved.local.optimizerState === 'keep',
      weather: {
        available: (client, now, round) => this.#weather.available(client, now, round),
        nextChange: (now) => this.#weather.nextChange(now),
        completeness: (client, round) => this.#weather.completeness(client, round),
        notice: (sign) => this.#notice(sign),
      },
      selection: streams(resolved.seeds.selection),
      batchSeed: resolved.seeds.batches,
      account: this.#account,
      opened: (round, at, selected) => {
        this.#journal.write(at, ROUND_OPEN, round, selected.length)
        this.#notice({ kind: 'round-open', round, at, selected })
        this.#tell({ kind: 'round-open', at, round, selected })
      },
      closed: (row) => this.#closed(row),
    }
  }

  /** A round is planned once, when it opens; clients then read the same terms. */
  #policy(clients: number): RoundPolicy {
    const { rounds } = this.#resolved
    return (round, before) => {
      let plan = this.#plans.get(round)
      if (plan === undefined) {
        const data: Rounds = typeof rounds === 'function' ? roundsSchema.parse(rounds(round, before)) : rounds
        plan = termsOf(data, round, clients)
        this.#plans.set(round, plan)
      }
      return plan
    }
  }

  #assemble(): void {
    const { parts, clients, initial } = this.#charter
    const terms = this.#terms
    this.#host.spawn(AGGREGATOR, aggregator(terms), newAggregator(takePart(initial, parts[0])))
    for (const part of parts.slice(1)) {
      this.#host.spawn(expertName(part.expert!), expertNetwork(terms, part), newExpert(part, takePart(initial, part)))
    }
    for (const { name } of clients) this.#spawnClient(name, initial)
    for (const life of this.#weather.lives) this.#schedule(life)
  }

  #spawnClient(name: Name, personal: Float32Array): void {
    const self = this.#terms.clients.find((client) => client.name === name)!
    this.#host.spawn(name, scenarioClient(this.#terms, self), newClient(personal))
  }

  #send(from: Name, to: Name, { kind, round, part, bytes }: Parcel): void {
    this.#network.send({ from, to, kind, round, part, bytes })
  }

  #deliver(time: Micros, envelope: Envelope, arrives: (alive: boolean) => boolean): () => void {
    const message: Arrival = { kind: 'arrival', envelope }
    const parcel = this.#host.deliver(time, envelope.to, { from: envelope.from, message }, arrives)
    if (envelope.kind === 'model') this.#account.sent(envelope)
    return () => void this.#kernel.cancel(parcel)
  }

  #work(actor: Name, start: Micros, cost: Micros, { round, examples }: LocalWork): ReturnType<Weather['work']> {
    const work = this.#weather.work(actor, start, cost, round)
    const journal = this.#journal
    journal.write(start, TRAIN, journal.number(actor), round, work.until, examples)
    this.#tell({ kind: 'training', at: start, round, client: actor })
    return work
  }

  #charged({ actor, job, start, end, outcome }: Charge): void {
    const { round, examples } = job as LocalWork
    const journal = this.#journal
    journal.write(end, TRAINED, journal.number(actor), round, journal.number(outcome), examples)
    this.#account.trained({
      client: actor, round, start, end, examples, outcome: outcome === 'computed' ? 'unresolved' : outcome,
    })
    this.#tell({ kind: 'trained', at: end, round, client: actor, outcome })
  }

  #notice(sign: Sign): readonly Life[] {
    const lives = this.#weather.notice(sign)
    for (const life of lives) this.#schedule(life)
    return lives
  }

  /** Puts a crash, and the restart after it, on the heap. A checkpoint is what the last completed training left. */
  #schedule({ who, at, restartAt, keeps }: Life): void {
    const kernel = this.#kernel
    kernel.at(Math.max(at, kernel.now), () => {
      if (this.#over || !this.#host.alive(who)) return
      const { personal } = this.#host.state<ClientState>(who)
      this.#network.cut(who)
      this.#host.kill(who)
      this.#lived(who, 'crash')
      if (restartAt === undefined) return
      kernel.at(Math.max(restartAt, kernel.now), () => {
        if (this.#over) return
        this.#spawnClient(who, keeps === 'checkpoint' ? personal : this.#charter.initial)
        this.#lived(who, 'restart')
      })
    })
  }

  #lived(who: Name, what: 'crash' | 'restart'): void {
    const at = this.#kernel.now
    this.#journal.write(at, LIFE, this.#journal.number(who), this.#journal.number(what))
    this.#tell({ kind: 'life', at, who, what })
  }

  /** Called inside the aggregator's handler, after the expert networks were told. */
  #closed(row: RoundRow): void {
    const { round, closed: at, folded, outcome, reason } = row
    const journal = this.#journal
    journal.write(at, ROUND_CLOSE, round, folded.length, journal.number(outcome), journal.number(reason))
    const last = this.#plans.get(round)!.last
    this.#landed = at
    this.#over = last
    this.#tell({ kind: 'round-close', at, row })
    const { every, final } = this.#resolved.evaluate
    this.#kernel.at(at, () => {
      this.#hashParts()
      this.#flushLines()
      if (last && final) return this.#evaluation.begin(round, at, ['validation', 'test'])
      return round % every === 0 ? this.#evaluation.begin(round, at) : undefined
    })
  }

  #hashParts(): void {
    for (const part of this.#terms.travelling) this.#hash(this.#holding(part.expert).values)
  }

  #hash({ buffer, byteOffset, byteLength }: Float32Array): void {
    this.#numbers.update(new Uint8Array(buffer, byteOffset, byteLength))
  }

  #holding(expert: number | undefined): AggregatorState['holding'] {
    return expert === undefined
      ? this.#host.state<AggregatorState>(AGGREGATOR).holding
      : this.#host.state<ExpertState>(expertName(expert)).holding
  }

  /** The model that a client would serve now: the common parts as their owners hold them, and what it keeps itself. */
  #serve(client: Name): Float32Array {
    const own = this.#host.alive(client) ? this.#host.state<ClientState>(client).personal : this.#charter.initial
    const flat = own.slice()
    for (const part of this.#terms.travelling) putPart(this.#holding(part.expert).values, part, flat)
    return flat
  }

  #checkOver(): void {
    const state = this.#host.state<AggregatorState>(AGGREGATOR)
    if (state.phase === 'done') return
    const answered = new Set(state.holding.held.map(({ update }) => update.client))
    const silent = state.selected.filter((name) => !answered.has(name))
    throw new LivenessError(
      `Round ${state.round} can never close: nothing is left to happen after ${formatMicros(this.#kernel.now)}, and ` +
        `${silent.length > 0 ? `${silent.join(', ')} did not answer` : 'nobody is left to answer'}. ` +
        `Give the rounds a deadline, such as rounds: deadline({ after: minutes(5), quorum: 1, ... }).`,
    )
  }

  #flushLines(): void {
    const { onLines } = this.#options
    if (onLines === undefined || this.#written === this.#journal.length) return
    onLines(this.#journal.lines(this.#written))
    this.#written = this.#journal.length
  }

  #tell(event: FlightEvent): void {
    this.#options.onEvent?.(event)
  }

  #flight(status: Flight['status']): Flight {
    this.#flushLines()
    const living = this.#terms.clients.filter(({ name }) => this.#host.alive(name))
    const personal = Object.fromEntries(living.map(({ name }) => [name, this.#host.state<ClientState>(name).personal]))
    for (const values of Object.values(personal)) this.#hash(values)
    this.#numbers.update(this.#evaluation.digest())
    const journal = this.#journal
    const digests = { events: journal.digest(), numbers: this.#numbers.digest('hex') }
    const rounds = this.#account.rounds
    return {
      digest: createHash('sha256').update(`${digests.events}\n${digests.numbers}\n`).digest('hex'),
      digests,
      virtualTime: status === 'complete' ? this.#landed : this.#kernel.now,
      rounds,
      metrics: this.#evaluation.rows,
      ledger: this.#ledger.rows.toSorted((a, b) => a.sent - b.sent || a.id - b.id),
      trainings: this.#account.trainings,
      faults: this.#weather.report(),
      selectedRound: this.#evaluation.selectedRound ?? rounds.at(-1)?.round ?? 0,
      parts: Object.fromEntries(this.#charter.parts.map(({ name, expert }) => [name, this.#holding(expert).values])),
      personal,
      get events() {
        return journal.lines()
      },
      status,
    }
  }
}

const engineJobs = (engine: Engine, jobs: readonly TrainJob[]): readonly Promise<unknown>[] => engine.train(jobs)
