import type { Message } from '../actors/actor.js'
import { NactHost } from '../actors/nact-host.js'
import type { Charge } from '../actors/pending.js'
import type { Check } from '../checks/check.js'
import { Coverage } from '../checks/coverage.js'
import { MarkCount, marksOf } from '../checks/mark.js'
import { allMarks } from '../checks/marks.js'
import { watch, type Watch } from '../checks/watch.js'
import type { Split } from '../data/world.js'
import type { Engine } from '../engine/engine.js'
import { asError, NondeterminismError } from '../errors.js'
import type { Core } from '../faults/core.js'
import type { Injection, Life } from '../faults/fault.js'
import type { Edge } from '../faults/by-hand.js'
import type { Weather } from '../faults/weather.js'
import type { Course } from '../federation/course.js'
import { type AnyLife, anyLife } from '../federation/life.js'
import type { AggregatorMessage, Arrival, LocalWork } from '../federation/messages.js'
import { phaseOf } from '../federation/phases.js'
import { reliable } from '../federation/delivery/reliable.js'
import type { Terms } from '../federation/terms.js'
import { topologyOf as federated } from '../federation/topologies/registry.js'
import { isReached, readLevel, type ScoreLevel } from '../metrics/level.js'
import { roundScores } from '../metrics/round-scores.js'
import { trainedTasks } from '../models/trained-tasks.js'
import type { Envelope } from '../network/envelope.js'
import { type Content, Network } from '../network/network.js'
import type { Topology } from '../network/topology.js'
import { createDraws, createLexicon } from '../random/draws.js'
import { type Fresh, freshened } from '../random/fresh.js'
import { streams, type Streams } from '../random/streams.js'
import { Account } from '../record/account.js'
import { type EventOf, type FlightEvent, OUTSIDE } from '../record/event.js'
import { FlightRecorder } from '../record/flight-recorder.js'
import { trained, training } from '../record/happenings.js'
import { Journal } from '../record/journal.js'
import { Ledger } from '../record/ledger.js'
import type { Weather as NetworkWeather } from '../network/weather.js'
import { AGGREGATOR, type Name } from '../roster/participant.js'
import { Guard } from '../time/guard.js'
import { type Delivery, Kernel, type PlainEvent, ties } from '../time/kernel.js'
import { formatMicros, type Micros } from '../time/micros.js'
import { KernelScheduler } from '../time/scheduler.js'
import { Calm } from './calm.js'
import { carriageOf } from './carriage.js'
import { Checkpoints, usual } from './checkpoints.js'
import { Divergence } from './divergence.js'
import { Evaluation } from './evaluation.js'
import type { Flight } from './flight.js'
import { hasOf } from './has.js'
import { Lives } from './lives.js'
import { executeLocally } from './local-execution.js'
import { neverEnds } from './never-ends.js'
import { Numbers } from './numbers.js'
import { PrivacyAccount } from './privacy-account.js'
import { resultOf } from './result.js'
import { Serving } from './serving.js'
import { Silence } from './silence.js'
import { type Setup, type StepCost, stepCostOn, termsOf } from './setup.js'
import { Steps } from './steps.js'
import { topologyOf } from './topology.js'
import { catchStrays, straysAreIn } from './strays.js'
import { viewOf } from './view.js'
import { Writing } from './writing.js'

/** So many timers of a link one after the other, and nothing else: whoever waits for more waits for ever. */
const idleForEver = 1_000_000

/** Of messages about no part. */
const noRoles: readonly string[] = []

/** The weather of one flight; strikes are told to `record`, and life events that come up are set off by `live`. */
export type Forecast = (tools: { readonly record: FlightRecorder; readonly live: (life: Life) => void }) => Weather

export interface FlightOptions {
  readonly engine: Engine
  readonly checks: readonly Check[]
  /** What happens, as it happens. An error that it throws ends the flight. */
  readonly onEvent?: ((event: FlightEvent) => void) | undefined
  /** Ends the flight at the next event; what was flown is returned as `interrupted`. */
  readonly signal?: AbortSignal | undefined
  /** Canonical events as JSON lines, handed over at every round's close and at the end. */
  readonly onLines?: ((lines: readonly string[]) => void) | undefined
  /** What a round takes each client that nothing disturbs, where a calm phase is to come. */
  readonly undisturbed?: ReadonlyMap<Name, Micros> | undefined
  /** Who is healed in a calm phase; everybody, when absent. */
  readonly core?: Core | undefined
  /** In place of what the devices of the weather take. */
  readonly stepCost?: StepCost
  /** Counts what happens one by one, so that every place of the flight has a number. Slower, and never different. */
  readonly stepped?: boolean
  /** The most that happens in all, see the kernel's. */
  readonly most?: number
  /** Chance that falls anew from a moment on, of a flight that is stepped. */
  readonly turn?: Turn | undefined
}

