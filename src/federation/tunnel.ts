import { createHash } from 'node:crypto'

import { AGGREGATOR, expertName, type Name } from '../roster/participant.js'
import { NactHost } from '../actors/nact-host.js'
import { checkLanded, conservation } from '../checks/conservation.js'
import { LivenessError } from '../errors.js'
import type { Life, Sign, Weather } from '../faults/weather.js'
import type { Envelope } from '../network/envelope.js'
import { Network } from '../network/network.js'
import { streams } from '../random/streams.js'
import type { Flight, RoundRow } from '../runs/record.js'
import type { Resolved } from '../simulation/specification.js'
import { Guard } from '../time/guard.js'
import { type Delivery, Kernel, type PlainEvent } from '../time/kernel.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { KernelScheduler } from '../time/scheduler.js'
import type { AggregatorState } from './aggregator.js'
import { agreed } from './agreement.js'
import type { Charter } from './charter.js'
import { Evaluation } from './evaluation.js'
import type { ExpertState } from './expert-network.js'
import type { FlyOptions } from './flight.js'
import { executeLocally } from './local-execution.js'
import { type LivesOptions, scheduleLife } from './lives.js'
import { Logbook } from './logbook.js'
import type { AggregatorMessage, Arrival, LocalWork, Parcel } from './messages.js'
import { Numbers } from './numbers.js'
import type { Holding } from './owner.js'
import { putPart } from './part-template.js'
import { type ClientState, type Keepsake, newClient, scenarioClient } from './scenario-client.js'
import { spawnServers } from './servers.js'
import { sentTo } from './strategies/fold.js'
import type { ClientTerms, Terms } from './terms.js'

/** One flight under way: wires kernel, actors, network, weather and books together, and takes the result out. */
export class Tunnel {
  readonly #resolved: Resolved
  readonly #charter: Charter
  readonly #options: FlyOptions
  readonly #weather: Weather
  readonly #kernel = new Kernel()
  readonly #guard = new Guard()
  readonly #log: Logbook
  readonly #numbers = new Numbers()
  readonly #host: NactHost
  readonly #network: Network
  readonly #terms: Terms
  readonly #selves: ReadonlyMap<Name, ClientTerms>
  readonly #evaluation: Evaluation
  readonly #lives: LivesOptions
  #landed: Micros = 0
  #over = false

