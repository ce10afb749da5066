import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import type { Check } from '../../src/checks/check.js'
import { asError } from '../../src/errors.js'
import { type Failure, failureOf, isSame } from '../../src/flight/failure.js'
import { simulate } from '../../src/runs/simulate.js'
import { defineStrategy, fedAvg, mlp, sgd, simulation, type Specification, synchronous } from '../../src/simulation/script.js'

const cwd = process.cwd()
const whatOf = (thrown: unknown): string => failureOf(thrown, cwd).what

const tiny: Specification = {
  world: storefronts({ scenarios: 2, impressions: 60, users: 20, items: 10 }),
  model: mlp({ hidden: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAvg(),
  rounds: synchronous({ count: 2 }),
}

/** Scripts may throw anything, whatever a linter thinks of that. */
const raise = (thrown: unknown): never => {
  throw thrown as Error
}

const failing = async (more: Partial<Specification>): Promise<Failure> =>
  simulate(simulation({ ...tiny, ...more }), { seed: 1, engine: 'surrogate', workers: 1 }).then(
    () => { throw new Error('it did not fail') }, (thrown: unknown) => failureOf(thrown, cwd))

const throwing = (thrown: unknown): Check => ({ name: 'mine', promise: 'None.', see: (event) => (event.kind === 'round-close' ? raise(thrown) : undefined) })

it('an error that is its own cause, by itself or by another, is told all the same', () => {
  const own = new TypeError('own')
  own.cause = own
  const [one, other] = [new Error('one'), new RangeError('other')]
  one.cause = other
  other.cause = one
  expect([whatOf(own), whatOf(one)]).toEqual([expect.stringMatching(/^TypeError/), expect.stringMatching(/^RangeError/)])
})

describe('what is thrown and is no error', () => {
  class Refusal {
    constructor(readonly why: string) {}
  }

  it.each<[unknown, string]>([
    ['x', 'thrown string "x"'],
    [{ a: 1 }, 'thrown object {"a":#}'],
    [new Refusal('no'), 'thrown Refusal {"why":"no"}'],
    [['a'], 'thrown Array ["a"]'],
    [404, 'thrown number 404'],
    [10n, 'thrown bigint 10'],
    [undefined, 'thrown undefined'],
    [null, 'thrown null'],
    [Symbol('s'), 'thrown symbol Symbol(s)'],
    [function refuse() {}, 'thrown function refuse'],
    [Object.create(null), 'thrown object {}'],
    [{ toJSON: () => raise('never') }, 'thrown object that cannot be told'],
  ])('is told by kind and words: %#', (thrown, what) => {
    expect(failureOf(thrown, cwd)).toMatchObject({ kind: 'crash', what })
    // Also where somebody has wrapped it on its way.
    expect(whatOf(new Error('passed on', { cause: asError(thrown) }))).toBe(what)
  })

  it('is told apart by them, but not by clients and numbers, which other cases have other ones of', () => {
    const same = (one: unknown, other: unknown): boolean => isSame(failureOf(one, cwd), failureOf(other, cwd))
    expect(same('late', 'early')).toBe(false)
    expect(same('late', { late: true })).toBe(false)
    expect(same({ a: 1 }, { b: 1 })).toBe(false)
    expect(same(404, 500)).toBe(false)
    expect(same('client-store-1 was late in round 3', 'client-store-2 was late in round 12')).toBe(true)
    expect(same({ round: 3, why: 'late' }, { round: 4, why: 'late' })).toBe(true)
    expect(same({ round: 3, why: 'late' }, { round: 3, why: 'early' })).toBe(false)
    expect(whatOf('x'.repeat(10_000)).length).toBeLessThan(300)
  })

  it('is told so whoever of a flight threw it: a check, a link, a strategy that an actor asks', async () => {
    expect(await failing({ checks: [throwing('no luck')] })).toMatchObject({ kind: 'crash', what: 'thrown string "no luck"' })
    const link: Specification['link'] = (envelopes$) => envelopes$.pipe(map(() => raise({ code: 17, why: 'cut' })))
    expect(await failing({ link })).toMatchObject({ kind: 'crash', what: 'thrown object {"code":#,"why":"cut"}' })
    const strategy = defineStrategy({ name: 'mine', fold: () => raise('cannot fold') })
    expect(await failing({ strategy })).toMatchObject({ kind: 'crash', what: 'thrown string "cannot fold"' })
  })

  it('leaves an error that has a cause of its own where it was thrown', () => {
    const own = new RangeError('no', { cause: { code: 5 } })
    expect(whatOf(own)).toMatch(/^RangeError at test\/flight\/failure\.test\.ts:\d+:\d+$/)
  })
})
