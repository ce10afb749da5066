import { describe, expect, it } from 'vitest'

import { storefronts } from '../../scenarios/index.js'
import type { Check } from '../../src/checks/check.js'
import { exitCodes } from '../../src/errors.js'
import { Lab } from '../../src/lab/lab.js'
import type { FlightEvent } from '../../src/record/event.js'
import { simulate } from '../../src/runs/simulate.js'
import {
  away, check, corrupt, crash, deadline, duplicate, fedAdam, full, lose, mmoe, ms, named, one, partition, pause, seconds, sgd, simulation,
} from '../../src/simulation/script.js'

const script = simulation({
  world: storefronts({ scenarios: 3, impressions: 60, users: 30, items: 10 }),
  model: mmoe({ embedding: 2, experts: 2, expert: [3], tower: [2] }),
  local: { epochs: 1, batch: 20, optimizer: sgd(0.1) },
  strategy: fedAdam(),
  rounds: deadline({ count: 4, after: seconds(2), quorum: 1, patience: ms(200), late: 'give-up' }),
  network: { latency: ms(10) },
  devices: { stepOverhead: ms(8) },
  delivery: { acknowledge: true },
  checkpoint: { every: 1, cost: ms(5) },
  calm: { at: seconds(3) },
  faults: [
    lose({ from: 'client' }, { probability: 0.2 }), duplicate({}, { probability: 0.3, after: ms(4) }), corrupt({ direction: 'up' }, { bits: 2, probability: 0.2 }),
    crash('expert-1', { at: ms(90), restartAfter: ms(30), keeps: 'checkpoint' }), pause(one(), { at: ms(60), for: ms(40) }),
    partition([named('client-store-1')], { from: ms(100), until: ms(200) }), away(named('client-store-2'), { phase: 'training', rounds: [2, 3] }),
    full('aggregator', { takes: 1, service: ms(3), inbox: 1, beyond: 'wait' }),
  ],
})

const options = { engine: 'tfjs', workers: 1, seed: 3 } as const

/** What cannot be: writes as a script in JavaScript makes them. */
const rough = (value: unknown): Record<string, unknown> => value as Record<string, unknown>

/** Writes to all that there is but to vectors, and says what let it. */
const vandalise = (value: unknown, path: string, let_: string[]): void => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  const attempt = (what: string, write: () => void): void => {
    try {
      write()
      let_.push(`${path} ${what}`)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  if (value instanceof Map || value instanceof Set) {
    attempt('clear', () => value.clear())
    attempt('delete', () => value.delete([...value.keys()][0]))
    attempt('add', () => (value instanceof Map ? value.set('x', 1) : value.add('x')))
  }
  if (Array.isArray(value)) {
    attempt('push', () => value.push(1))
    attempt('length', () => (value.length = 0))
    if (value.length > 1) attempt('sort', () => value.sort(() => -1))
  }
  attempt('new', () => (rough(value).novel = 1))
  for (const [name, inner] of value instanceof Map ? value : Object.entries(value)) {
    if (!(value instanceof Map)) {
      attempt(`${name}=`, () => (rough(value)[name as string] = -1))
      attempt(`delete ${name}`, () => delete rough(value)[name as string])
    }
    vandalise(inner, `${path}.${name}`, let_)
  }
}

/** Writes to all vectors. */
const scribble = (value: unknown): void => {
  if (ArrayBuffer.isView(value)) (value as Float32Array).fill(7)
  else if (value instanceof Map || value instanceof Set) for (const inner of value.values()) scribble(inner)
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) scribble(inner)
}

const mine = (see: Check['see'], more: Partial<Check> = {}): Check => check({ name: 'mine', promise: 'Nothing.', see, ...more })

