import type { Context } from '../../actors/actor.js'
import type { Envelope } from '../../network/envelope.js'
import type { StepKind } from '../../network/frame.js'
import type { Content } from '../../network/network.js'
import { fateOf } from '../../record/happenings.js'
import type { Fate } from '../../record/message.js'
import type { Name } from '../../roster/participant.js'
import type { CloseNotice } from '../messages.js'
import { cancelTimer, type Cohort, type CohortHolding as Holding, type CohortOwnership as Ownership, waitFor } from './cohort.js'
import { decodeStep, encodeStep } from './frames.js'
import type { SecureTerms } from './masking.js'
import type { SecureAggregationTerms } from './secure-aggregation.js'
import { BelowThreshold, forwarded, type Phase, phases, roster, type StepTimer, sumOf, survivors, takeIn } from './unmasking.js'

/*
 * The steps of the protocol at an owner: what comes is taken in, and a step ends with all that it waits for, or without those whom it has
 * waited for long enough.
 */

/** What has come of a message or a timer. */
export type Outcome =
  /** Nothing that anybody else need know. */
  | { readonly kind: 'waits' }
  /** A step went on without these: no masked input will come of them. */
  | { readonly kind: 'left out'; readonly clients: readonly Name[] }
  /** Too few came through a step: the round cannot be closed. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** The round that was to be closed is to end so. */
  | { readonly kind: 'ended'; readonly notice: CloseNotice }

const waits: Outcome = { kind: 'waits' }

/** What is missing where too few came through a step. */
const wordOf: Readonly<Record<Phase, string>> = { advertise: 'keys', share: 'shares', mask: 'masked inputs', unmask: 'unmasking' }

const kindOf: Readonly<Record<Exclude<Phase, 'mask'>, StepKind>> = { advertise: 'keys', share: 'shares', unmask: 'unmask' }
const phaseOf: Readonly<Record<StepKind, Exclude<Phase, 'mask'>>> = { keys: 'advertise', shares: 'share', unmask: 'unmask' }

const termsOf = ({ threshold }: Cohort, { fixedPoint: { ring } }: SecureAggregationTerms): SecureTerms => ({ threshold, ring })

/** Numbers of those who have come through a step. */
const cameThrough = ({ unmasking: { keys, hidden, masked, shares } }: Cohort, phase: Phase): ReadonlyMap<number, unknown> =>
  ({ advertise: keys, share: hidden, mask: masked, unmask: shares })[phase]

/** Is nobody waited for any more? For unmasking as many as the threshold are enough. */
const isComplete = (cohort: Cohort): boolean => {
  const { step, asked, threshold, unmasking: { keys, hidden, shares } } = cohort
  switch (step) {
    case 'advertise':
      return keys.size === asked.length
    case 'share':
      return hidden.size === keys.size
    case 'unmask':
      return shares.size >= threshold
    case 'mask':
    case 'over':
      return false
    default:
      return step satisfies never
  }
}

/** What becomes of a step's message that is not expected now. */
const unexpected = (cohort: Cohort | undefined, phase: Phase, round: number, number: number, open: number): Fate => {
  if (cohort === undefined || cohort.round !== round) return round >= 1 && round <= open ? (phase === 'unmask' ? 'surplus' : 'late') : 'rejected'
  if (cameThrough(cohort, phase).has(number)) return 'duplicate'
  if (cohort.step !== 'over' && phases.indexOf(cohort.step) < phases.indexOf(phase)) return 'rejected'
  return phase === 'unmask' ? 'surplus' : 'late'
}

/** A client's message of a step: taken in, if it is expected; with the last that is waited for, the step ends. */
export const hearStep = (holding: Holding, envelope: Envelope, from: Name, ownership: Ownership, context: Context): Outcome => {
  const { id, bytes } = envelope
  const kind = envelope.kind as StepKind
  const { secure } = ownership.terms
  const read = decodeStep(bytes, kind)
  if (!read.ok || secure === undefined) {
    context.record(fateOf(id, 'rejected', read.ok ? 'kind' : read.why))
    return waits
  }
  const { cohort } = holding
  const phase = phaseOf[kind]
  const number = secure.numberOf(from)
  const { round } = read.head
  const expected = cohort?.round === round && cohort.step === phase && !cameThrough(cohort, phase).has(number)
  if (cohort === undefined || !expected) {
    context.record(fateOf(id, unexpected(cohort, phase, round, number, holding.round)))
    return waits
  }
  const isAsked = phase !== 'advertise' || cohort.asked.includes(from)
  if (!isAsked || !takeIn(cohort.unmasking, phase, number, read.body)) {
    context.record(fateOf(id, 'rejected', 'layout'))
    return waits
  }
  context.record(fateOf(id, 'control'))
  return isComplete(cohort) ? endStep(holding, ownership, context) : waits
}

