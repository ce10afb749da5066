import { config, delay, map, Observable, type SchedulerLike } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { simulate, type Running } from '../../src/runs/simulate.js'
import type { CustomLink } from '../../src/network/network.js'
import { adam, mlp, ms, simulation, synchronous, fedAvg } from '../../src/simulation/script.js'
import { storefronts } from '../../scenarios/index.js'

const boom = (): never => {
  throw new Error('boom')
}

const fly = (more: object = {}): Running => {
  const specification = simulation({
    world: storefronts({ scenarios: 2, impressions: 120, users: 20, items: 10 }),
    model: mlp({ hidden: [2], embedding: 1 }),
    local: { epochs: 1, batch: 32, optimizer: adam(1e-3) },
    strategy: fedAvg(),
    rounds: synchronous({ count: 2 }),
    ...more,
  })
  return simulate(specification, { engine: 'tfjs', workers: 1 })
}

const withLink = (link: CustomLink): Promise<unknown> => fly({ link })

/** As a script in JavaScript may give it. */
const withAny = (link: unknown): Promise<unknown> => fly({ link })

const watched = (watch: (running: Running) => void): Promise<unknown> => {
  const running = fly()
  watch(running)
  return running
}

/** Emits what the usual link does, and does something else as well. */
const beside = (act: (scheduler: SchedulerLike) => void): CustomLink => (envelopes$, { scheduler, usual }) => {
  act(scheduler)
  return usual(envelopes$)
}

const throwing: Record<string, readonly [() => Promise<unknown>, RegExp]> = {
  'a watcher': [() => watched(({ events$ }) => events$.subscribe(boom)), /^boom$/],
  'an operator of a watcher': [() => watched(({ events$ }) => events$.pipe(map(boom)).subscribe()), /^boom$/],
  'a watcher of the end': [() => watched(({ events$ }) => events$.subscribe({ complete: boom })), /^boom$/],
  'a link, as it is made': [() => withLink(boom), /^The simulation's link failed: boom \(at 0\.000 s\)$/],
  'an operator of a link': [() => withLink((envelopes$) => envelopes$.pipe(map(boom))), /^The simulation's link failed: boom/],
  'an operator behind the usual link': [
    () => withLink((envelopes$, { scheduler, usual }) => usual(envelopes$).pipe(delay(ms(5), scheduler), map(boom))),
    /^The simulation's link failed: boom \(at 0\.025 s\)$/,
  ],
  'a subscriber within a link': [
    () => withLink((envelopes$, { usual }) => {
      envelopes$.subscribe(boom)
      return usual(envelopes$)
    }),
    /^boom$/,
  ],
  'the end of a link': [
    () => withLink((envelopes$, { usual }) => new Observable((to) => {
      usual(envelopes$).subscribe({ next: (envelope) => to.next(envelope), complete: boom })
    })),
    /^boom$/,
  ],
  'the teardown of a link': [
    () => withLink((envelopes$, { usual }) => new Observable((to) => {
      usual(envelopes$).subscribe(to)
      return boom
    })),
    /boom/,
  ],
  'what a link has scheduled': [() => withLink(beside((scheduler) => scheduler.schedule(boom, 10))), /boom/],
  'a link, with what is no error': [
    () => withLink(() => new Observable((to) => to.error(undefined))),
    /^The simulation's link failed: something was thrown that is no error: undefined/,
  ],
  'a check': [() => fly({ checks: [{ name: 'mine', promise: 'none', see: boom }] }), /^boom$/],
}

const wrong: Record<string, readonly [unknown, RegExp]> = {
  nothing: [() => undefined, /link returned no Observable: return envelopes\$\.pipe/],
  'what was never sent': [(envelopes$: Observable<object>) => envelopes$.pipe(map(() => ({ id: 99_999 }))), /emitted something that is no envelope/],
  null: [(envelopes$: Observable<object>) => envelopes$.pipe(map(() => null)), /emitted something that is no envelope/],
  'no bytes': [(envelopes$: Observable<object>) => envelopes$.pipe(map((e) => ({ ...e, bytes: null }))), /`bytes` are no Uint8Array/],
  'another receiver': [(envelopes$: Observable<object>) => envelopes$.pipe(map((e) => ({ ...e, to: 'nobody' }))), /to nobody: only `bytes` may change/],
}

describe('an error that escapes its stream', () => {
  const uncaught = vi.fn()
  afterEach(() => {
    expect(uncaught).not.toHaveBeenCalled()
    expect(config.onUnhandledError).toBe(null)
  })

  it.each(Object.entries(throwing))('of %s ends the flight, and reaches nobody else', async (_, [act, message]) => {
    process.on('uncaughtException', uncaught)
    try {
      await expect(act()).rejects.toThrow(message)
      await new Promise((done) => setTimeout(done))
    } finally {
      process.off('uncaughtException', uncaught)
    }
  })

  it.each(Object.entries(wrong))('a link may not give %s', async (_, [link, message]) => {
    await expect(withAny(link)).rejects.toThrow(message)
  })

  it('leaves a handler that somebody else gave rxjs where it is', async () => {
    const mine = vi.fn()
    config.onUnhandledError = mine
    try {
      await watched(({ events$ }) => events$.subscribe(boom))
      expect(mine).toHaveBeenCalled()
      expect(config.onUnhandledError).toBe(mine)
    } finally {
      config.onUnhandledError = null
    }
  })
})