describe('a check of the researcher’s', () => {
  it('can write to no event of any kind, nor to what it sees beside them', async () => {
    const lab = await Lab.open(script, options)
    const { digest } = await lab.fly()
    const let_: string[] = []
    const kinds = new Set<string>()
    let envelopes = 0
    const flight = await lab.fly({
      checks: [mine((event, view) => {
        kinds.add(event.kind)
        vandalise(event, event.kind, let_)
        if (event.id > 60) return
        vandalise(view, 'view', let_)
        vandalise(view.ledger, 'ledger', let_)
        for (const list of [view.ledger.rows, view.ledger.flows]) vandalise(list, 'rows', let_)
        if (!('envelope' in event) || event.kind === 'settle') return
        for (const one of [view.ledger.row(event.envelope), view.ledger.flow(event.envelope)]) vandalise(one, 'row', let_)
        // What it is given of an envelope under way is its own.
        if (view.bytes(event.envelope)?.fill(255) !== undefined) envelopes++
      })],
    })
    expect(let_).toEqual([])
    expect(flight.digest).toBe(digest)
    expect(envelopes).toBeGreaterThan(5)
    expect([...kinds].toSorted()).toEqual(expect.arrayContaining([
      'admit', 'arrive', 'calm', 'checkpoint', 'copy', 'damage', 'drop', 'evaluated', 'fault', 'fold', 'hold', 'life', 'part-close', 'round-close', 'round-open', 'send',
      'settle', 'train', 'trained',
    ]))
    await lab.close()
  })

  const writes: Record<string, readonly [FlightEvent['kind'], (event: FlightEvent, view: Parameters<Check['see']>[1]) => unknown, RegExp]> = {
    'a field': ['send', (event) => (rough(event).at = 0), /'at' of object.*event 'send' of aggregator at 0\.000 s/],
    'a new field': ['arrive', (event) => (rough(event).seen = true), /add property seen/],
    'a row': ['round-close', (event) => event.kind === 'round-close' && (rough(event.row).round = 9), /'round'/],
    'a list': ['round-open', (event) => event.kind === 'round-open' && (event.selected as string[]).sort(), /'0'/],
    'a vector': ['fold', (event) => event.kind === 'fold' && event.after.values.fill(0), /numbers of 'after\.values' \(event 'fold' of aggregator/],
    'a vector of a memory': ['fold', (event) => event.kind === 'fold' && scribble(event.after.memory), /numbers of 'after\.memory\./],
    'a map': ['fold', (event) => event.kind === 'fold' && (event.before.personal as Map<string, Float32Array>).clear(), /change a map/],
    'clients': ['send', (_, { clients }) => (clients as Set<string>).delete('client-store-1'), /change a set/],
    'a count of the ledger': ['send', (_, { ledger }) => (rough(ledger.flows[0]).sent = 0), /'sent'/],
    'the clock': ['send', (_, view) => (rough(view).now = 0), /now/],
  }
  it.each(Object.entries(writes))('that writes to %s ends the flight, and is named', async (_, [kind, write, what]) => {
    const own = mine((event, view) => void (event.kind === kind && write(event, view)))
    const failure = await simulate({ ...script, checks: [own] }, options).then(() => undefined, (error: unknown) => error)
    expect(failure).toMatchObject({ exitCode: exitCodes.specification, message: expect.stringMatching(/^check 'mine' writes to what it is shown: .*only looks/) })
    expect((failure as Error).message).toMatch(what)
  })

  it('that writes at its end, or when asked whether it applies, is named', async () => {
    const clear = ({ clients }: { readonly clients: ReadonlySet<string> }): boolean => (clients as Set<string>).delete('client-store-1')
    const atEnd = mine(() => undefined, { end: (view) => void clear(view) })
    await expect(simulate({ ...script, checks: [atEnd] }, options)).rejects.toThrow(/^check 'mine' writes .*at the end of the flight/)
    await expect(simulate({ ...script, checks: [mine(() => undefined, { applies: clear })] }, options)).rejects.toThrow(/^check 'mine' writes .*asked whether it applies/)
  })

  it('that answers with a promise is refused: a violation in it would be lost', async () => {
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    const later = mine((async () => Promise.reject(new Error('nobody hears this'))) as unknown as Check['see'], { kinds: ['round-open'] })
    await expect(simulate({ ...script, checks: [later] }, options)).rejects.toThrow(/^check 'mine' answers with a promise \(event 'round-open'/)
    const atEnd = mine(() => undefined, { end: (() => Promise.resolve()) as unknown as NonNullable<Check['end']> })
    await expect(simulate({ ...script, checks: [atEnd] }, options)).rejects.toThrow(/^check 'mine' answers with a promise \(at the end/)
  })

  it('may keep, copy and print what it is shown', async () => {
    const kept: FlightEvent[] = []
    const { ledger } = await simulate({ ...script, checks: [mine((event) => void kept.push(event))] }, options)
    const fold = kept.find((event) => event.kind === 'fold')!
    expect(structuredClone(fold.after.values)).toEqual(fold.after.values)
    expect(structuredClone({ ...fold })).toMatchObject({ kind: 'fold', round: 1 })
    expect(JSON.parse(JSON.stringify(kept.find(({ kind }) => kind === 'send')))).toMatchObject({ kind: 'send', envelope: 0 })
    expect(kept.filter(({ kind }) => kind === 'settle')).toHaveLength(ledger.length)
  })
})

describe('who watches', () => {
  const write = (event: FlightEvent): void => {
    if (event.kind === 'round-close') rough(event.row).round = 9
  }
  const fill = (event: FlightEvent): void => {
    if (event.kind === 'fold') event.after.values.fill(0)
  }

  it.each([['a row', write], ['a vector', fill]])('and writes to %s of events$ ends the flight', async (_, see) => {
    const running = simulate(script, options)
    running.events$.subscribe(see)
    await expect(running).rejects.toThrow(/^A (watcher of|subscriber to) events\$.* writes to what it is shown: .*only looks/)
  })

  it.each([['a row', write], ['a vector', fill]])('and writes to %s as onEvent, or where a flight halts, ends the flight', async (_, see) => {
    const lab = await Lab.open(script, options)
    await expect(lab.fly({ onEvent: see })).rejects.toThrow(/^onEvent writes to what it is shown/)
    const flight = await lab.start()
    const halts = (event: FlightEvent): boolean => (see(event), false)
    await expect(flight.until(halts)).rejects.toThrow(/^the function that says where to halt writes to what it is shown/)
    flight.close()
    await lab.close()
  })

  it('changes nothing later by writing to vectors that it has kept', async () => {
    const kept: Float32Array[] = []
    const running = simulate(script, options)
    running.events$.subscribe((event) => {
      for (const vector of kept.splice(0)) vector.fill(3)
      if (event.kind === 'fold') kept.push(event.before.values, event.after.values)
    })
    expect((await running).digest).toBe((await simulate(script, options)).digest)
  })

  it('is refused where it asks for events that there are not', async () => {
    const vain = check({ name: 'vain', promise: 'sees what there is', kinds: ['folded' as never], see: () => undefined })
    await expect(simulate({ ...script, checks: [vain] }, options)).rejects.toThrow(/check 'vain': there is no event of the kind 'folded' \(kinds\)\. Did you mean "fold"\? Known: round-open, /)
  })
})
