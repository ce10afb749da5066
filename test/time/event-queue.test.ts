import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventQueue, Scheduled } from '../../src/time/event-queue.js'

class Numbered extends Scheduled {
  constructor(readonly rank: number) {
    super()
  }
}

type Command =
  | { readonly do: 'push'; readonly time: number }
  | { readonly do: 'pop' }
  | { readonly do: 'remove'; readonly which: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('push' as const), time: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('push' as const), time: fc.maxSafeNat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pop' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
)

test('pushing, popping and withdrawing in any order is what a sorted array does', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
      const queue = new EventQueue<Numbered>()
      const sorted: Numbered[] = []
      const all: Numbered[] = []
      for (const c of commands) {
        if (c.do === 'push') {
          const event = new Numbered(all.length)
          queue.push(event, c.time, event.rank)
          all.push(event)
          sorted.push(event)
          sorted.sort((a, b) => a.time - b.time || a.rank - b.rank)
        } else if (c.do === 'pop') {
          expect(queue.pop()).toBe(sorted.shift())
        } else if (all.length > 0) {
          const event = all[c.which % all.length]
          const place = sorted.indexOf(event)
          expect(queue.remove(event)).toBe(place >= 0)
          if (place >= 0) sorted.splice(place, 1)
        }
        expect(queue.size).toBe(sorted.length)
        expect(queue.peek()).toBe(sorted[0])
      }
      while (sorted.length > 0) expect(queue.pop()).toBe(sorted.shift())
      expect(queue.pop()).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('many events come out sorted', () => {
  const queue = new EventQueue<Numbered>()
  for (let rank = 0; rank < 1000; rank++) queue.push(new Numbered(rank), (rank * 7919) % 101, rank)
  const out = Array.from({ length: 1000 }, () => queue.pop()!)
  for (let i = 1; i < out.length; i++) {
    const [a, b] = [out[i - 1], out[i]]
    expect(a.time < b.time || (a.time === b.time && a.rank < b.rank)).toBe(true)
  }
})

test('an event is in one queue at most, and another queue cannot withdraw it', () => {
  const [one, other] = [new EventQueue<Numbered>(), new EventQueue<Numbered>()]
  const [event, decoy] = [new Numbered(0), new Numbered(1)]
  one.push(event, 5, 0)
  other.push(decoy, 5, 1)
  expect(() => other.push(event, 6, 1)).toThrow('in a queue already')
  expect(other.remove(event)).toBe(false)
  expect(one.remove(event)).toBe(true)
  expect(one.remove(event)).toBe(false)
  one.push(event, 7, 2)
  expect(one.pop()?.time).toBe(7)
})
