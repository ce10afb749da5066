import { expect, it } from 'vitest'

import { masking } from '../../src/checks/all.js'
import { encodeStep } from '../../src/federation/secure-aggregation/frames.js'
import { writeNumbers } from '../../src/federation/secure-aggregation/messages.js'
import { folds, type Played, played } from './played.js'

interface Flown extends Played {
  /** A client is told keys, if it has none, and asked for what unmasks the sum of so many inputs. `keys`: those of which cohort. */
  asks(client: string, numbers: readonly number[], about?: { readonly round?: number; readonly part?: string; readonly owner?: string; readonly keys?: number }): void
  /** A client gives shares, and they are taken in, or not. */
  gives(client: string, fate?: 'control' | 'surplus'): void
}

const flight = (threshold = 2): Flown => {
  const frames = new Map<number, Uint8Array>()
  let id = 0
  const self = played(masking, { bytes: (envelope) => frames.get(envelope), rounds: { overlapping: false, maxStaleness: 0, masked: true } })
  return Object.assign(self, {
    asks: (client: string, numbers: readonly number[], { round = 1, part = 'trunk', owner = 'aggregator', keys = 1 } = {}) => {
      frames.set(id, encodeStep({ kind: 'keys', round, threshold }, new Uint8Array(68).fill(keys)))
      self.send(id, { from: owner, to: client, message: 'keys', round, part, direction: 'down' })
      self.arrive(id++)
      frames.set(id, encodeStep({ kind: 'unmask', round, threshold }, writeNumbers(numbers)))
      self.send(id, { from: owner, to: client, message: 'unmask', round, part, direction: 'down' })
      self.arrive(id++)
    },
    gives: (client: string, fate: 'control' | 'surplus' = 'control') => {
      self.send(id, { from: client, message: 'unmask' })
      self.arrive(id)
      self.tell('aggregator', { kind: 'settle', envelope: id++, fate, row: undefined } as never)
    },
  })
}

const both = folds({ updates: [['client-a', 1, 0], ['client-b', 1, 0]] })

it('holds for a sum that as many as the threshold unmask, whoever else is asked, and again', () => {
  const calm = flight()
  for (const client of ['client-a', 'client-b', 'client-a']) calm.asks(client, [1, 2])
  calm.asks('client-a', [1, 2], { round: 2 })
  calm.asks('client-a', [2, 3], { part: 'expert-1', owner: 'expert-1' })
  calm.gives('client-a')
  calm.gives('client-b')
  calm.tell('aggregator', both)
  calm.end()
})

it('catches shares of both kinds: of two sums of one round and part', () => {
  const torn = flight()
  torn.asks('client-a', [1, 2, 3])
  expect(() => torn.asks('client-b', [2, 3])).toThrow('aggregator asks for what unmasks two sums of trunk in round 1: of clients 1 2 3, and of 2 3')
})

it('another cohort of that round, of an owner that has lost its keys, has a sum of its own; whoever was in the first is not', () => {
  const back = flight()
  back.asks('client-a', [1, 2, 3])
  back.asks('client-b', [4, 5], { keys: 2 })
  expect(() => back.asks('client-a', [4, 5], { keys: 2 })).toThrow('of clients 1 2 3, and of 4 5')
  const reborn = flight()
  reborn.asks('client-a', [1, 2, 3])
  reborn.tell('client-a', { kind: 'life', what: 'crash', fault: 'crash-1', keeps: 'nothing', back: undefined })
  reborn.asks('client-a', [4, 5], { keys: 2 })
})

it('catches sums of fewer than the threshold, and shares of fewer', () => {
  expect(() => flight(3).asks('client-a', [1, 2])).toThrow('asks for what unmasks 2 inputs of trunk in round 1, and needs 3')
  const few = flight()
  for (const client of ['client-a', 'client-b']) few.asks(client, [1, 2])
  few.gives('client-a')
  few.gives('client-a')
  few.gives('client-b', 'surplus')
  expect(() => few.tell('aggregator', both)).toThrow('folds trunk in round 1 with shares of 1 clients, and needs 2')
})

it('catches folds of what nobody was asked for, and of fewer than are in the sum', () => {
  expect(() => flight().tell('aggregator', both)).toThrow('has asked nobody for what unmasks its sum')
  const other = flight()
  for (const client of ['client-a', 'client-b']) other.asks(client, [1, 2, 3])
  other.gives('client-a')
  other.gives('client-b')
  expect(() => other.tell('aggregator', both)).toThrow('folds 2 updates of trunk in round 1, and has unmasked the sum of 3')
})
