import { describe, expect, it } from 'vitest'

import { mixing } from '../../src/checks/all.js'
import type { View } from '../../src/checks/check.js'
import type { Told } from '../../src/record/flight-recorder.js'
import { played } from './played.js'

const peers = (agree: boolean, faithful = true): NonNullable<View['peers']> => ({
  partners: (peer) => (peer === 'client-a' ? ['client-b'] : ['client-a']), agree, faithful,
})

interface Fold {
  readonly weights?: readonly number[]
  readonly clients?: readonly string[]
  readonly before?: readonly number[]
  readonly after?: readonly number[]
  readonly round?: number
}

const held = (values: readonly number[]) => ({ values: Float32Array.from(values), personal: new Map(), memory: {} })

const fold = ({ weights = [0.5, 0.5], clients = ['client-a', 'client-b'], before = [0, 2], after = [1, 1], round = 1 }: Fold): Told => ({
  kind: 'fold', round, part: 'trunk', updates: clients.map((client) => ({ client, round, staleness: 0 })),
  weights: Float64Array.from(weights), before: held(before), after: held(after),
})

const flown = (folds: readonly (readonly [string, Fold])[], view: NonNullable<View['peers']> = peers(false), between?: Told): (() => void) => () => {
  const flight = played(mixing, { peers: view })
  for (const [actor, of] of folds) {
    flight.tell(actor, fold(of))
    if (between !== undefined) flight.tell(actor, { ...between })
  }
}

describe('mixing', () => {
  it('holds where both take the mean of both', () => {
    expect(flown([['client-a', { before: [0, 4] }], ['client-b', { before: [2, -2] }]])).not.toThrow()
  })

  it.each<[string, Fold, RegExp]>([
    ['its own model left out', { clients: ['client-b'], weights: [1] }, /client-a leaves its own model out/],
    ['a stranger', { clients: ['client-a', 'client-c'] }, /client-a mixes the model of client-c, who is none of its neighbours/],
    ['a weight below 0', { weights: [1.5, -0.5] }, /client-a mixes with the weight -0.5/],
    ['a weight that is no number', { weights: [1, Number.NaN] }, /client-a mixes with the weight NaN/],
    ['weights that sum to more', { weights: [0.5, 0.6] }, /the weights of client-a sum to 1.1, not to 1/],
    ['fewer weights than models', { weights: [1] }, /the weights of client-a sum to 1, not to 1/],
  ])('is broken by %s', (_, of, says) => {
    expect(flown([['client-a', of]])).toThrow(says)
  })

  it('is broken by weights that nobody gives back', () => {
    const folds = [['client-a', { weights: [0.5, 0.5] }], ['client-b', { weights: [0.25, 0.75] }]] as const
    expect(flown(folds)).toThrow(/all peers together give the model of client-a the weight 0.75, not 1/)
  })

  it('is broken by a mean that moves, unless something was lost, somebody died, or what is sent is not what was trained', () => {
    const folds = [['client-a', { before: [0, 4] }], ['client-b', { before: [2, -2.001] }]] as const
    expect(flown(folds)).toThrow(/nothing was lost, and the mean over all peers moves: number 1 by 0.00/)
    expect(flown(folds, peers(false, false))).not.toThrow()
    expect(flown([folds[0], ['client-b', { clients: ['client-b'], weights: [1] }]])).not.toThrow()
    const flight = played(mixing, { peers: peers(false) })
    flight.tell('client-b', { kind: 'train', round: 1, until: 5, whole: 5, examples: 1 })
    flight.tell('client-b', { kind: 'life', what: 'crash', fault: 'f', keeps: 'nothing', back: undefined })
    for (const [actor, of] of folds) flight.tell(actor, fold(of))
  })

  it('in a ring, is broken by two models, and by one that is not the mean', () => {
    const ring = peers(true)
    expect(flown([['client-a', { before: [0, 4] }], ['client-b', { before: [2, -2] }]], ring)).not.toThrow()
    expect(flown([['client-a', {}], ['client-b', { after: [1, 1.0000001] }]], ring)).toThrow(/client-b ends with 1.0000001192092896 as number 1, and client-a with 1/)
    expect(flown([['client-a', { before: [0, 4] }], ['client-b', { before: [2, 2] }]], ring)).toThrow(/all have one model, and it is not the mean of theirs: number 1 by 2/)
    // One alone has the mean, the others gave up.
    expect(flown([['client-a', { before: [7, 7] }]], ring)).not.toThrow()
  })
})