  constructor(
    resolved: Resolved,
    charter: Charter,
    weather: Weather,
    stepCost: (client: Name, leg: number) => number,
    options: FlyOptions,
  ) {
    this.#resolved = resolved
    this.#charter = charter
    this.#options = options
    this.#weather = weather
    const guard = this.#guard
    const { onEvent } = options
    const log = (this.#log = new Logbook(onEvent && ((event) => guard.outside(() => onEvent(event)))))
    this.#host = this.#openHost()
    this.#network = this.#openNetwork()
    this.#terms = agreed(resolved, charter, weather, stepCost, {
      account: log.account,
      notice: (sign) => this.#notice(sign),
      opened: (round, at, selected) => {
        log.roundOpened(round, at, selected)
        this.#notice({ kind: 'round-open', round, at, selected })
      },
      closed: (row) => this.#closed(row),
    })
    this.#selves = new Map(this.#terms.clients.map((client) => [client.name, client]))
    this.#evaluation = new Evaluation({
      engine: options.engine,
      exams: charter.exams,
      tasks: charter.tasks,
      on: resolved.evaluate.on,
      serve: (client) => this.#serve(client),
      evaluated: (round, at, rows) => log.evaluated(round, at, rows),
    })
    this.#lives = {
      kernel: this.#kernel,
      host: this.#host,
      network: this.#network,
      log,
      initial: charter.initial,
      spawnClient: (name, keepsake) => this.#spawnClient(name, keepsake),
      over: () => this.#over,
    }
    this.#kernel.afterEvent = conservation(log.ledger, this.#network, () => this.#kernel.now)
  }

  async fly(): Promise<Flight> {
    const { signal } = this.#options
    this.#guard.install()
    try {
      this.#assemble()
      if (this.#resolved.evaluate.start) await this.#evaluation.begin(0, 0)
      this.#host.tell(AGGREGATOR, { from: AGGREGATOR, message: { kind: 'begin' } satisfies AggregatorMessage })
      await this.#kernel.run({ stop: () => signal?.aborted === true })
      const interrupted = signal?.aborted === true
      if (!interrupted) this.#checkOver()
      this.#network.close()
      if (!interrupted) checkLanded(this.#log.ledger, this.#kernel.now)
      await this.#evaluation.finish()
      return this.#flight(interrupted ? 'interrupted' : 'complete')
    } finally {
      this.#guard.uninstall()
      this.#host.dispose()
    }
  }

  #openHost(): NactHost {
    const { engine } = this.#options
    return new NactHost({
      kernel: this.#kernel,
      streams: streams(this.#resolved.seeds.faults),
      guard: this.#guard,
      send: (from, to, message) => {
        const { kind, round, part, bytes } = message as Parcel
        this.#network.send({ from, to, kind, round, part, bytes })
      },
      work: (actor, start, cost, job) => {
        const local = job as LocalWork
        const work = this.#weather.work(actor, start, cost, local.round)
        this.#log.training(actor, start, work, local)
        return work
      },
      execute: (jobs) => executeLocally(jobs.map(({ job }) => job as LocalWork), engine, this.#charter.tasks),
      charged: (charge) => this.#log.trained(charge),
    })
  }

  #openNetwork(): Network {
    const kernel = this.#kernel
    const { parts, roles } = this.#charter
    const { link, seeds } = this.#resolved
    const rolesOf = new Map(parts.map((part) => [part.name, part.roles]))
    return new Network({
      now: () => kernel.now,
      at: (time, action) => kernel.at(time, action),
      deliver: (time, envelope, arrives) => this.#deliver(time, envelope, arrives),
      cancel: (event) => kernel.cancel(event as Delivery | PlainEvent),
      weather: this.#weather,
      ledger: this.#log.ledger,
      roleOf: (name) => roles.get(name)!,
      rolesOf: (part) => rolesOf.get(part) ?? [],
      link: link && {
        custom: (envelopes$, tools) => this.#guard.inside('link', () => link(envelopes$, tools)),
        scheduler: new KernelScheduler(kernel),
        streams: streams(seeds.faults),
      },
    })
  }

  #assemble(): void {
    const { clients, initial } = this.#charter
    spawnServers(this.#host, this.#terms, initial)
    for (const { name } of clients) this.#spawnClient(name, { personal: initial, kept: {} })
    for (const life of this.#weather.lives) scheduleLife(life, this.#lives)
  }

  #spawnClient(name: Name, keepsake: Keepsake): void {
    const self = this.#selves.get(name)!
    this.#host.spawn(name, scenarioClient(this.#terms, self), newClient(keepsake))
  }

  #deliver(time: Micros, envelope: Envelope, arrives: (alive: boolean) => boolean): Delivery {
    const message: Arrival = { kind: 'arrival', envelope }
    this.#log.account.sent(envelope)
    return this.#host.deliver(time, envelope.to, { from: envelope.from, message }, arrives)
  }

  #notice(sign: Sign): readonly Life[] {
    const lives = this.#weather.notice(sign)
    for (const life of lives) scheduleLife(life, this.#lives)
    return lives
  }

  /** Called inside the aggregator's handler, after the expert networks were told: what follows waits for their turn. */
  #closed(row: RoundRow): void {
    const { round, closed: at } = row
    const { last } = this.#terms.policy(round, [])
    this.#landed = at
    this.#over = last
    this.#log.roundClosed(row)
    const { every, final } = this.#resolved.evaluate
    this.#kernel.at(at, () => {
      for (const part of this.#terms.travelling) this.#numbers.state(this.#holding(part.expert).state)
      this.#options.onLines?.(this.#log.newLines())
      if (last && final) return this.#evaluation.begin(round, at, ['validation', 'test'])
      return round % every === 0 ? this.#evaluation.begin(round, at) : undefined
    })
  }

  #holding(expert: number | undefined): Holding {
    return expert === undefined
      ? this.#host.state<AggregatorState>(AGGREGATOR).holding
      : this.#host.state<ExpertState>(expertName(expert)).holding
  }

  /**
   * The model that a client would serve now: the parts as their owners would send them to it, and what it keeps itself.
   * Or, if the strategy says so, a model that the client has kept.
   */
  #serve(client: Name): Float32Array {
    const { serves } = this.#charter.strategy
    const state = this.#host.alive(client) ? this.#host.state<ClientState>(client) : undefined
    const kept = serves === 'received' ? undefined : (state?.kept[serves.kept] as Float32Array | undefined)
    if (kept !== undefined) return kept
    const flat = (state?.personal ?? this.#charter.initial).slice()
    for (const part of this.#terms.travelling) putPart(sentTo(this.#holding(part.expert).state, client), part, flat)
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
        (this.#terms.asynchronous === undefined
          ? 'Give the rounds a deadline, such as rounds: deadline({ after: minutes(5), quorum: 1, ... }).'
          : 'Give rounds.timeout, so that others take the place of who does not answer.'),
    )
  }

  #flight(status: Flight['status']): Flight {
    this.#options.onLines?.(this.#log.newLines())
    const { journal, ledger, account } = this.#log
    const living = this.#terms.clients.filter(({ name }) => this.#host.alive(name))
    const states = living.map(({ name }) => this.#host.state<ClientState>(name))
    const { layout, strategy } = this.#charter
    for (const state of states) this.#numbers.client(state, layout.segments, strategy.template)
    const personal = Object.fromEntries(living.map(({ name }, i) => [name, states[i].personal]))
    const holdings = this.#charter.parts.map(({ name, expert }) => [name, this.#holding(expert).state] as const)
    this.#numbers.metrics(this.#evaluation.digest())
    const digests = { events: journal.digest(), numbers: this.#numbers.digest() }
    return {
      digest: createHash('sha256').update(`${digests.events}\n${digests.numbers}\n`).digest('hex'),
      digests,
      virtualTime: status === 'complete' ? this.#landed : this.#kernel.now,
      rounds: account.rounds,
      metrics: this.#evaluation.rows,
      ledger: ledger.rows.toSorted((a, b) => a.sent - b.sent || a.id - b.id),
      trainings: account.trainings,
      faults: this.#weather.report(),
      selectedRound: this.#evaluation.selectedRound ?? account.rounds.at(-1)?.round ?? 0,
      parts: Object.fromEntries(holdings.map(([name, { values }]) => [name, values])),
      states: Object.fromEntries(holdings),
      kept: Object.fromEntries(living.map(({ name }, i) => [name, states[i].kept])),
      personal,
      ...(this.#resolved.evaluate.answers && { answers: this.#evaluation.answers() }),
      get events() {
        return journal.lines()
      },
      status,
    }
  }
}
