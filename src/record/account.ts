import { isAnswer } from '../models/parts.js'
import type { Name } from '../roster/participant.js'
import type { EventOf, FlightEvent } from './event.js'
import type { FlightRecorder, Reader } from './flight-recorder.js'
import { Incarnations } from './incarnations.js'
import type { Ledger } from './ledger.js'
import { ModelFates } from './model-fates.js'
import type { CheckpointRow, OddGradientRow, RoundRow, SaturationRow, TrainingRow } from './rows.js'
import { TrainingOutcomes } from './training-outcomes.js'

/**
 * What follows from what the protocol tells: which models were of use, and so which training was. It tells those fates,
 * and steers nothing.
 */
export class Account implements Reader {
  readonly kinds = [
    'send', 'copy', 'admit', 'settle', 'part-close', 'trained', 'gradients', 'unsent', 'round-close', 'life', 'early',
    'unfit', 'saturated',
    'taken', 'checkpoint',
  ] as const
  readonly #ledger: Pick<Ledger, 'flow'>
  readonly #incarnations = new Incarnations()
  readonly #models: ModelFates
  readonly #trainings = new TrainingOutcomes(this.#incarnations)
  /** How many updates of each client were refused because they were not finite, those of experts' parts among them. */
  readonly refused = new Map<Name, number>()
  /** Clients that put zeros under masks in place of what they had learnt, which was not finite. */
  readonly notFinite = new Set<Name>()
  /** How often a fold of each part was refused because it was not finite. */
  readonly unfit = new Map<string, number>()
  /** Gradients that balancers found odd, by task and what was odd. */
  readonly #odd = new Map<string, { row: OddGradientRow; clients: Set<Name> }>()
  /** What was beyond the range of fixed point, by part. */
  readonly #saturated = new Map<string, { row: SaturationRow; clients: Set<Name> }>()
  readonly rounds: RoundRow[] = []
  readonly checkpoints: CheckpointRow[] = []

  /** `peers`: clients that send each other what they have trained; what that comes to is not the fate of one message of several. */
  constructor(
    record: Pick<FlightRecorder, 'tell'>, ledger: Pick<Ledger, 'flow' | 'round' | 'isOpen'>, private readonly peers: ReadonlySet<Name> = new Set(),
  ) {
    this.#ledger = ledger
    this.#models = new ModelFates(record, ledger, this.#incarnations)
  }

  see(event: FlightEvent): void {
    switch (event.kind) {
      case 'send':
      case 'copy':
        if (event.message === 'model') this.#models.sent(event)
        else if (event.message === 'update') this.#answers(event)
        return
      case 'admit':
        if (event.message === 'model') this.#models.admitted(event)
        return
      case 'settle':
        if (this.#ledger.flow(event.envelope).kind === 'update') this.#settled(event)
        return
      case 'part-close':
        if (this.peers.has(event.actor)) return this.#mixed(event)
        return this.#models.closed(event)
      case 'trained':
        return this.#trainings.trained(event)
      case 'gradients':
        return this.#found(event)
      case 'saturated':
        return this.#cutOff(event)
      case 'unsent':
        return this.#trainings.unsent(event.actor, event.round)
      case 'unfit':
        this.unfit.set(event.part, (this.unfit.get(event.part) ?? 0) + 1)
        if (this.peers.has(event.actor)) this.#trainings.settled(event.actor, event.round, 'rejected', true, undefined)
        return
      case 'checkpoint': {
        const { actor: owner, round, at, until, bytes } = event
        this.checkpoints.push({ owner, round, at, until, bytes })
        return
      }
      case 'early':
        this.#models.early(event.envelope)
        return
      case 'taken':
        this.#models.taken(event.envelope)
        return
      case 'life':
        if (event.what === 'restart') this.#back(event)
        return
      case 'round-close':
        // A round that a crash has undone is flown again.
        while (this.rounds.length > 0 && this.rounds[this.rounds.length - 1].round >= event.row.round) this.rounds.pop()
        this.rounds.push(event.row)
        return
    }
  }

  /** In the order in which they ended. */
  get trainings(): readonly TrainingRow[] {
    return this.#trainings.rows
  }

  /** In the order in which they were first seen. */
  get oddGradients(): readonly OddGradientRow[] {
    return [...this.#odd.values()].map(({ row, clients }) => ({ ...row, clients: clients.size }))
  }

  /** In the order in which they were first seen. */
  get saturated(): readonly SaturationRow[] {
    return [...this.#saturated.values()].map(({ row, clients }) => ({ ...row, clients: clients.size }))
  }

  #cutOff({ actor: client, round, part, beyond, notFinite }: EventOf<'saturated'>): void {
    if (notFinite) this.notFinite.add(client)
    const known = this.#saturated.get(part)
    const row = known?.row ?? { part, beyond: 0, notFinite: 0, clients: 0, first: { client, round } }
    const clients = known?.clients ?? new Set<Name>()
    this.#saturated.set(part, {
      row: { ...row, beyond: row.beyond + beyond, notFinite: row.notFinite + Number(notFinite) }, clients: clients.add(client),
    })
  }

  /** A round has ended for a peer: each training behind its mean was of use, and its own in any case, for it goes on from that. */
  #mixed({ actor, round, updates }: EventOf<'part-close'>): void {
    for (const one of [{ client: actor, round }, ...updates]) this.#trainings.settled(one.client, one.round, 'used', false, undefined)
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

  #answers({ actor: client, envelope, part, round }: EventOf<'send'> | EventOf<'copy'>): void {
    this.#incarnations.mark(envelope, client)
    if (isAnswer(part)) this.#trainings.answers(client, round)
  }

  #back({ actor, whole }: EventOf<'life'>): void {
    this.#models.back(actor)
    if (whole === true) return
    this.#incarnations.begin(actor)
    this.#trainings.back(actor)
  }

  #settled({ id: cause, row, fate, because }: EventOf<'settle'>): void {
    const { id, from, to, part, round } = row
    const refused = because === 'not finite'
    if (refused) this.refused.set(from, (this.refused.get(from) ?? 0) + 1)
    if (this.peers.has(row.to)) return
    // An update that is too late for good, or of no use: so are all models that its client had been sent by then.
    if (fate === 'late' || refused) this.#models.end(to, part, from, round, undefined, cause)
    const life = this.#incarnations.now(from) === 0 ? undefined : this.#incarnations.of(id)
    if (life !== undefined && fate === 'used') this.#models.counts(part, from, round, life)
    if (isAnswer(part)) this.#trainings.settled(from, round, fate, refused, life)
  }
}
