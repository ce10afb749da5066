import { expect, test } from 'vitest'
import type { Name } from '../../src/roster/participant.js'
import type { Behaviour, Message } from '../../src/actors/actor.js'
import type { Job } from '../../src/actors/compute-queue.js'
import type { HostOptions } from '../../src/actors/nact-host.js'
import { from, note, tunnel, turn, type Note, type Tunnel } from './tunnel.js'

/** A tunnel that writes down what is executed and charged, and a client that computes what it is told. */
const lab = (options: Partial<HostOptions> = {}): Tunnel & { readonly client: Behaviour<number, Note> } => {
  const t: Tunnel = tunnel({
    execute: (jobs) => {
      t.say(`execute ${jobs.map(({ actor, start, job }) => `${actor}@${start}:${String(job)}`).join(' ')}`)
      return jobs.map(({ job }) => Promise.resolve(`result of ${String(job)}`))
    },
    charged: ({ actor, incarnation, job, start, end, outcome }) =>
      t.say(`charged ${actor}.${incarnation} ${String(job)} ${start}-${end} ${outcome}`),
    ...options,
  })
  const client: Behaviour<number, Note> = (state, { from: sender, message }, ctx) => {
    const { kind, text } = message
    const said = message as Message & { job?: string; result?: string; reason?: string }
    t.say(`${ctx.self} gets ${kind} ${text ?? `${said.job}: ${said.result ?? said.reason}`} from ${sender}`)
    if (kind === 'train') return ctx.compute(text, Number(text))
    if (kind === 'abort') ctx.abandon(state)
    return state
  }
  return { ...t, client }
}

const train = (t: Tunnel, at: number, to: Name, cost: number): unknown =>
  t.host.deliver(at, to, from('server', note('train', String(cost))))

test('a computation is a message from the future', async () => {
  const t = lab()
  t.host.spawn('a', t.client, 0)
  train(t, 5, 'a', 100)
  await t.kernel.run()
  expect(t.log).toEqual([
    '5 a gets train 100 from server',
    '105 execute a@5:100',
    '105 charged a.1 100 5-105 computed',
    '105 a gets computed 100: result of 100 from a',
  ])
})

test('when one result is missing all that waits is sent off, ordered by start and name', async () => {
  const t = lab()
  for (const name of ['b', 'c', 'a', 'B']) t.host.spawn(name, t.client, 0)
  train(t, 1, 'c', 50)
  train(t, 1, 'a', 40)
  train(t, 0, 'b', 30)
  train(t, 1, 'B', 60)
  train(t, 35, 'b', 1)
  await t.kernel.run()
  expect(t.log.filter((line) => line.includes('execute'))).toEqual([
    '30 execute b@0:30 B@1:60 a@1:40 c@1:50',
    '36 execute b@35:1',
  ])
})

test('an interrupted computation never runs', async () => {
  const t = lab({
    spanOf: (_, start, cost) => (cost > 50 ? { until: start + 50, interrupted: 'left' } : { until: start + cost }),
  })
  for (const name of ['a', 'b']) t.host.spawn(name, t.client, 0)
  train(t, 0, 'a', 100)
  train(t, 0, 'b', 40)
  await t.kernel.run()
  expect(t.log).toEqual([
    '0 a gets train 100 from server',
    '0 b gets train 40 from server',
    '40 execute b@0:40',
    '40 charged b.1 40 0-40 computed',
    '40 b gets computed 40: result of 40 from b',
    '50 charged a.1 100 0-50 interrupted',
    '50 a gets interrupted 100: left from a',
  ])
})

test('an abandoned computation that was not sent off never runs, and is charged until then', async () => {
  const t = lab()
  t.host.spawn('a', t.client, 0)
  train(t, 0, 'a', 100)
  t.host.deliver(30, 'a', from('server', note('abort')))
  t.host.deliver(40, 'a', from('server', note('abort')))
  await t.kernel.run()
  expect(t.log).toEqual([
    '0 a gets train 100 from server',
    '30 a gets abort  from server',
    '30 charged a.1 100 0-30 abandoned',
    '40 a gets abort  from server',
  ])
  expect([t.kernel.now, t.kernel.pending]).toEqual([40, 0])
})

test('a crash takes waiting jobs along, charged until then; the next incarnation hears nothing of them', async () => {
  const t = lab()
  t.host.spawn('a', t.client, 0)
  t.host.spawn('b', t.client, 0)
  train(t, 0, 'a', 100)
  train(t, 0, 'b', 10)
  t.kernel.at(60, () => t.host.kill('a'))
  t.kernel.at(70, () => t.host.spawn('a', t.client, 0))
  train(t, 80, 'a', 100)
  t.kernel.at(90, () => t.host.kill('a'))
  await t.kernel.run()
  expect(t.log).toEqual([
    '0 a gets train 100 from server',
    '0 b gets train 10 from server',
    '10 execute a@0:100 b@0:10',
    '10 charged b.1 10 0-10 computed',
    '10 b gets computed 10: result of 10 from b',
    '60 charged a.1 100 0-60 crashed',
    '80 a gets train 100 from server',
    '90 charged a.2 100 80-90 crashed',
  ])
})

