import { drawsOf } from '../../../src/codecs/coding/draws.js'
import { advertise, maskInput, type SecureTerms, shareKeys, type Step, unmask } from '../../../src/federation/secure-aggregation/masking.js'
import { forwarded, newUnmasking, type Phase, phases, roster, sumOf, survivors, takeIn } from '../../../src/federation/secure-aggregation/unmasking.js'

/** How far each client comes: so many steps are done by it, 4 of 4 by one that stays. */
export type Lasting = readonly number[]

export interface Told {
  readonly sum: Uint32Array
  /** Clients whose input is in it. */
  readonly counted: readonly number[]
  /** Bytes that each client has sent and has been sent, by step. */
  readonly up: readonly (readonly number[])[]
  readonly down: readonly (readonly number[])[]
  /** What was sent as masked inputs, by client. */
  readonly masked: ReadonlyMap<number, Uint8Array>
}

const sent = (step: Step): Extract<Step, { bytes: Uint8Array }> => {
  if ('stuck' in step) throw new Error(`a client is stuck: ${step.stuck}`)
  return step
}

/** A whole round among clients 1 to n, who stop after some steps. */
export const secureRound = (inputs: readonly Uint32Array[], lasting: Lasting, terms: SecureTerms, seed = 1): Told => {
  const server = newUnmasking()
  const n = inputs.length
  const up = inputs.map(() => [0, 0, 0, 0])
  const down = inputs.map(() => [0, 0, 0, 0])
  const take = (phase: Phase, number: number, bytes: Uint8Array): void => {
    if (!takeIn(server, phase, number, bytes)) throw new Error(`${phase} of client ${number} is refused`)
    up[number - 1][phases.indexOf(phase)] += bytes.length
  }
  const does = (phase: Phase): number[] => Array.from({ length: n }, (_, i) => i + 1).filter((number) => lasting[number - 1] > phases.indexOf(phase))
  const drawing = (number: number) => drawsOf([seed, number])
  const states = new Map(does('advertise').map((number) => {
    const { state, bytes } = advertise(number, drawing(number))
    take('advertise', number, bytes)
    return [number, state]
  }))
  const all = roster(server, terms)
  for (const number of states.keys()) down[number - 1][0] += all.length
  for (const number of does('share')) {
    const { state, bytes } = sent(shareKeys(states.get(number)!, all, terms, drawsOf([seed + 1, number])))
    states.set(number, state)
    take('share', number, bytes)
  }
  const hidden = forwarded(server, terms)
  for (const [number, bytes] of hidden) down[number - 1][1] += bytes.length
  for (const number of does('mask')) {
    const { state, bytes } = sent(maskInput(states.get(number)!, hidden.get(number)!, inputs[number - 1], terms))
    states.set(number, state)
    take('mask', number, bytes)
  }
  const came = survivors(server, terms)
  for (const number of does('mask')) down[number - 1][2] += came.length
  for (const number of does('unmask')) {
    take('unmask', number, sent(unmask(states.get(number)!, came, terms)).bytes)
  }
  return { sum: sumOf(server, inputs[0].length, terms), counted: [...server.masked.keys()].toSorted((a, b) => a - b), up, down, masked: server.masked }
}
