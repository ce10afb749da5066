import type { Name } from '../roster/participant.js'
import type { EventOf, FlightEvent } from './event.js'
import type { FlightRecorder, Reader } from './flight-recorder.js'
import { fateOf } from './happenings.js'
import type { Ledger } from './ledger.js'
import type { Fate } from './message.js'
import type { CheckpointRow, OddGradientRow, RoundRow, TrainingRow } from './rows.js'

type Training = { -readonly [K in keyof TrainingRow]: TrainingRow[K] }

const trainingOf: Partial<{ readonly [F in Fate]: TrainingRow['outcome'] }> = {
  used: 'used',
  late: 'late',
  surplus: 'surplus',
  lost: 'lost',
  refused: 'lost',
  rejected: 'rejected',
  aborted: 'aborted',
  undone: 'lost',
}

/** Outcomes that are not the last word: another copy of the update may arrive. */
const passing: ReadonlySet<Training['outcome']> = new Set(['lost', 'rejected'])

/** Models of one part that one client was sent and that are not over: their envelopes, in the order of sending. */
class Open {
  envelopes: number[] = []
  /** Is it on the list of its part? */
  listed = false

  constructor(readonly client: Name) {}
}

/** Models of one part. */
interface PartModels {
  readonly byClient: Map<Name, Open>
  /** Those with any, and some that had. */
  readonly open: Open[]
  /** The owner of the part, and the last round that has ended there for all: what it sends again for that one is of no use. */
  readonly owner: Name
  ended: number
}

/**
 * What follows from what the protocol tells: which models were of use, and so which training was. It tells those fates,
 * and steers nothing.
 */
export class Account implements Reader {
  readonly kinds = [
    'send', 'copy', 'admit', 'settle', 'part-close', 'trained', 'gradients', 'unsent', 'round-close', 'life', 'early',
    'unfit',
    'taken', 'checkpoint',
  ] as const
  readonly #record: Pick<FlightRecorder, 'tell'>
  readonly #ledger: Pick<Ledger, 'flow' | 'round' | 'isOpen'>
  readonly #models = new Map<string, PartModels>()
  /** What came before its turn, where messages are acknowledged: it has not been taken in. */
  readonly #early = new Set<number>()
  /** Trainings of each client whose outcome is open, by round: legs of one answer, and others still on their way. */
  readonly #trainings = new Map<Name, Training[]>()
  /** How many updates of each client were refused because they were not finite, those of experts' parts among them. */
  readonly refused = new Map<Name, number>()
  /** How often a fold of each part was refused because it was not finite. */
  readonly unfit = new Map<string, number>()
  /** Gradients that balancers found odd, by task and what was odd. */
  readonly #odd = new Map<string, { row: OddGradientRow; clients: Set<Name> }>()
  readonly trainings: TrainingRow[] = []
  readonly rounds: RoundRow[] = []
  readonly checkpoints: CheckpointRow[] = []

  constructor(record: Pick<FlightRecorder, 'tell'>, ledger: Pick<Ledger, 'flow' | 'round' | 'isOpen'>) {
    this.#record = record
    this.#ledger = ledger
  }

  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'send':
      case 'copy':
        if (event.message === 'model') this.#sent(event)
        return
      case 'admit':
        if (event.message === 'model') this.#admitted(event)
        return
      case 'settle':
        if (this.#ledger.flow(event.envelope).kind === 'update') this.#settled(event)
        return
      case 'part-close':
        return this.#closed(event)
      case 'trained':
        return this.#trained(event)
      case 'gradients':
        return this.#found(event)
      case 'unsent':
        return this.#judge(event.actor, event.round, 'unsent', true)
      case 'unfit':
        this.unfit.set(event.part, (this.unfit.get(event.part) ?? 0) + 1)
        return
      case 'checkpoint': {
        const { actor: owner, round, at, until, bytes } = event
        this.checkpoints.push({ owner, round, at, until, bytes })
        return
      }
      case 'early':
        this.#early.add(event.envelope)
        return
      case 'taken':
        this.#early.delete(event.envelope)
        return
      case 'life':
        // Whoever comes back may have to open a round again that had ended.
        if (event.what === 'restart') for (const models of this.#models.values()) if (models.owner === event.actor) models.ended = 0
        return
      case 'round-close':
        // A round that a crash has undone is flown again.
        while (this.rounds.length > 0 && this.rounds[this.rounds.length - 1].round >= event.row.round) this.rounds.pop()
        this.rounds.push(event.row)
        return
    }
  }

  /** In the order in which they were first seen. */
  get oddGradients(): readonly OddGradientRow[] {
    return [...this.#odd.values()].map(({ row, clients }) => ({ ...row, clients: clients.size }))
  }

  #found({ actor: client, round, odd }: EventOf<'gradients'>): void {
    for (const { task, none, notFinite } of odd) {
      for (const [what, steps] of [['none', none], ['not finite', notFinite]] as const) {
        if (steps === 0) continue
        const key = `${what} ${task}`
        const known = this.#odd.get(key)
        const row = known?.row ?? { task, what, steps: 0, clients: 0, first: { client, round } }
        const clients = known?.clients ?? new Set<Name>()
        this.#odd.set(key, { row: { ...row, steps: row.steps + steps }, clients: clients.add(client) })
      }
    }
  }

