import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Behaviour, Message } from '../../src/actors/actor.js'
import type { Delivery } from '../../src/time/kernel.js'
import { from, tunnel, turn, type Tunnel } from './tunnel.js'

/** What an actor does with one message. Times are tiny, so that most things fall on the same instants. */
interface Deed {
  readonly do: 'send' | 'after' | 'cancel' | 'compute' | 'abandon' | 'withdraw'
  readonly to: number
  readonly delay: number
  readonly interrupted: boolean
  /** The message is not given to the handler when it arrives. */
  readonly spared: boolean
  readonly tie: number
}

interface Storm {
  readonly actors: number
  /** Message number n, whoever gets it, sets off deeds[n]. */
  readonly deeds: readonly (readonly Deed[])[]
  readonly tells: readonly { readonly at: number; readonly to: number }[]
  readonly crashes: readonly { readonly at: number; readonly who: number; readonly back: number }[]
  /** In which order results come in for real: turns of the event loop that each takes. */
  readonly slowness: readonly number[]
}

const deed: fc.Arbitrary<Deed> = fc.record({
  do: fc.constantFrom('send', 'send', 'after', 'cancel', 'compute', 'abandon', 'withdraw'),
  to: fc.nat(5),
  delay: fc.nat(2),
  interrupted: fc.boolean(),
  spared: fc.nat(7).map((n) => n === 0),
  tie: fc.nat(3),
})

const storm: fc.Arbitrary<Storm> = fc.record({
  actors: fc.integer({ min: 1, max: 5 }),
  deeds: fc.array(fc.array(deed, { minLength: 1, maxLength: 4, size: 'max' }), { maxLength: 40, size: 'max' }),
  tells: fc.array(fc.record({ at: fc.nat(3), to: fc.nat(5) }), { minLength: 1, maxLength: 8, size: 'max' }),
  crashes: fc.array(fc.record({ at: fc.nat(4), who: fc.nat(4), back: fc.nat(2) }), { maxLength: 2 }),
  slowness: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
})

interface Gust extends Message {
  readonly number: number
}

/** The whole trace of a storm. Messages are numbered as they are made, so any change of order shows at once. */
const fly = async (weather: Storm, deliveriesPerTurn: number, slowness = weather.slowness): Promise<string[]> => {
  let made = 0
  let executed = 0
  const sent: Delivery[] = []
  const gust = (kind: string): Gust => ({ kind, number: made++ })
  const sky: Tunnel = tunnel(
    {
      send: (sender, to, message) => {
        const { delay, spared, tie } = message as unknown as Deed
        const arrived = (alive: boolean): boolean => {
          sky.say(`${to} alive: ${alive}, spared: ${spared}`)
          return !spared
        }
        sent.push(sky.host.deliver(sky.kernel.now + delay, to, from(sender, message), { arrives: arrived }, tie))
      },
      spanOf: (_, start, cost, job) =>
        (job as Deed).interrupted ? { until: start + cost, interrupted: 'away' } : { until: start + cost },
      execute: (jobs) =>
        jobs.map(async ({ actor }) => {
          for (let i = slowness[executed++ % slowness.length]; i > 0; i--) await turn()
          return actor
        }),
      charged: ({ actor, incarnation, start, end, outcome }) =>
        sky.say(`${actor}.${incarnation} ${start}-${end} ${outcome}`),
    },
    { deliveriesPerTurn },
  )
  const { kernel, host, log, say } = sky
  const blow: Behaviour<readonly number[], Gust> = (numbers, { from: sender, message }, ctx) => {
    const result = 'result' in message ? `= ${String(message.result)}` : ''
    say(`${ctx.self} (${numbers.join()}) gets ${message.kind} ${message.number} from ${sender} ${result}`)
    const number = message.number ?? made++
    const begun: number[] = [...numbers]
    for (const d of weather.deeds[number] ?? []) {
      if (d.do === 'send') ctx.send(`a${d.to}`, { ...gust('gust'), delay: d.delay, spared: d.spared, tie: d.tie } as Gust)
      else if (d.do === 'after') begun.push(ctx.after(d.delay, gust('timer')))
      else if (d.do === 'compute') begun.push(ctx.compute(d, d.delay))
      else if (d.do === 'withdraw' && sent.length > 0) {
        const last = sent[Math.max(0, sent.length - 1 - d.to)]
        say(`withdrawn: ${kernel.cancel(last)}`)
      } else if (d.do === 'cancel') ctx.cancel(begun[d.to] ?? 0)
      else ctx.abandon(begun[d.to] ?? 0)
    }
    return begun
  }
  for (let i = 0; i < weather.actors; i++) host.spawn(`a${i}`, blow, [])
  for (const { at, to } of weather.tells) host.deliver(at, `a${to}`, from('env', gust('tell')))
  for (const { at, who, back } of weather.crashes) {
    const name = `a${who % weather.actors}`
    kernel.at(at, () => {
      host.kill(name)
      kernel.after(back, () => host.alive(name) || host.spawn(name, blow, []))
    })
  }
  await kernel.run()
  host.dispose()
  return [...log, `executed ${kernel.executed}`]
}