/** Takes in a masked input, the bytes of its numbers. `false`: it is not one of those that are expected. */
export const takeMasked = ({ cohort }: Holding, round: number, from: Name, packed: Uint8Array, secure: SecureAggregationTerms): boolean =>
  cohort?.round === round && cohort.step === 'mask' && takeIn(cohort.unmasking, 'mask', secure.numberOf(from), packed)

/** A step has waited long enough. */
export const stepRanOut = (holding: Holding, { round, step }: StepTimer, ownership: Ownership, context: Context): Outcome => {
  const { cohort } = holding
  if (cohort?.round !== round || cohort.step !== step) return waits
  cohort.timer = undefined
  return endStep(holding, ownership, context)
}

const send = (cohort: Cohort, phase: Exclude<Phase, 'mask'>, bodies: (to: number) => Uint8Array | undefined, { part, terms }: Ownership, context: Context): void => {
  const kind = kindOf[phase]
  const { round, threshold, asked } = cohort
  // Those who are sent the same are sent the same bytes.
  const frames = new Map<Uint8Array, Uint8Array>()
  for (const client of asked) {
    const body = bodies(terms.secure!.numberOf(client))
    if (body === undefined) continue
    let bytes = frames.get(body)
    if (bytes === undefined) frames.set(body, (bytes = encodeStep({ kind, round, threshold }, body)))
    const content: Content = { kind, round, part: part.name, bytes }
    context.send(client, content)
  }
}

/** Those who have come through the step before, and not through this one. */
const leftOut = (cohort: Cohort, phase: 'advertise' | 'share', secure: SecureAggregationTerms): readonly Name[] => {
  const [before, there] = [phase === 'share' ? cohort.unmasking.keys : undefined, cameThrough(cohort, phase)]
  return cohort.asked.filter((client) => {
    const number = secure.numberOf(client)
    return !there.has(number) && (before === undefined || before.has(number))
  })
}

const aborted = (reason: string): CloseNotice => ({ outcome: 'aborted', reason, after: 'aborted' })

/** Ends the step that is waited for, with those who are there. */
const endStep = (holding: Holding, ownership: Ownership, context: Context): Outcome => {
  const cohort = holding.cohort!
  const secure = ownership.terms.secure!
  const terms = termsOf(cohort, secure)
  const { unmasking, step } = cohort
  cancelTimer(cohort, context)
  try {
    switch (step) {
      case 'advertise': {
        const keys = roster(unmasking, terms)
        waitFor(cohort, 'share', secure, context)
        send(cohort, 'advertise', (to) => (unmasking.keys.has(to) ? keys : undefined), ownership, context)
        return without(leftOut(cohort, 'advertise', secure))
      }
      case 'share': {
        const hidden = forwarded(unmasking, terms)
        cohort.step = 'mask'
        send(cohort, 'share', (to) => hidden.get(to), ownership, context)
        return without(leftOut(cohort, 'share', secure))
      }
      case 'unmask':
        return unmasked(cohort, ownership.part.length, terms)
      case 'mask':
      case 'over':
        return waits
      default:
        return step satisfies never
    }
  } catch (error) {
    if (!(error instanceof BelowThreshold)) throw error
    cohort.step = 'over'
    return endedBelow(cohort, error)
  }
}

const without = (clients: readonly Name[]): Outcome => (clients.length === 0 ? waits : { kind: 'left out', clients })

const endedBelow = ({ closing }: Cohort, { phase, there, threshold }: BelowThreshold): Outcome => {
  const reason = `${there} of ${threshold} for ${wordOf[phase]}`
  return closing === undefined ? { kind: 'broken', reason } : { kind: 'ended', notice: { ...closing, ...aborted(reason) } }
}

const unmasked = (cohort: Cohort, length: number, terms: SecureTerms): Outcome => {
  const closing = cohort.closing!
  cohort.step = 'over'
  try {
    cohort.sum = sumOf(cohort.unmasking, length + 1, terms)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { kind: 'ended', notice: { ...closing, ...aborted('shares do not make up a key') } }
  }
  const counts = cohort.sum[length] !== 0
  return { kind: 'ended', notice: counts ? closing : { ...closing, ...aborted('no input counts') } }
}

/** The round is to close with the masked inputs that are there: whoever has sent one is asked for what unmasks their sum. */
export const beginUnmasking = (holding: Holding, round: number, closing: CloseNotice, ownership: Ownership, context: Context): Outcome => {
  const { cohort } = holding
  if (cohort?.round !== round) return { kind: 'ended', notice: { ...closing, ...aborted('its owner has lost the keys') } }
  cohort.closing = closing
  cancelTimer(cohort, context)
  const { unmasking } = cohort
  const secure = ownership.terms.secure!
  try {
    const numbers = survivors(unmasking, termsOf(cohort, secure))
    waitFor(cohort, 'unmask', secure, context)
    send(cohort, 'unmask', (to) => (unmasking.masked.has(to) ? numbers : undefined), ownership, context)
    return waits
  } catch (error) {
    if (!(error instanceof BelowThreshold)) throw error
    cohort.step = 'over'
    return endedBelow(cohort, error)
  }
}
