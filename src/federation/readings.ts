import type { ModelHead } from '../network/frame.js'
import { copyThread, newThread, type Version } from '../network/thread.js'
import type { Coding } from '../network/wire.js'
import type { Name } from '../roster/participant.js'
import { exchanged, knownVersion, type Threads } from './coded-exchange.js'
import type { PartTemplate } from './parts.js'
import { sentTo } from './strategies/fold.js'
import type { PartState } from './strategies/strategy.js'
import type { Terms } from './terms.js'

/**
 * What clients would read of a part if they were sent it now. Clients who would be sent the same frame read the same; an owner
 * remembers nothing of it.
 */
export class Readings {
  readonly #terms: Pick<Terms, 'wire'>
  /** By the values, how they are coded, and what changes would be of. */
  readonly #known = new WeakMap<Float32Array, Map<Coding, Map<Version | undefined, Float32Array>>>()

  constructor(terms: Pick<Terms, 'wire'>) {
    this.#terms = terms
  }

  of(part: PartTemplate, holding: Threads & { readonly state: PartState; readonly round: number }, client: Name): Float32Array {
    const values = sentTo(holding.state, client)
    const round = holding.round + 1
    const coding = part.length === 0 ? undefined : this.#terms.wire.coding(part, 'model', client, round)
    if (coding === undefined) return values
    const thread = holding.threads.get(client)
    const reference = coding.changes && thread !== undefined ? knownVersion(thread) : undefined
    const read = (): Float32Array => {
      const memory = coding.changes && reference === undefined ? newThread().memory : copyThread(thread ?? newThread()).memory
      const body = new Float32Array(part.down.length)
      body.set(values)
      const common = !coding.remembers && values === holding.state.values
      const head: ModelHead = { kind: 'model', round, patience: undefined, missing: 'last', deadline: undefined }
      return exchanged(part, head, body, client, { memory, reference, common }, this.#terms).values
    }
    if (coding.remembers) return read()
    let byCoding = this.#known.get(values)
    if (byCoding === undefined) this.#known.set(values, (byCoding = new Map()))
    let byReference = byCoding.get(coding)
    if (byReference === undefined) byCoding.set(coding, (byReference = new Map()))
    let known = byReference.get(reference)
    if (known === undefined) byReference.set(reference, (known = read()))
    return known
  }
}