test('a turn of many deliveries is never different from one delivery a turn', async () => {
  let lines = 0
  await fc.assert(
    fc.asyncProperty(storm, async (weather) => {
      const single = await fly(weather, 1)
      expect(await fly(weather, Infinity)).toEqual(single)
      lines += single.length
    }),
    { numRuns: 500 },
  )
  expect(lines).toBeGreaterThan(5000)
})

test('the order in which results really come in is not observable', async () => {
  await fc.assert(
    fc.asyncProperty(storm, fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }), async (weather, otherwise) => {
      expect(await fly(weather, Infinity, otherwise)).toEqual(await fly(weather, Infinity))
    }),
    { numRuns: 200 },
  )
})

test('a turn takes the actors of one instant, each but once unless it follows itself, and nothing else', async () => {
  // The hook runs once a turn, which tells how deliveries were grouped.
  let turns = 0
  const { kernel, host } = tunnel({}, { afterEvent: () => turns++ })
  for (const name of ['a', 'b', 'c']) host.spawn(name, (n: number) => n + 1, 0)
  const at = (time: number, ...names: string[]): void => {
    for (const name of names) host.deliver(time, name, from('env', { kind: 'x' }))
  }
  at(1, 'a', 'b', 'c', 'a') // two turns: a comes twice
  at(2, 'a', 'nobody', 'b') // three: nobody to hand it to is a turn of its own
  at(3, 'a') // three: a plain event stands between
  kernel.at(3, () => {})
  at(3, 'b')
  at(4, 'a', 'b', 'b', 'b', 'c') // one: nobody comes between b and itself
  await kernel.run()
  expect([turns, kernel.executed]).toEqual([9, 15])
  expect(host.state('b')).toBe(6)
})

test('results that are there at one instant share a turn', async () => {
  let turns = 0
  const { kernel, host, log, say } = tunnel({}, { afterEvent: () => turns++ })
  for (const name of ['a', 'b', 'c']) {
    host.spawn(name, (n: number, { message }, ctx) => (say(message.kind), message.kind === 'x' && ctx.compute(n, 5), n), 0)
    host.deliver(0, name, from('env', { kind: 'x' }))
  }
  await kernel.run()
  expect(log).toEqual(['0 x', '0 x', '0 x', '5 computed', '5 computed', '5 computed'])
  expect(turns).toBe(2)
})

test('a handler can withdraw what would come to its own actor next in the same turn', async () => {
  const { kernel, host, log, say } = tunnel({
    charged: ({ job, outcome }) => say(`${String(job)} ${outcome}`),
  })
  const clock: Behaviour<readonly number[]> = (begun, { message }, ctx) => {
    say(message.kind)
    if (message.kind === 'start') return [ctx.after(5, { kind: 'first' }), ctx.after(5, { kind: 'second' }), ctx.compute('job', 5)]
    ctx.cancel(begun[1])
    ctx.abandon(begun[2])
    return begun
  }
  host.spawn('clock', clock, [])
  host.tell('clock', from('env', { kind: 'start' }))
  await kernel.run()
  expect(log).toEqual(['0 start', '5 first', '5 job abandoned'])
  expect([kernel.executed, kernel.pending]).toEqual([2, 0])
})

test('a message of this turn can be withdrawn by a handler that comes before its own', async () => {
  const { kernel, host, log, say } = tunnel()
  let letter: Delivery | undefined
  host.spawn('a', (n: number) => (say(`withdrawn: ${kernel.cancel(letter!)}`), n), 0)
  host.spawn('b', (n: number) => (say('b hears it'), n), 0)
  host.spawn('c', (n: number) => (say(`withdrawn: ${kernel.cancel(letter!)}`), n), 0)
  host.tell('a', from('env', { kind: 'x' }))
  letter = host.deliver(0, 'b', from('env', { kind: 'x' }), { arrives: () => say('b is reached') })
  host.tell('c', from('env', { kind: 'x' }))
  await kernel.run()
  expect(log).toEqual(['0 withdrawn: true', '0 withdrawn: false'])
  expect(kernel.executed).toBe(2)
})
