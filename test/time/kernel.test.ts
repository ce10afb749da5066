import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EndlessError } from '../../src/errors.js'
import { Kernel, KernelError } from '../../src/time/kernel.js'
import { clockEnd } from '../../src/time/micros.js'

test('time is a sequence of instants; events of one instant keep the order of their scheduling', async () => {
  const kernel = new Kernel()
  const log: string[] = []
  const say = (what: string) => (): void => void log.push(`${kernel.now} ${what}`)
  kernel.at(20, say('c'))
  kernel.at(10, () => {
    say('a')()
    kernel.after(0, say('after a and b'))
    kernel.after(5, say('later'))
  })
  kernel.at(10, say('b'))
  await kernel.run()
  expect(log).toEqual(['10 a', '10 b', '10 after a and b', '15 later', '20 c'])
  expect([kernel.now, kernel.executed, kernel.pending]).toEqual([20, 5, 0])
})

test('events happen in the order of (time, scheduling), however they were scheduled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { maxLength: 60 }), async (plan) => {
      const kernel = new Kernel()
      const log: [number, number][] = []
      let count = 0
      const schedule = (delay: number, children: number): void => {
        const number = count++
        kernel.after(delay, () => {
          log.push([kernel.now, number])
          for (let i = 0; i < children && count < 200; i++) schedule(i, children - 1)
        })
      }
      for (const [delay, children] of plan) schedule(delay, children)
      await kernel.run()
      expect(log.length).toBe(count)
      expect(log).toEqual([...log].sort(([a, m], [b, n]) => a - b || m - n))
    }),
  )
})

test('a time that is past or no integer is an error that says so', async () => {
  const kernel = new Kernel()
  kernel.at(5, () => {})
  await kernel.run()
  expect(() => kernel.at(4, () => {})).toThrow(new KernelError('an event at 4 would be in the past: it is 5 now'))
  expect(() => kernel.after(-1, () => {})).toThrow('an event at 4 would be in the past')
  for (const time of [7.5, NaN, Infinity]) {
    expect(() => kernel.at(time, () => {})).toThrow(`an event at ${time}: times are integer microseconds`)
  }
  for (const time of [clockEnd + 1, 2 ** 53, 1e300]) {
    expect(() => kernel.at(time, () => {})).toThrow(/^At 0\.000 s something was set for .*, but the clock ends after 8\.9 years/)
  }
  expect(kernel.pending).toBe(0)
  kernel.cancel(kernel.at(clockEnd, () => {}))
  await expect(kernel.run({ until: 0.5 })).rejects.toThrow('until is an instant in integer microseconds')
})

test('a cancelled event never happens and is pending no more', async () => {
  const kernel = new Kernel()
  const log: string[] = []
  const doomed = kernel.at(3, () => log.push('doomed'))
  const done = kernel.at(1, () => log.push('done'))
  kernel.at(2, () => {
    expect(kernel.cancel(doomed)).toBe(true)
    expect(kernel.cancel(doomed)).toBe(false)
    expect(kernel.cancel(done)).toBe(false)
    expect(kernel.pending).toBe(0)
  })
  await kernel.run()
  expect(log).toEqual(['done'])
  expect(kernel.now).toBe(2)
})

test('until includes its instant and becomes now; what is left happens in the next run', async () => {
  const kernel = new Kernel()
  const log: number[] = []
  for (const time of [10, 20, 30]) kernel.at(time, () => log.push(kernel.now))
  await kernel.run({ until: 20 })
  expect([log, kernel.now]).toEqual([[10, 20], 20])
  await kernel.run({ until: 25 })
  expect([log, kernel.now]).toEqual([[10, 20], 25])
  await kernel.run()
  expect([log, kernel.now]).toEqual([[10, 20, 30], 30])
})

test('stop is asked before every event, and ends the run where it stands', async () => {
  const kernel = new Kernel()
  const log: number[] = []
  for (const time of [10, 20, 30]) kernel.at(time, () => log.push(time))
  await kernel.run({ stop: () => log.length === 2, until: 100 })
  expect([log, kernel.now, kernel.pending]).toEqual([[10, 20], 20, 1])
})