/** The moment of a flight from which on chance falls anew. */
export interface Turn extends Injection {
  /** The digest of all canonical events before it, as they are to be. */
  readonly past: string
  readonly fresh: Fresh
}

/** How far a flight goes on. */
export interface Leg {
  /** What happens up to this instant happens, itself included. */
  readonly until?: Micros
  /** Asked before everything that happens: true ends the leg there. */
  readonly stop?: () => boolean
}

/** What is healed where chance turns is so after it. */
const withTurn = (edges: readonly Edge[], turn: Edge | undefined): readonly Edge[] =>
  turn === undefined ? edges : [turn, ...edges].sort((a, b) => a.event - b.event || a.at - b.at)

/** One flight under way: puts kernel, actors, network, weather and record together, and takes the result out. */
export class Simulator {
  readonly #setup: Setup
  readonly #options: FlightOptions
  readonly #kernel: Kernel
  readonly #guard = new Guard()
  readonly #record = new FlightRecorder(() => this.#kernel.now, (error) => this.#kernel.fail(error))
  readonly #ledger = new Ledger(this.#record)
  readonly #account: Account
  readonly #journal = new Journal(this.#ledger)
  readonly #numbers = new Numbers()
  readonly #privacy: PrivacyAccount | undefined
  readonly #weather: Weather
  readonly #terms: Terms
  readonly #host: NactHost
  readonly #network: Network
  readonly #checkpoints: Checkpoints
  readonly #topology: Topology
  readonly #course: Course
  /** In whose name is told what nobody does. */
  readonly #teller: Name
  readonly #lives: Lives
  readonly #serving: Serving
  readonly #writing: Writing
  readonly #evaluation: Evaluation
  readonly #watch: Watch
  readonly #marks: MarkCount
  readonly #coverage: Coverage
  readonly #until: ScoreLevel | undefined
  readonly #divergence: Divergence | undefined
  readonly #silence: Silence
  readonly #regionals: readonly Name[]
  readonly #steps: Steps
  readonly #calm: Calm
  readonly #goal = { reached: false }
  #reachedIn: number | undefined
  #landed: Micros = 0
  #over = false