/** Promises that the test settles itself. */
const deferred = (): { readonly promise: Promise<unknown>; resolve(value: unknown): void } => {
  let resolve: (value: unknown) => void = () => {}
  const promise = new Promise<unknown>((settle) => (resolve = settle))
  return { promise, resolve: (value) => resolve(value) }
}

test('only the result that is due is awaited, and results that come in another order give the same trace', async () => {
  const fly = async (order: readonly string[]): Promise<string[]> => {
    const pending = new Map<string, ReturnType<typeof deferred>>()
    const t = lab({
      execute: (jobs: readonly Job[]) =>
        jobs.map(({ actor }) => {
          pending.set(actor, deferred())
          return pending.get(actor)!.promise
        }),
    })
    for (const name of ['a', 'b', 'c']) t.host.spawn(name, t.client, 0)
    train(t, 0, 'a', 10)
    train(t, 0, 'b', 10)
    train(t, 0, 'c', 20)
    const flight = t.kernel.run()
    while (pending.size < 3) await turn()
    for (const name of order) {
      pending.get(name)!.resolve(`done by ${name}`)
      await turn()
      await turn()
      await turn()
      // b's and c's results may still be out, yet a's is delivered as soon as it is there.
      if (name === 'a') expect(t.log).toContain('10 a gets computed 10: done by a from a')
    }
    await flight
    return t.log
  }
  const trace = await fly(['a', 'b', 'c'])
  expect(trace.slice(-6)).toEqual([
    '10 charged a.1 10 0-10 computed',
    '10 a gets computed 10: done by a from a',
    '10 charged b.1 10 0-10 computed',
    '10 b gets computed 10: done by b from b',
    '20 charged c.1 20 0-20 computed',
    '20 c gets computed 20: done by c from c',
  ])
  expect(await fly(['c', 'b', 'a'])).toEqual(trace)
  expect(await fly(['b', 'a', 'c'])).toEqual(trace)
})

test('a failed computation ends the run when its time comes, naming actor and start', async () => {
  const cause = new RangeError('NaN in the loss')
  const t = lab({ execute: (jobs) => jobs.map(() => Promise.reject(cause)) })
  t.host.spawn('client-NL', t.client, 0)
  train(t, 1_000_000, 'client-NL', 500_000)
  await expect(t.kernel.run()).rejects.toMatchObject({
    message: "client-NL began a computation at 1.000 s that failed: NaN in the loss ('computed' at 1.500 s)",
    cause,
  })
})

test('a computation that nobody waits for any more may fail', async () => {
  const t = lab({
    execute: (jobs) => jobs.map(async ({ actor }) => {
      if (actor === 'doomed') throw new Error('out of memory')
      return Promise.resolve(1)
    }),
  })
  t.host.spawn('doomed', t.client, 0)
  t.host.spawn('b', t.client, 0)
  train(t, 0, 'doomed', 100)
  train(t, 0, 'b', 10)
  t.kernel.at(50, () => t.host.kill('doomed'))
  await t.kernel.run()
  expect(t.log.at(-1)).toBe('50 charged doomed.1 100 0-50 crashed')
})

test('an engine that owes promises, or throws, ends the run', async () => {
  const poor = lab({ execute: () => [] })
  poor.host.spawn('a', poor.client, 0)
  train(poor, 0, 'a', 10)
  await expect(poor.kernel.run()).rejects.toThrow('execute() returned 0 promises for 1 jobs; it owes one each')
  const broken = lab({
    execute: () => {
      throw new RangeError('pool is gone')
    },
  })
  broken.host.spawn('a', broken.client, 0)
  train(broken, 0, 'a', 10)
  await expect(broken.kernel.run()).rejects.toThrow('pool is gone')
})

test('costs and ends that are no times are errors that name the actor', async () => {
  for (const cost of [1.5, -1, NaN]) {
    const t = lab()
    t.host.spawn('a', t.client, 0)
    train(t, 0, 'a', cost)
    await expect(t.kernel.run()).rejects.toThrow(`a failed: a computation that costs ${cost}: costs are integer`)
  }
  const t = lab({ spanOf: (_, start) => ({ until: start - 1 }) })
  t.host.spawn('a', t.client, 0)
  train(t, 10, 'a', 5)
  await expect(t.kernel.run()).rejects.toThrow('a failed: an event at 9 would be in the past')
})
