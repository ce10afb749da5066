import {
  away, battery, churn, clog, corrupt, crash, delay, duplicate, full, joins, kbps, lose, mislabel, ms, named, narrow, partial, partition,
  poison, quits, reorder, skew, slow,
} from '../../src/simulation/script.js'
import type { Specification } from '../../src/simulation/specification.js'
import { smallWorld } from './small.js'

/** Four scenarios of unequal size, for flights that must be short. */
export const unequal = smallWorld({ DE: 18, ES: 33, FR: 12, NL: 26 })

export interface Times {
  /** Rounds, first to last, in which a client leaves, uploads are lost, an expert's models are lost, a line is narrow. */
  readonly leaves: [number, number]
  readonly uploadsLost: [number, number]
  readonly modelsLost: [number, number]
  readonly narrow: [number, number]
  /** Milliseconds. */
  readonly crash: number
}

/** Every kind of fault on lives, links and devices. `pooled`: one client stands for all. */
export const everyFault = (times: Times, pooled = false): NonNullable<Specification['faults']> => {
  const client = (scenario: string) => named(pooled ? 'client-pooled' : `client-${scenario}`)
  return [
    away(client('DE'), { phase: 'training', rounds: times.leaves }),
    slow(client('ES'), { by: 4 }),
    partial(client('FR'), { epochs: 0.5 }),
    crash(client('NL'), { at: ms(times.crash), restartAfter: ms(20), keeps: 'nothing' }),
    lose({ from: 'client', to: 'aggregator' }, { probability: 0.3, rounds: times.uploadsLost }),
    lose({ from: 'expert', to: 'client' }, { probability: 0.3, rounds: times.modelsLost }),
    duplicate({ from: 'client' }, { probability: 0.4, after: ms(3) }),
    delay({ from: 'client', to: 'expert' }, { by: ms(25), probability: 0.5 }),
    lose({ from: 'client', to: 'expert' }, { burst: { p: 0.1, r: 0.5 } }),
    reorder({ from: 'aggregator', to: 'client' }, { by: ms(30), gap: 2, share: 0.5, correlation: 0.3 }),
    clog({ from: 'client', message: 'update' }, { from: ms(times.crash / 2), until: ms(times.crash * 0.8), release: 'one by one', gap: ms(2) }),
    partition([client('FR'), ['aggregator', 'expert']], { from: ms(times.crash * 0.6), until: ms(times.crash + 100) }),
    narrow(client('ES'), { to: kbps(400), rounds: times.narrow }),
    corrupt({ from: 'client' }, { bits: 2, probability: 0.4, rounds: times.modelsLost }),
    poison(client('ES'), { send: { attack: 'noise', relative: 0.5 } }),
    poison(client('FR'), { send: 'a-little-is-enough', rounds: times.modelsLost }),
    mislabel(client('FR'), { flip: 0.2 }),
  ]
}

/** Every kind of fault on clocks and capacity, and every mechanism of absence. */
export const everyAbsence = (pooled = false): NonNullable<Specification['faults']> => {
  const client = (scenario: string) => named(pooled ? 'client-pooled' : `client-${scenario}`)
  return [
    slow(client('NL'), { profile: [[0, 1], [ms(20), 2]], since: 'training', id: 'heat' }),
    away(client('FR'), { phase: 'before-upload', probability: 0.6, bias: { by: 'label' }, daily: [[0, 1]], together: 'all', id: 'prone' }),
    skew(client('FR'), { behind: ms(60), drift: 50_000, id: 'clock' }),
    full('aggregator', { service: ms(3), inbox: 2, id: 'full' }),
    full('expert', { service: ms(1), inbox: 0, beyond: 'wait', id: 'waits' }),
    battery(client('ES'), { capacity: 3, training: 60, charge: { watts: 10 }, id: 'battery' }),
    joins(client('FR'), { round: 2, id: 'joins' }),
    quits(client('DE'), { round: 4, id: 'quits' }),
    churn(client('NL'), { births: 18_000, deaths: 18_000, horizon: '10 s', id: 'churn' }),
  ]
}

/** Every vector that an owner holds is finite. */
export const allFinite = (vectors: Iterable<Float32Array>): boolean =>
  [...vectors].every((vector) => vector.every(Number.isFinite))