test('an event that returns a promise is awaited: virtual time stands still', async () => {
  const kernel = new Kernel()
  const log: string[] = []
  kernel.at(1, async () => {
    log.push('begins')
    await new Promise((resolve) => setImmediate(resolve))
    kernel.after(1, () => log.push(`child at ${kernel.now}`))
    log.push(`ends at ${kernel.now}`)
  })
  kernel.at(1, () => log.push('next'))
  await kernel.run()
  expect(log).toEqual(['begins', 'ends at 1', 'next', 'child at 2'])
})

test('the hook looks after every event, the awaited ones too, and its error ends the run', async () => {
  const log: string[] = []
  const kernel: Kernel = new Kernel({
    afterEvent: () => {
      log.push(`checked ${kernel.now}`)
      if (kernel.now === 3) throw new RangeError('conservation')
    },
  })
  kernel.at(1, () => log.push('one'))
  kernel.at(2, async () => {
    await Promise.resolve()
    log.push('two')
  })
  kernel.at(3, () => log.push('three'))
  kernel.at(3, () => log.push('never'))
  await expect(kernel.run()).rejects.toThrow(new RangeError('conservation'))
  expect(log).toEqual(['one', 'checked 1', 'two', 'checked 2', 'three', 'checked 3'])
})

test('the first error ends the run, and the kernel says so from then on', async () => {
  for (const fail of [
    () => {
      throw new RangeError('broken')
    },
    () => Promise.reject(new RangeError('broken')),
  ]) {
    let checked = 0
    const kernel = new Kernel({ afterEvent: () => checked++ })
    kernel.at(7_000_000, fail)
    kernel.at(7_000_001, () => expect.fail('an event happened after the failure'))
    await expect(kernel.run()).rejects.toThrow(new RangeError('broken'))
    expect([kernel.failed, checked]).toEqual([true, 0])
    await expect(kernel.run()).rejects.toThrow('this kernel failed at 7.000 s; start again with a new one')
  }
})

test('a kernel runs once at a time', async () => {
  const kernel = new Kernel()
  let inner: Promise<void> | undefined
  kernel.at(1, () => {
    inner = kernel.run()
    inner.catch(() => {})
  })
  await kernel.run()
  await expect(inner).rejects.toThrow('while the kernel is running')
})

test('what has no end is ended: at one instant, or in all', async () => {
  const still = new Kernel({ mostAtOnce: 100 })
  const again = (): void => void still.after(0, again)
  still.at(5, again)
  await expect(still.run()).rejects.toBeInstanceOf(EndlessError)
  await expect(still.run()).rejects.toMatchObject({ cause: { message: 'This has no end: 100 events have happened at 0.000 s, and time does not go on. Somebody waits for what comes at once, or asks again and again.' } })
  expect(still.executed).toBe(100)

  const moving = new Kernel({ most: 100 })
  const ask = (): void => void moving.after(1000, ask)
  moving.at(0, ask)
  await expect(moving.run()).rejects.toThrow('This has no end: 100 events have happened by 0.100 s.')

  // As many at one instant as there may be, and again at the next.
  const busy = new Kernel({ mostAtOnce: 100 })
  for (let i = 0; i < 100; i++) for (const time of [3, 4]) busy.at(time, () => {})
  await busy.run()
  expect(busy.executed).toBe(200)
})

test('when nothing is left to happen it asks once whether something is after all, before the time to which it is to run', async () => {
  const log: string[] = []
  let more = 2
  const kernel: Kernel = new Kernel({
    exhausted: () => {
      log.push(`${kernel.now} exhausted`)
      if (more-- <= 0) return false
      kernel.after(5, () => void log.push(`${kernel.now} more`))
      return true
    },
  })
  kernel.at(10, () => void log.push('10 first'))
  await kernel.run({ until: 4 })
  expect(log).toEqual([])
  await kernel.run({ until: 100 })
  expect(log).toEqual(['10 first', '10 exhausted', '15 more', '15 exhausted', '20 more', '20 exhausted'])
  expect(kernel.now).toBe(100)
})
