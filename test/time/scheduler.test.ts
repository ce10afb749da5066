import fc from 'fast-check'
import {
  bufferTime, debounceTime, delay, interval, map, merge, NEVER, of, retry, Subject, take, takeUntil, timeout, timer,
  timestamp, VirtualTimeScheduler, throttleTime, auditTime, catchError, type SchedulerAction, type SchedulerLike,
  type Subscription,
} from 'rxjs'
import { expect, test } from 'vitest'
import { Kernel } from '../../src/time/kernel.js'
import { KernelScheduler } from '../../src/time/scheduler.js'

const fly = async (script: (scheduler: SchedulerLike, say: (what: unknown) => void) => void): Promise<string[]> => {
  const kernel = new Kernel()
  const log: string[] = []
  script(new KernelScheduler(kernel), (what) => log.push(`${kernel.now} ${JSON.stringify(what)}`))
  await kernel.run()
  return log
}

test('timer and delay', async () => {
  const log = await fly((s, say) => {
    timer(100, s).subscribe(say)
    of('a', 'b').pipe(delay(30, s)).subscribe(say)
  })
  expect(log).toEqual(['30 "a"', '30 "b"', '100 0'])
})

test('interval with take ends by itself', async () => {
  expect(await fly((s, say) => interval(10, s).pipe(take(3)).subscribe(say))).toEqual(['10 0', '20 1', '30 2'])
})

test('debounceTime waits for silence', async () => {
  const log = await fly((s, say) => {
    const typed = new Subject<string>()
    typed.pipe(debounceTime(10, s)).subscribe(say)
    for (const [at, key] of [[1, 'a'], [5, 'b'], [14, 'c'], [40, 'd']] as const) {
      timer(at, s).subscribe(() => typed.next(key))
    }
  })
  expect(log).toEqual(['24 "c"', '50 "d"'])
})

test('bufferTime', async () => {
  const log = await fly((s, say) => interval(10, s).pipe(take(5), bufferTime(25, s)).subscribe(say))
  // At 50 the buffer closes before the last value comes: its action was scheduled first, at 25.
  expect(log).toEqual(['25 [0,1]', '50 [2,3]', '50 [4]'])
})

test('takeUntil with a timer', async () => {
  const log = await fly((s, say) => interval(10, s).pipe(takeUntil(timer(35, s))).subscribe(say))
  expect(log).toEqual(['10 0', '20 1', '30 2'])
})

test('an endless delay never comes and holds nothing up', async () => {
  const log = await fly((s, say) => {
    const silent = merge(timer(Infinity, s), NEVER)
    silent.pipe(timeout({ each: 9, scheduler: s }), catchError((e: Error) => of(e.name))).subscribe(say)
  })
  expect(log).toEqual(['9 "TimeoutError"'])
})

test('retry with a notifier waits in virtual time', async () => {
  const log = await fly((s, say) => {
    let tries = 0
    timer(5, s)
      .pipe(map(() => {
        if (++tries < 3) throw new Error('again')
        return tries
      }), retry({ delay: () => timer(20, s) }))
      .subscribe(say)
  })
  expect(log).toEqual(['55 3'])
})

/** Operators that hold state over time, all at once. */
const medley = (s: SchedulerLike, say: (tag: string) => (what: unknown) => void): void => {
  interval(100, s).pipe(take(20), bufferTime(450, null, 3, s)).subscribe(say('buffer'))
  interval(70, s).pipe(take(8), delay(33, s)).subscribe(say('delay'))
  interval(30, s).pipe(take(20), throttleTime(100, s, { leading: true, trailing: true })).subscribe(say('throttle'))
  interval(30, s).pipe(take(20), auditTime(100, s)).subscribe(say('audit'))
  interval(30, s).pipe(take(20), debounceTime(30, s)).subscribe(say('debounce'))
  interval(50, s).pipe(takeUntil(timer(275, s)), timestamp(s), map((t) => t.timestamp)).subscribe(say('stamp'))
}

