import { createHash } from 'node:crypto'

import { check, type Check, Violation } from '../../checks/check.js'
import { readNumbered } from '../../federation/delivery/trailer.js'
import { flySetup } from '../../flight/fly.js'
import { setUpAgain } from '../../flight/setup.js'
import { HEADER } from '../../network/frame.js'
import { isAnswer } from '../../models/parts.js'
import type { Name } from '../../roster/participant.js'
import { formatMicros, type Micros } from '../../time/micros.js'
import type { ComparedCheck } from './compared.js'

/** One answer to models that are known: by what its client had been sent before, and now. */
interface Answer {
  readonly client: Name
  readonly round: number
  readonly part: string
  readonly at: Micros
  readonly envelope: number
  readonly bytes: string
}

const hashOf = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\n')
  return hash.digest('hex')
}

/** What is in a frame beside its head, which holds times, and beside the number that it has where messages are acknowledged. */
const bodyOf = (bytes: Uint8Array, numbered: boolean): Uint8Array => {
  const frame = numbered ? readNumbered(bytes)?.frame : bytes
  return (frame ?? bytes).subarray(HEADER)
}

/** What clients answered in a flight, by all that decides it. */
class Answers {
  /** By client: all that decided what it has trained so far. */
  readonly #pasts = new Map<Name, string>()
  /** By client and part: the model that it holds. */
  readonly #models = new Map<Name, Map<string, string>>()
  readonly #arrived = new Map<number, string>()
  /** By peer and round: from whom what has come that is mixed then. */
  readonly #come = new Map<string, string[]>()
  /** By peer and round: who has sent anything. */
  readonly #hopped = new Set<string>()
  /** What was damaged on its way: its receiver reads something else than was sent, in the head perhaps, and so answers to nothing known. */
  readonly #damaged = new Set<number>()
  /** Answers under way, by their envelopes: the key of each, and what is known of it. */
  readonly #sent = new Map<number, { readonly key: string; readonly answer: Omit<Answer, 'bytes'> }>()
  /** By client and round: what it trains on. */
  readonly #grounds = new Map<string, string>()
  /** By client, round, part and what it was trained on. */
  readonly all = new Map<string, Answer>()

  readonly check: Check = check({
    name: 'isolation', promise: 'Listens.', kinds: ['send', 'damage', 'arrive', 'admit', 'timed', 'train', 'unsent', 'fold'],
    see: (event, view) => {
      const { actor } = event
      switch (event.kind) {
        case 'damage':
          this.#damaged.add(event.envelope)
          return
        case 'arrive': {
          const bytes = view.bytes(event.envelope)
          if (bytes === undefined) return
          const hash = hashOf(bodyOf(bytes, view.acknowledges))
          this.#arrived.set(event.envelope, this.#damaged.delete(event.envelope) ? `damaged ${event.envelope}` : hash)
          const sent = this.#sent.get(event.envelope)
          if (sent !== undefined) this.all.set(sent.key, { ...sent.answer, bytes: hash })
          this.#sent.delete(event.envelope)
          return
        }
        case 'admit':
          if (event.message === 'model') this.#holds(actor, event.part, this.#arrived.get(event.envelope) ?? '')
          else if (view.peers !== undefined) this.#came(actor, event.round, `${event.from} ${this.#arrived.get(event.envelope)}`)
          this.#arrived.delete(event.envelope)
          return
        case 'fold':
          if (view.peers !== undefined) this.#holds(actor, event.part, hashOf(String(event.round), ...(this.#come.get(`${actor} ${event.round}`) ?? []).toSorted()))
          return
        case 'timed':
          // How much less it trains follows from the time that it has, which faults of others may change.
          if (event.does === 'trains less') this.#grounds.set(`${actor} ${event.round}`, hashOf(this.#ground(actor), String(event.deadline - event.at)))
          return
        case 'train':
          if (!this.#grounds.has(`${actor} ${event.round}`)) this.#grounds.set(`${actor} ${event.round}`, this.#ground(actor))
          return
        case 'unsent':
          this.#past(actor, event.round)
          return
        case 'send': {
          if (event.message !== 'update' || event.attempt > 0) return
          // What goes from hop to hop is made of what others have sent before, but for the first.
          if (view.peers?.agree === true && !this.#isFirst(actor, event.round)) return
          const ground = this.#grounds.get(`${actor} ${event.round}`)
          const { round, part, at, envelope } = event
          if (ground !== undefined) this.#sent.set(envelope, { key: hashOf(actor, String(round), part, ground), answer: { client: actor, round, part, at, envelope } })
          // The trunk goes last.
          if (isAnswer(event.part)) this.#past(actor, event.round)
          return
        }
        default:
      }
    },
  })

  #isFirst(peer: Name, round: number): boolean {
    const key = `${peer} ${round}`
    return this.#hopped.size < this.#hopped.add(key).size
  }

  #came(peer: Name, round: number, what: string): void {
    const key = `${peer} ${round}`
    this.#come.set(key, [...(this.#come.get(key) ?? []), what])
  }

  #holds(client: Name, part: string, model: string): void {
    const models = this.#models.get(client) ?? new Map<string, string>()
    this.#models.set(client, models.set(part, model))
  }

  #ground(client: Name): string {
    const models = [...(this.#models.get(client) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return hashOf(this.#pasts.get(client) ?? '', ...models.flat())
  }

  /** What it was trained on decides what its client goes on from. */
  #past(client: Name, round: number): void {
    const ground = this.#grounds.get(`${client} ${round}`)
    if (ground !== undefined) this.#pasts.set(client, hashOf(String(round), ground))
  }
}

export const isolation: ComparedCheck = {
  name: 'isolation',
  promise: 'Who is hit by no fault answers to the same models as in the flight without faults, bit by bit.',
  listen: () => new Answers(),
  async compare({ setup, engine, plan, cwd }, heard) {
    const { resolved } = setup
    if (resolved.secureAggregation !== undefined) return 'nothing could be compared: under masks an answer is another with every other cohort'
    const [with_, without] = [heard instanceof Answers ? heard : new Answers(), new Answers()]
    const around = setUpAgain(setup, { ...resolved, checks: [], evaluate: { ...resolved.evaluate, until: undefined, every: 1_000_000, start: false, final: false }, onDivergence: 'keep' })
    if (heard === undefined) await flySetup(around, { engine, cwd, plan, checks: [with_.check] })
    await flySetup(around, { engine, cwd, plan: { ...plan, faults: [] }, checks: [without.check] })
    // Whose own doing is changed is told by whom a fault is about; what happens to messages changes no answer.
    const hit = new Set(plan.faults.filter(({ fault }) => 'who' in fault).flatMap(({ targets }) => targets))
    let [same, clients] = [0, new Set<Name>()]
    for (const [key, answer] of with_.all) {
      const other = without.all.get(key)
      if (other === undefined || hit.has(answer.client)) continue
      if (other.bytes !== answer.bytes) {
        const { client, round, part, at, envelope } = answer
        throw new Violation('isolation', `${client}, whom no fault hits, answers for ${part} otherwise in round ${round} to the models that it is sent without faults, too (there at ${formatMicros(other.at)})`, {
          time: at, round, actors: [client], envelopes: [envelope],
        })
      }
      same++
      clients.add(answer.client)
    }
    if (same === 0) return 'nothing could be compared: nobody whom no fault hits was sent the same models as without faults'
    return `${same} answers to the same models, of ${clients.size} of the clients whom no fault hits, are those without faults`
  },
}
