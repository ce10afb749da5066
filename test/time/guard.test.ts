import nodeCrypto, { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { performance as hooked } from 'node:perf_hooks'
import { hrtime } from 'node:process'
import timers from 'node:timers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { from, note, tunnel } from '../actors/tunnel.js'
import { exitCodes } from '../../src/errors.js'
import { GuardError } from '../../src/time/border.js'
import { Guard } from '../../src/time/guard.js'

/** Everything real that a handler could reach, with the word the error must begin with and the way out it must name. */
const reals: readonly (readonly [called: string, advice: string, use: () => unknown])[] = [
  ['new Date()', 'ctx.now', () => new Date()],
  ['new Date()', 'ctx.now', () => new (new Date(0).constructor as DateConstructor)()],
  ['new Date()', 'ctx.now', () => new (class Day extends Date {})()],
  ['Date()', 'ctx.now', () => Date()],
  ['Date.now()', 'ctx.now', () => Date.now()],
  ['performance.now()', 'ctx.now', () => performance.now()],
  ['performance.now()', 'ctx.now', () => hooked.now()],
  ['performance.mark()', 'ctx.now', () => performance.mark('m')],
  ['process.hrtime()', 'ctx.now', () => process.hrtime()],
  ['process.hrtime()', 'ctx.now', () => hrtime()],
  ['process.hrtime.bigint()', 'ctx.now', () => process.hrtime.bigint()],
  ['process.uptime()', 'ctx.now', () => process.uptime()],
  ['setTimeout()', 'ctx.after', () => clearTimeout(setTimeout(() => {}, 0))],
  ['setInterval()', 'ctx.after', () => clearInterval(setInterval(() => {}, 1e6))],
  ['setImmediate()', 'ctx.after', () => clearImmediate(setImmediate(() => {}))],
  ['node:timers/promises setTimeout()', 'ctx.after', () => promisify(setTimeout)(0)],
  ['node:timers setTimeout()', 'ctx.after', () => clearTimeout(timers.setTimeout(() => {}, 0))],
  ['node:timers/promises setTimeout()', 'ctx.after', () => sleep(0)],
  ['Math.random()', 'ctx.streams', () => Math.random()],
  ['crypto.randomUUID()', 'ctx.streams', () => crypto.randomUUID()],
  ['crypto.getRandomValues()', 'ctx.streams', () => crypto.getRandomValues(new Uint8Array(1))],
  ['crypto.getRandomValues()', 'ctx.streams', () => nodeCrypto.webcrypto.getRandomValues(new Uint8Array(1))],
  ['node:crypto randomUUID()', 'ctx.streams', () => randomUUID()],
  ['node:crypto randomBytes()', 'ctx.streams', () => randomBytes(1)],
  ['node:crypto randomBytes()', 'ctx.streams', () => nodeCrypto.randomBytes(1)],
  ['node:crypto randomInt()', 'ctx.streams', () => randomInt(9)],
  ['node:crypto randomFillSync()', 'ctx.streams', () => nodeCrypto.randomFillSync(new Uint8Array(1))],
]

const guards: Guard[] = []
const installed = (): Guard => {
  const guard = new Guard()
  guard.install()
  guards.push(guard)
  return guard
}
afterEach(() => {
  for (const guard of guards.splice(0)) guard.uninstall()
})

/** Own property descriptors of everything that is patched. */
const landscape = (): unknown[] => {
  const targets: readonly object[] = [
    globalThis, Date, Date.prototype, Math, process, process.hrtime, performance, crypto, nodeCrypto, timers,
  ]
  const keys = [
    'Date', 'constructor', 'now', 'random', 'hrtime', 'bigint', 'uptime', 'mark', 'measure', 'setTimeout',
    'setInterval', 'setImmediate', 'randomUUID', 'getRandomValues', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync',
  ]
  const found = targets.map((target) => keys.map((key) => Object.getOwnPropertyDescriptor(target, key)))
  return [...found.flat(), sleep, randomBytes, hrtime, Object.getOwnPropertySymbols(globalThis).length]
}

test.each(reals)('%s throws inside, saying what, who and what instead (%s)', (called, advice, use) => {
  const guard = installed()
  const error = (() => {
    try {
      return guard.inside('strategy fedavg', use)
    } catch (e) {
      return e
    }
  })()
  expect(error).toBeInstanceOf(GuardError)
  expect(error).toMatchObject({ called, by: 'strategy fedavg', exitCode: exitCodes.crash })
  const message = `${called} was called by strategy fedavg while the simulation runs; use ${advice}`
  expect((error as Error).message).toContain(message)
})

test.each(reals)('outside, %s works as ever (%s)', async (_called, _advice, use) => {
  installed()
  await use()
})

test('what reads no clock may be used inside', () => {
  const guard = installed()
  expect(guard.inside('x', () => new Date(0).toISOString())).toBe('1970-01-01T00:00:00.000Z')
  expect(guard.inside('x', () => Date.UTC(2020, 0))).toBe(1_577_836_800_000)
  expect(guard.inside('x', () => Date.parse('1970-01-01T00:00:01Z'))).toBe(1000)
})

test('a guarded Date is a Date', () => {
  installed()
  const date = new Date(5)
  expect(date).toBeInstanceOf(Date)
  expect(date.constructor).toBe(Date)
  expect(Object.prototype.toString.call(date)).toBe('[object Date]')
  expect(typeof Date()).toBe('string')
  expect(Date.length).toBe(7)
})

test('uninstalling restores every original exactly, in whatever order guards come and go', () => {
  const before = landscape()
  const [one, two] = [new Guard(), new Guard()]
  one.install()
  one.install()
  two.install()
  expect(landscape()).not.toEqual(before)
  one.uninstall()
  one.uninstall()
  expect(() => two.inside('late', () => Math.random())).toThrow('Math.random() was called by late')
  two.uninstall()
  const after = landscape()
  after.forEach((descriptor, i) => expect(descriptor).toStrictEqual(before[i]))
  expect(two.inside('nobody watches', () => Math.random())).toBeLessThan(1)
  expect(() => two.uninstall()).toThrow('without install()')
})

test('what somebody else put over a guarded function is theirs to keep', () => {
  const guard = new Guard()
  const original = Math.random
  guard.install()
  const guarded = Math.random
  Math.random = () => 4
  guard.uninstall()
  expect(Math.random()).toBe(4)
  Math.random = guarded
  expect(Math.random()).toBeLessThan(1)
  Math.random = original
})

test('inside nests, and ends with an error as well', () => {
  const guard = installed()
  guard.inside('client', () => {
    expect(() => guard.inside('strategy', () => Date.now())).toThrow('called by strategy')
    expect(() => Date.now()).toThrow('called by client')
    expect(guard.outside(() => Date.now())).toBeGreaterThan(0)
    expect(() => Date.now()).toThrow('called by client')
  })
  expect(Date.now()).toBeGreaterThan(0)
})

test('a handler that reads the clock ends its run; nact, the network and the engine may', async () => {
  const guard = installed()
  const { kernel, host } = tunnel({
    guard,
    send: (_, to, message) => {
      expect(Date.now()).toBeGreaterThan(0)
      host.deliver(kernel.now, to, from('a', message))
    },
    execute: (jobs) => jobs.map(() => Promise.resolve(performance.now())),
    spanOf: (_, start, cost) => ({ until: start + cost + Math.floor(Math.random()) }),
  })
  host.spawn('a', (n: number, { message }, ctx) => {
    if (message.kind === 'go') {
      ctx.compute('job', 5)
      ctx.send('b', note('tick'))
    }
    return n + 1
  }, 0)
  host.spawn('b', () => Date.now(), 0)
  host.tell('a', from('env', note('go')))
  const error = (await kernel.run().catch((e: unknown) => e)) as Error
  expect(error.message).toBe(
    'b failed: Date.now() was called by actor b while the simulation runs; ' +
      "use ctx.now (virtual microseconds) ('tick' at 0.000 s)",
  )
  expect(error.cause).toBeInstanceOf(GuardError)
  expect(Date.now()).toBeGreaterThan(0)
})

test('a guard that comes back guards named imports, also where they were told of the originals meanwhile', () => {
  const guard = new Guard()
  const watched = (): void => {
    guard.install()
    expect(() => guard.inside('somebody', () => randomBytes(1))).toThrow('node:crypto randomBytes()')
    guard.uninstall()
    expect(randomBytes(1)).toHaveLength(1)
  }
  watched()
  watched()
  syncBuiltinESMExports()
  watched()
  const original = nodeCrypto.randomBytes
  nodeCrypto.randomBytes = ((size: number) => original(size + 1)) as typeof original
  guard.install()
  expect(() => guard.inside('somebody', () => randomBytes(1))).toThrow('node:crypto randomBytes()')
  expect(randomBytes(1)).toHaveLength(2)
  guard.uninstall()
  nodeCrypto.randomBytes = original
  syncBuiltinESMExports()
})
