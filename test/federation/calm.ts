import type { Weather } from '../../src/faults/weather.js'

/** No faults, no schedules, no latency, and lines of unlimited speed. */
export const calm = (changes: Partial<Weather> = {}): Weather => ({
  available: () => true,
  awayUntil: () => undefined,
  nextChange: () => undefined,
  span: (_client, start, cost) => ({ until: start + cost }),
  completeness: () => 1,
  stays: () => true,
  judge: () => clear,
  door: () => 'deliver',
  absence: () => undefined,
  leaves: () => undefined,
  rate: () => ({ bytesPerSecond: Infinity, until: Infinity }),
  weight: () => 1,
  latency: () => 0,
  device: () => ({ flops: 1e9, memoryBytesPerSecond: 1e9, stepOverhead: 0 }),
  lives: [],
  edges: [],
  forgotten: () => 0,
  forgetful: 0,
  mayDie: () => false,
  readers: [],
  report: () => [],
  ...changes,
})

export const clear = { delay: 0, copies: [] }