test('a medley of operators says what it says on the VirtualTimeScheduler of rxjs', async () => {
  const run = (s: SchedulerLike): string[] => {
    const log: string[] = []
    medley(s, (tag) => (what) => log.push(`${s.now()} ${tag} ${JSON.stringify(what)}`))
    return log
  }
  const virtual = new VirtualTimeScheduler()
  const expected = run(virtual)
  virtual.flush()
  const kernel = new Kernel()
  const log = run(new KernelScheduler(kernel))
  await kernel.run()
  expect(log.length).toBeGreaterThan(50)
  expect(log).toEqual(expected)
})

/** What an action does each time it runs: schedules itself again, ends itself or another, or starts a new one. */
interface Step {
  readonly again: number | undefined
  readonly end: number | undefined
  readonly fresh: number | undefined
}

const delays = fc.array(fc.nat(5), { maxLength: 5 })

const step: fc.Arbitrary<Step> = fc.record({
  again: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
  end: fc.option(fc.nat(9), { nil: undefined, freq: 4 }),
  fresh: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
})

/** Plays the steps, one per run of any action. On VirtualTimeScheduler a rescheduled action is a child object. */
const play = (s: SchedulerLike, starts: readonly number[], steps: readonly Step[]): string[] => {
  const log: string[] = []
  const actions: Subscription[] = []
  let played = 0
  const begin = (delayed: number): void => {
    const number = actions.length
    actions.push(
      s.schedule(function act(this: SchedulerAction<string>, state?: string) {
        log.push(`${s.now()} action ${number} ${state}`)
        const next = steps[played++]
        if (next === undefined) return
        if (next.again !== undefined) this.schedule(`step ${played} after ${next.again}`, next.again)
        if (next.fresh !== undefined) begin(next.fresh)
        if (next.end !== undefined) actions[next.end % actions.length].unsubscribe()
      }, delayed, 'first'),
    )
  }
  for (const delayed of starts) begin(delayed)
  return log
}

test('rescheduling and unsubscribing do what they do on the VirtualTimeScheduler of rxjs', async () => {
  await fc.assert(
    fc.asyncProperty(delays, fc.array(step, { maxLength: 25 }), async (starts, steps) => {
      const virtual = new VirtualTimeScheduler()
      const expected = play(virtual, starts, steps)
      virtual.flush()
      const kernel = new Kernel()
      const log = play(new KernelScheduler(kernel), starts, steps)
      await kernel.run()
      expect(log).toEqual(expected)
    }),
    { numRuns: 400 },
  )
})

test('an error in an action ends the run', async () => {
  const kernel = new Kernel()
  const scheduler = new KernelScheduler(kernel)
  const action = scheduler.schedule(() => {
    throw new RangeError('link broken')
  }, 5)
  scheduler.schedule(() => expect.fail('an action ran after the failure'), 6)
  await expect(kernel.run()).rejects.toThrow(new RangeError('link broken'))
  expect([kernel.now, action.closed]).toEqual([5, true])
})

test('an action that is scheduled again while it is pending has one future, the last', async () => {
  const log = await fly((s, say) => {
    const action = s.schedule<string>(say, 10, 'first') as SchedulerAction<string>
    action.schedule('second', 30)
    s.schedule(() => action.schedule('third', 5), 20)
    s.schedule(() => action.schedule('after it ran', 5), 40)
  })
  expect(log).toEqual(['25 "third"', '45 "after it ran"'])
})

test('delays that are no microseconds are errors, even where rxjs would swallow them', async () => {
  for (const delayed of [NaN, 1.5]) {
    const kernel = new Kernel()
    const scheduler = new KernelScheduler(kernel)
    const message = `an rxjs operator was given a delay of ${delayed}: times are integer microseconds`
    expect(() => scheduler.schedule(() => {}, delayed)).toThrow(message)
    timer(delayed, scheduler).subscribe({ error: () => {} })
    await expect(kernel.run()).rejects.toThrow(message)
  }
})

test('a negative delay counts as none', async () => {
  expect(await fly((s, say) => s.schedule(() => say('now'), -3))).toEqual(['0 "now"'])
})

test('what was unsubscribed is off the heap', () => {
  const kernel = new Kernel()
  const scheduler = new KernelScheduler(kernel)
  const subscription = interval(10, scheduler).subscribe()
  expect(kernel.pending).toBe(1)
  subscription.unsubscribe()
  expect(kernel.pending).toBe(0)
})