  constructor(setup: Setup, forecast: Forecast, options: FlightOptions) {
    this.#setup = setup
    this.#options = options
    this.#kernel = new Kernel({
      ...(options.most !== undefined && { most: options.most }),
      exhausted: () => this.#tellBack(true),
      ...(options.stepped === true && { deliveriesPerTurn: 1, afterEvent: () => this.#steps.cross() }),
    })
    const { onEvent, engine, checks } = options
    this.#weather = forecast({ record: this.#record, live: (life) => this.#lives.schedule(life) })
    const stepCost = options.stepCost ?? stepCostOn(setup, (name) => this.#weather.device(name))
    const { until } = setup.resolved.evaluate
    this.#until = until === undefined ? undefined : readLevel(until)
    this.#divergence = setup.resolved.onDivergence === 'stop' ? new Divergence(setup.resolved) : undefined
    this.#terms = termsOf(setup, this.#outlook(), stepCost, this.#until && this.#goal, options.turn?.fresh)
    const { privacy } = setup.resolved
    this.#privacy = privacy && this.#terms.privacy
      ? new PrivacyAccount({ ...setup.resolved, privacy }, this.#terms.privacy, setup.clients.length, this.#terms.parts[0].name, this.#terms.weather.forge !== undefined)
      : undefined
    this.#course = federated(setup.resolved.topology).course(this.#terms, setup.participants)
    this.#teller = setup.participants[0].name
    this.#account = new Account(this.#record, this.#ledger, this.#course.peers?.names)
    const has = hasOf(setup.resolved)
    this.#coverage = new Coverage(has)
    this.#marks = new MarkCount(marksOf(allMarks, has))
    this.#silence = new Silence(this.#ledger, new Set(setup.participants.flatMap(({ name, role }) => (role === 'client' || role === 'regional' ? [name] : []))))
    this.#regionals = setup.participants.flatMap(({ name, role }) => (role === 'regional' ? [name] : []))
    this.#checkpoints = this.#openCheckpoints()
    this.#host = this.#openHost()
    this.#topology = topologyOf(setup, this.#weather)
    this.#network = this.#openNetwork()
    this.#steps = new Steps(this.#kernel, () => this.#network.next)
    this.#lives = this.#openLives()
    this.#calm = new Calm({
      from: setup.resolved.calm, kernel: this.#kernel, record: this.#record, lives: this.#lives, over: () => this.#over,
      core: options.core, participants: setup.participants, teller: this.#teller,
    })
    this.#serving = new Serving(setup, this.#terms, this.#course, this.#lives)
    this.#writing = new Writing({
      setup, kernel: this.#kernel, record: this.#record, host: this.#host, lives: this.#lives, checkpoints: this.#checkpoints,
      forgetful: this.#weather.forgetful,
      over: () => this.#over,
      owners: this.#course.owners,
      writtenOf: (owner) => this.#course.written(owner, this.#lives),
    })
    this.#evaluation = new Evaluation({
      engine,
      exams: setup.exams,
      tasks: setup.tasks,
      serve: (client) => this.#serving.of(client),
      models: setup.resolved.evaluate.models
        ? { clients: setup.clients.map(({ name }) => name), common: () => this.#serving.common() }
        : undefined,
      evaluated: (round, rows) => {
        this.#record.tell(this.#teller, { kind: 'evaluated', round, rows }, OUTSIDE)
        this.#divergence?.scored(round, rows)
      },
    })
    this.#watch = watch(checks, viewOf({
      setup, terms: this.#terms, weather: this.#weather, kernel: this.#kernel, ledger: this.#ledger,
      network: this.#network, course: this.#course, undisturbed: options.undisturbed, core: options.core, alive: (name) => this.#host.alive(name),
    }))
    // What an actor has from its checkpoint may have got its fate in the life before: the first is final.
    this.#record.repeats = (actor, what) =>
      what.kind === 'settle' && this.#lives.isReborn(actor) && this.#ledger.fate(what.envelope) !== 'unresolved'
    // The one order in which facts go round.
    this.#record.read(
      this.#ledger,
      this.#account,
      this.#journal,
      ...(this.#privacy === undefined ? [] : [this.#privacy]),
      ...this.#weather.readers,
      ...this.#watch.readers,
      ...this.#marks.readers,
      this.#silence,
      ...(this.#course.watch === undefined ? [] : [this.#course.watch((actor, what, cause) => void this.#record.tell(actor, what, cause))]),
      // The close of a round is scored, off the clock and off the network.
      { kinds: ['round-close'], see: (event) => event.kind === 'round-close' && this.#closed(event) },
      ...this.#writing.readers,
      ...(options.stepped === true ? [this.#steps] : []),
      ...this.#calm.readers,
      ...(onEvent === undefined ? [] : [{ see: (event: FlightEvent) => this.#guard.outside(() => onEvent(event)) }]),
    )
  }

  /** From the beginning to the end. */
  async fly(): Promise<Flight> {
    return this.#inside(async () => {
      await this.#begin()
      await this.#advance({})
      return this.#end()
    })
  }

  /** Brings everybody to life; then come legs, and the end. */
  begin(): Promise<void> {
    return this.#inside(() => this.#begin(), true)
  }

  /** Goes on. Rejects with what ends the flight. */
  advance(leg: Leg): Promise<void> {
    return this.#inside(() => this.#advance(leg), true)
  }

  /** Flies what is left, and says what came of it. */
  end(): Promise<Flight> {
    return this.#inside(async () => {
      await this.#advance({})
      return this.#end()
    })
  }

  /** Lets go of a flight that is not to be ended. */
  dispose(): void {
    this.#host.dispose()
  }

  get now(): Micros {
    return this.#kernel.now
  }

  /** Of a flight that is stepped: events so far, scores not among them. */
  get count(): number {
    return this.#steps.count
  }

  /** Of those, places where faults are injected or healed: how many are behind it. */
  get crossed(): number {
    return this.#steps.crossed
  }

  /** Is nothing left to happen? */
  get exhausted(): boolean {
    return this.#kernel.pending === 0 || this.#idles
  }

  /**
   * Is nothing left but timers of operators in a link of the simulation's own, such as one that looks again and again whether
   * there is something to send? They can bring over only what is under way, and of what they keep for ever nobody says so.
   */
  get #idles(): boolean {
    return this.#kernel.busy === 0 && this.#kernel.pending > 0 && (this.#network.isIdle || this.#kernel.idled >= idleForEver)
  }

  /** The digest of all canonical events so far. */
  get past(): string {
    return this.#journal.digest()
  }

  alive(name: Name): boolean {
    return this.#host.alive(name)
  }

  /** An actor's state: not to be written to. */
  state(name: Name): unknown {
    return this.#lives.state(name)
  }

  /** What is done here is watched for errors that nobody can catch where they arise; one ends the flight. */
  async #inside<T>(work: () => Promise<T>, more = false): Promise<T> {
    let stray: { readonly error: Error } | undefined
    const release = catchStrays((thrown) => {
      stray ??= { error: asError(thrown) }
      this.#kernel.fail(thrown)
    })
    let done: T
    try {
      done = await this.#guarded(work, more)
    } finally {
      if (this.#isWatched) await straysAreIn()
      release()
    }
    if (stray !== undefined) throw (stray as { readonly error: Error }).error
    return done
  }

  async #guarded<T>(work: () => Promise<T>, more: boolean): Promise<T> {
    let goesOn = false
    this.#guard.install()
    try {
      const done = await work()
      goesOn = more
      return done
    } catch (error) {
      await this.#evaluation.settled()
      // What led there is what a reader wants to see most.
      this.#options.onLines?.(this.#journal.takeLines())
      throw error
    } finally {
      this.#guard.uninstall()
      if (!goesOn) this.#host.dispose()
    }
  }

  async #begin(): Promise<void> {
    const { evaluate } = this.#setup.resolved
    this.#steps.begin(withTurn(this.#weather.edges, this.#turn()))
    this.#lives.begin()
    this.#calm.begin()
    for (const life of this.#weather.lives) this.#lives.schedule(life)
    if (evaluate.start) await this.#evaluation.begin(0, 0, evaluate.on)
    for (const name of this.#course.beginners) this.#host.tell(name, { from: name, message: { kind: 'begin' } satisfies AggregatorMessage })
    this.#steps.cross()
  }

  #advance({ until, stop }: Leg): Promise<void> {
    const { signal } = this.#options
    return this.#kernel.run({ ...(until !== undefined && { until }), stop: () => signal?.aborted === true || (this.#idles && !this.#tellBack(true)) || stop?.() === true })
  }

  async #end(): Promise<Flight> {
    const interrupted = this.#options.signal?.aborted === true
    if (!interrupted) this.#checkOver()
    this.#record.cause = OUTSIDE
    this.#network.close()
    if (!interrupted) this.#watch.end()
    await this.#evaluation.finish()
    this.#divergence?.demandNone(this.#account)
    return this.#flight(interrupted ? 'interrupted' : 'complete')
  }

  /** Streams of those who draw during the flight. */
  #streams(whose: string): Streams {
    const own = streams(this.#setup.resolved.seeds.faults)
    return this.#options.turn?.fresh.streams(own, whose) ?? own
  }

  /** Where chance turns, what was before is to be what it was. */
  #turn(): Edge | undefined {
    const { turn } = this.#options
    if (turn === undefined) return undefined
    const { at, event, past, fresh } = turn
    return {
      at, event,
      cross: () => {
        if (this.#steps.count !== event || this.past !== past) {
          throw new NondeterminismError(`Flown again to ${formatMicros(at)}, the flight was another: ${this.#steps.count} events where there were ${event}.`)
        }
        fresh.turn()
      },
    }
  }

  /** Are there streams that somebody else may have subscribed to? */
  get #isWatched(): boolean {
    return this.#options.onEvent !== undefined || this.#setup.resolved.link !== undefined
  }

  #openHost(): NactHost {
    const { engine } = this.#options
    const { model, tasks: all } = this.#setup
    const tasks = { all, trained: trainedTasks(model, all) }
    return new NactHost({
      kernel: this.#kernel,
      streams: this.#streams('actors'),
      guard: this.#guard,
      record: this.#record,
      send: (from, to, message) => this.#network.send(from, to, message as Content),
      spanOf: (actor, start, cost, job) => {
        const { round, examples } = job as LocalWork
        const span = this.#weather.span(actor, start, cost, round)
        const { until, whole = until } = span
        this.#record.cause = this.#record.tell(actor, training(round, until, whole, examples))
        return span
      },
      handles: (actor, state, message) => this.#handles(actor, state, message),
      handled: this.#checkpoints.handled,
      execute: (jobs) => executeLocally(jobs.map(({ job }) => job as LocalWork), engine, tasks),
      charged: (charge) => this.#charged(charge),
      clockOf: this.#weather.clock,
    })
  }

  /** What the actors see of the weather: it goes by the true time, whatever their clocks say. */
  #outlook(): Weather {
    const weather = this.#weather
    if (weather.clock === undefined) return weather
    return { ...weather, stays: (client, _, round) => weather.stays(client, this.#kernel.now, round) }
  }

  #handles(actor: Name, state: unknown, message: Message): void {
    const role = this.#setup.roles.get(actor)!
    this.#coverage.handles(role, phaseOf(role, state), message.kind === 'arrival' ? (message as Arrival).envelope.kind : message.kind)
  }

  /** A computation has ended; of one that was cut short, the share is charged that was done. */
  #charged({ actor, job, start, end, whole, outcome }: Charge): void {
    const { round, examples: all, continues } = job as LocalWork
    const examples = outcome === 'computed' ? all : Math.floor((all * (end - start)) / Math.max(1, whole - start))
    this.#record.cause = this.#record.tell(actor, trained(round, start, outcome, examples, continues))
  }

  #openNetwork(): Network {
    const kernel = this.#kernel
    const { parts, carried, roles, resolved: { link, seeds } } = this.#setup
    const rolesOf = new Map([...parts, ...carried].map((part) => [part.name, part.roles]))
    const draws = freshened(this.#options.turn?.fresh, createDraws(streams(seeds.selection), createLexicon(), 'ties'), 'ties')
    /** Who comes first of clients whose messages arrive in one instant is drawn, anew for every round. */
    const tieOf = ({ from, to, round }: Envelope): number => {
      const role = roles.get(from)
      return role === 'client' || (role === 'regional' && roles.get(to) !== 'client') ? Math.floor(draws.visit(from, round, 0) * ties) + 1 : 0
    }
    return new Network({
      now: () => kernel.now,
      at: (time, action, idle) => (idle === true ? kernel.idly(time - kernel.now, action) : kernel.at(time, action)),
      deliver: (time, envelope, landing) => {
        const message: Arrival = { kind: 'arrival', envelope }
        return this.#host.deliver(time, envelope.to, { from: envelope.from, message }, landing, tieOf(envelope))
      },
      cancel: (event) => kernel.cancel(event as Delivery | PlainEvent),
      failed: (error) => kernel.fail(error),
      weather: this.#doors(),
      record: this.#record,
      ledger: this.#ledger,
      topology: this.#topology,
      sharing: this.#setup.resolved.network.sharing,
      rolesOf: (part) => rolesOf.get(part) ?? noRoles,
      link: link && {
        custom: (envelopes$, tools) => this.#guard.inside('link', () => link(envelopes$, tools)),
        scheduler: new KernelScheduler(kernel),
        streams: this.#streams('link'),
      },
    })
  }

  /** Who sleeps or writes takes nothing in: what reaches its door is kept there. */
  #doors(): NetworkWeather {
    const weather = this.#weather
    return {
      ...weather,
      door: (envelope, now) => {
        const until = this.#lives.closedUntil(envelope.to)
        return until !== undefined && until > now ? { hold: until } : weather.door(envelope, now)
      },
    }
  }

  #openLives(): Lives {
    const terms = this.#terms
    const { resolved: { topology }, participants } = this.#setup
    const carriage = carriageOf(this.#setup.resolved, {
      wire: terms.wire, topology: this.#topology, weather: this.#weather, now: () => this.#kernel.now,
      fresh: this.#options.turn?.fresh,
    })
    const lives = new Map<Name, AnyLife>()
    for (const [name, life] of federated(topology).lives(terms, participants)) {
      lives.set(name, carriage === undefined ? life : anyLife(reliable(life, carriage)))
    }
    return new Lives({
      kernel: this.#kernel,
      host: this.#host,
      network: this.#network,
      record: this.#record,
      lives,
      checkpoints: this.#checkpoints,
      weather: this.#weather,
      over: () => this.#over,
      calm: () => this.#calm.has,
      returned: () => void this.#tellBack(false),
      core: this.#options.core,
    })
  }

  #openCheckpoints(): Checkpoints {
    const { checkpoint = usual } = this.#setup.resolved
    return new Checkpoints({
      checkpoint,
      life: (name) => this.#lives.life(name),
      owners: this.#course.owners,
      mayDie: (name) => this.#weather.mayDie(name),
      forgetful: this.#weather.forgetful,
    })
  }

  /** Told inside the aggregator's handler, after the expert networks were: what follows waits for their turn. */
  #closed({ at, row: { round }, last }: EventOf<'round-close'>): void {
    this.#landed = at
    this.#over = last
    const { every, final, on } = this.#setup.resolved.evaluate
    this.#kernel.at(at, async () => {
      for (const part of this.#terms.travelling) this.#numbers.state(this.#serving.held(part))
      this.#options.onLines?.(this.#journal.takeLines())
      const ends = last && final
      if (ends || round % every === 0) {
        const splits = ends ? (['validation', 'test'] as const) : on
        if (this.#until === undefined) await this.#evaluation.begin(round, at, splits)
        else await this.#judge(round, at, splits, this.#until)
      } else if (last) this.#evaluation.keepLast(round)
      if (this.#over) this.#halt()
      this.#divergence?.demandNone(this.#account, { round, scoring: this.#evaluation.scoring })
    })
  }

  /** Scores a close before anything else happens, and sees whether that is what was flown for. */
  async #judge(round: number, at: Micros, splits: readonly Split[], until: ScoreLevel): Promise<void> {
    await this.#evaluation.begin(round, at, splits)
    if (!isReached(until, roundScores(await this.#evaluation.scored()))) return
    this.#goal.reached = true
    this.#reachedIn = round
    this.#over = true
    const missing = (['validation', 'test'] as const).filter((split) => !splits.includes(split))
    if (this.#setup.resolved.evaluate.final && missing.length > 0) await this.#evaluation.begin(round, at, missing)
  }

  /**
   * Tells those who wait for it that an event has brought somebody back; or, once nothing is left to happen, that none
   * will. False: nobody waits for any such thing.
   */
  #tellBack(hopeless: boolean): boolean {
    const waiting = hopeless && this.#kernel.busy > 0 ? [] : this.#course.waiting(hopeless, this.#lives)
    for (const name of waiting) this.#tellOneBack(name, hopeless)
    return waiting.length > 0
  }

  #tellOneBack(name: Name, hopeless: boolean): void {
    const message: AggregatorMessage = { kind: 'back', hopeless }
    const at = Math.max(this.#kernel.now, this.#lives.closedUntil(name) ?? 0)
    this.#host.deliver(at, name, { from: name, message })
  }

  /** Nobody trains any more, and nobody waits for whoever would have. */
  #halt(): void {
    this.#host.halt()
    for (const name of this.#regionals) {
      if (this.#host.alive(name)) this.#host.deliver(this.#kernel.now, name, { from: name, message: { kind: 'halted' } satisfies AggregatorMessage })
    }
  }

  /** Nothing is left to happen: that is the end of the flight, or it can never end. */
  #checkOver(): void {
    if (this.#over) return
    throw this.#course.stalled?.({ look: this.#lives, closed: this.#account.rounds.length, now: this.#kernel.now }) ?? neverEnds({
      alive: this.#host.alive(AGGREGATOR),
      state: this.#lives.state(AGGREGATOR),
      closed: this.#account.rounds.length,
      now: this.#kernel.now,
      silence: this.#silence,
      regional: (name) => (this.#regionals.includes(name) && this.#host.alive(name) ? this.#lives.state(name) : undefined),
      acknowledges: this.#setup.resolved.delivery.acknowledge,
      advice: this.#terms.rounds.advice,
      core: this.#calm.has ? this.#options.core : undefined,
    })
  }

  #flight(status: Flight['status']): Flight {
    this.#options.onLines?.(this.#journal.takeLines())
    return resultOf({
      status,
      virtualTime: status === 'complete' ? this.#landed : this.#kernel.now,
      reached: this.#reachedIn,
      setup: this.#setup, terms: this.#terms, journal: this.#journal, ledger: this.#ledger, account: this.#account,
      numbers: this.#numbers, privacy: this.#privacy, weather: this.#weather, marks: this.#marks, coverage: this.#coverage, host: this.#host,
      serving: this.#serving, evaluation: this.#evaluation,
    })
  }
}
