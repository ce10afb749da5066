import type { StepHead, StepKind } from '../../network/frame.js'
import type { Fate } from '../../record/message.js'
import type { Name } from '../../roster/participant.js'
import { encodeStep } from './frames.js'
import { advertise, type Masking, maskInput, type SecureTerms, shareKeys, unmask } from './masking.js'
import type { SecureAggregationTerms } from './secure-aggregation.js'

/**
 * A client in the cohort of a part for one round. Plain data, and the client's own; it dies with it, for whoever comes back has other
 * keys than those that the others know.
 */
export interface Membership {
  readonly round: number
  masking: Masking
  /** What comes next: everybody's keys, shares, its own masked input, word of whose inputs came; or it is over. */
  step: 'keys' | 'shares' | 'input' | 'unmask' | 'over'
  threshold: number
  /** Shares that others have hidden for it, once they are there. */
  forwarded: Uint8Array | undefined
  /** What it has learnt, once it has trained: [length of the part + 1]. */
  input: Uint32Array | undefined
  /** Its masked input as it was sent. */
  masked: Uint8Array | undefined
}

/** A client in its present life, and the part and round that are meant. */
interface About {
  readonly part: string
  readonly round: number
  readonly client: Name
  readonly life: number
}

/** A client has a part for a round: its keys, as a message. */
export const join = (secure: SecureAggregationTerms, { part, round, client, life }: About): { readonly membership: Membership; readonly bytes: Uint8Array } => {
  const { state, bytes } = advertise(secure.numberOf(client), secure.draws('keys', part, round, client, life))
  const membership: Membership = {
    round, masking: state, step: 'keys', threshold: 0, forwarded: undefined, input: undefined, masked: undefined,
  }
  return { membership, bytes: encodeStep({ kind: 'keys', round, threshold: 0 }, bytes) }
}

const termsOf = ({ threshold }: Membership, { fixedPoint: { ring } }: SecureAggregationTerms): SecureTerms => ({ threshold, ring })

/** What becomes of a step's message, and what it is answered with; `stuck`: it can go no further. */
export interface Heard {
  readonly fate: Fate
  readonly reply?: Uint8Array
  readonly stuck?: true
}

const order = ['keys', 'shares', 'input', 'unmask', 'over'] as const
const stuck: Heard = { fate: 'control', stuck: true }

/** The owner's message of a step. */
export const hear = (own: Membership, kind: StepKind, { round, threshold }: StepHead, body: Uint8Array, secure: SecureAggregationTerms, about: About): Heard => {
  if (own.step !== kind) return { fate: order.indexOf(own.step) > order.indexOf(kind) ? 'duplicate' : 'rejected' }
  switch (kind) {
    case 'keys': {
      own.threshold = threshold
      const step = shareKeys(own.masking, body, termsOf(own, secure), secure.draws('shares', about.part, round, about.client, about.life))
      if ('stuck' in step) return giveUp(own)
      own.masking = step.state
      own.step = 'shares'
      return { fate: 'control', reply: encodeStep({ kind: 'shares', round, threshold: 0 }, step.bytes) }
    }
    case 'shares':
      own.forwarded = body
      own.step = 'input'
      return { fate: 'control' }
    case 'unmask': {
      const step = unmask(own.masking, body, termsOf(own, secure))
      // Whatever was asked, it answers once: shares of both kinds are never given of anybody.
      own.step = 'over'
      return 'stuck' in step ? stuck : { fate: 'control', reply: encodeStep({ kind, round, threshold: 0 }, step.bytes) }
    }
    default:
      return kind satisfies never
  }
}

const giveUp = (own: Membership): Heard => {
  own.step = 'over'
  return stuck
}

/** Its masked input, once it has trained and has the shares of the others; `stuck`: there can be none. */
export const maskedInput = (own: Membership, secure: SecureAggregationTerms): Uint8Array | 'stuck' | undefined => {
  if (own.step !== 'input' || own.forwarded === undefined || own.input === undefined) return undefined
  const step = maskInput(own.masking, own.forwarded, own.input, termsOf(own, secure))
  if ('stuck' in step) {
    giveUp(own)
    return 'stuck'
  }
  own.masking = step.state
  own.step = 'unmask'
  own.masked = step.bytes
  own.forwarded = own.input = undefined
  return step.bytes
}