  #sent({ actor: owner, envelope, part, to, round }: EventOf<'send'> | EventOf<'copy'>): void {
    let models = this.#models.get(part)
    if (models === undefined) this.#models.set(part, (models = { byClient: new Map(), open: [], owner, ended: 0 }))
    if (round <= models.ended) return
    let own = models.byClient.get(to)
    if (own === undefined) models.byClient.set(to, (own = new Open(to)))
    // A list that was emptied is not filled again: it would be given room for many.
    if (own.envelopes.length === 0) own.envelopes = [envelope]
    else own.envelopes.push(envelope)
    if (own.listed) return
    own.listed = true
    models.open.push(own)
  }

  /** A model has reached its client: if it is over for its owner, nothing can come of it any more. */
  #admitted({ id: cause, envelope, actor, part, round }: EventOf<'admit'>): void {
    const open = this.#models.get(part)?.byClient.get(actor)?.envelopes
    if (open?.some((other) => this.#ledger.round(other) === round) === true) return
    this.#record.tell(actor, fateOf(envelope, 'fruitless'), cause)
  }

  /**
   * The fate of a trunk update is the fate of the training behind it. After a copy was lost or damaged, another may be of
   * use.
   */
  #settled({ id: cause, row, fate, because }: EventOf<'settle'>): void {
    const refused = because === 'not finite'
    if (refused) this.refused.set(row.from, (this.refused.get(row.from) ?? 0) + 1)
    // An update that is too late for good, or of no use: so are all models that its client had been sent by then.
    if (fate === 'late' || refused) this.#end(row.part, row.from, row.round, undefined, cause)
    if (row.part !== 'trunk') return
    const outcome = trainingOf[fate]
    if (outcome !== undefined) this.#judge(row.from, row.round, outcome, refused || !passing.has(outcome))
  }

  #closed({ id: cause, part, round, updates, ends }: EventOf<'part-close'>): void {
    if (ends === 'round') return this.#endRound(part, round, new Set(updates.map(({ client }) => client)), cause)
    for (const { client, round: of } of updates) this.#end(part, client, of, of, cause)
    if (ends === 'all') this.#endAll(part, round, cause)
  }

  /** All models of a part up to a round are over, and were of no use. */
  #endAll(part: string, upTo: number, cause: number): void {
    const models = this.#models.get(part)
    if (models !== undefined) models.ended = Infinity
    const over = this.#take(part, (round) => round <= upTo)
    const roundOf = (id: number): number => this.#ledger.round(id)
    for (const id of over.sort((a, b) => roundOf(a) - roundOf(b) || a - b)) this.#settle(id, 'fruitless', cause)
  }

  /**
   * All models of a part up to a round are over: those of that round whose client contributed were of use. What an owner that
   * came back has sent once more of an earlier round ends with the next.
   */
  #endRound(part: string, round: number, contributors: ReadonlySet<Name>, cause: number): void {
    const models = this.#models.get(part)
    if (models !== undefined) models.ended = round
    for (const id of this.#take(part, (of) => of <= round).sort(ascending)) {
      const isUsed = this.#ledger.round(id) === round && contributors.has(this.#ledger.flow(id).to)
      this.#settle(id, isUsed ? 'used' : 'fruitless', cause)
    }
  }

  /** A client's models of a part up to round `upTo` are over; the one of round `used` was of use. */
  #end(part: string, client: Name, upTo: number, used: number | undefined, cause: number): void {
    const own = this.#models.get(part)?.byClient.get(client)
    if (own === undefined) return
    const over: number[] = []
    this.#part(own, (round) => round <= upTo, over)
    for (const id of over) this.#settle(id, this.#ledger.round(id) === used ? 'used' : 'fruitless', cause)
  }

  /** Takes the models of a part out that are of certain rounds. */
  #take(part: string, is: (round: number) => boolean): number[] {
    const over: number[] = []
    const open = this.#models.get(part)?.open ?? []
    let left = 0
    for (const own of open) {
      this.#part(own, is, over)
      own.listed = own.envelopes.length > 0
      if (own.listed) open[left++] = own
    }
    open.length = left
    return over
  }

  /** Moves one client's models of certain rounds over. */
  #part({ envelopes }: Open, is: (round: number) => boolean, over: number[]): void {
    let left = 0
    for (const id of envelopes) {
      if (is(this.#ledger.round(id))) over.push(id)
      else envelopes[left++] = id
    }
    envelopes.length = left
  }

  /** What has not arrived yet is judged when it does. */
  #settle(id: number, fate: Fate, cause: number): void {
    if (this.#ledger.isOpen(id) && !this.#early.has(id)) {
      this.#record.tell(this.#ledger.flow(id).to, fateOf(id, fate), cause)
    }
  }

  /**
   * A training has ended. The row is kept: its outcome changes when it is known. A further leg that comes to nothing
   * takes those before it with it.
   */
  #trained({ actor: client, round, start, at: end, examples, outcome, continues }: EventOf<'trained'>): void {
    const row: Training = { client, round, start, end, examples, outcome: outcome === 'computed' ? 'unresolved' : outcome }
    this.trainings.push(row)
    if (row.outcome !== 'unresolved') {
      if (continues) this.#judge(client, round, row.outcome, true)
      return
    }
    const own = this.#trainings.get(client)
    if (own === undefined || own.length === 0) this.#trainings.set(client, [row])
    else own.push(row)
  }

  /** What came of a client's trainings of a round; `final`: nothing else can. */
  #judge(client: Name, round: number, outcome: Training['outcome'], final: boolean): void {
    const own = this.#trainings.get(client)
    if (own === undefined) return
    // The latest is what it is about, as a rule; what was lost stays, and must not be searched for ever.
    let from = own.length
    while (from > 0 && own[from - 1].round >= round) from--
    let to = from
    while (to < own.length && own[to].round === round) own[to++].outcome = outcome
    if (!final || to === from) return
    if (to - from === own.length) this.#trainings.set(client, none)
    else own.splice(from, to - from)
  }
}

/** Of a client none of whose trainings is open. */
const none = Object.freeze([]) as unknown as Training[]

const ascending = (a: number, b: number): number => a - b
