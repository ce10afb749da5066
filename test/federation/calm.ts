import type { Weather } from '../../src/faults/weather.js'

/** No faults, no schedules, no latency, and lines of unlimited speed. */
export const calm = (changes: Partial<Weather> = {}): Weather => ({
  available: () => true,
  nextChange: () => undefined,
  work: (_client, start, cost) => ({ until: start + cost }),
  completeness: () => 1,
  judge: () => clear,
  gone: () => false,
  leaves: () => undefined,
  rate: () => ({ bytesPerSecond: Infinity, until: Infinity }),
  latency: () => 0,
  lives: [],
  notice: () => [],
  report: () => [],
  ...changes,
})

export const clear = { delay: 0, copies: [] }
