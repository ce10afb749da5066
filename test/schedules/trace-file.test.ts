import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { parseAvailability } from '../../src/schedules/availability-trace.js'
import { parseBandwidth, parseFamily } from '../../src/schedules/bandwidth-trace.js'
import { parseDeviceSpeeds } from '../../src/schedules/device-trace.js'
import { parseLatencies } from '../../src/schedules/latency-trace.js'
import { ownTraces, readTrace } from '../../src/schedules/trace-file.js'
import { days } from '../../src/time/micros.js'
import { resolve } from '../../src/simulation/resolve.js'
import { traceFiles } from '../../src/runs/describe.js'
import { traces } from '../../simulations/traces/make.js'

const own = (name: string): string => Buffer.from(readTrace(`windtunnel:${name}`, '/')).toString()

describe('the traces that come with Windtunnel', () => {
  it('are what their script draws, byte by byte', () => {
    const folder = 'simulations/traces'
    const found = readdirSync(folder).filter((file) => file.endsWith('.csv'))
    expect(Object.fromEntries(found.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))).toEqual(traces())
    expect(ownTraces()).toEqual(Object.keys(traces()).sort().map((file) => `windtunnel:${file}`))
  })

  it('can be read as what they are', () => {
    const phones = parseAvailability(own('availability.csv'), days(2), 'availability.csv')
    expect(phones).toHaveLength(40)
    const family = parseFamily(own('bandwidth-index.csv'), 'mobile', 'bandwidth-index.csv')
    expect(parseBandwidth(own('bandwidth.csv'), family, 'bandwidth.csv')).toHaveLength(6)
    const times = parseLatencies(own('latency.csv'), 'latency.csv')
    expect(times.every((row, i) => row.every((time, j) => time === times[j][i] && (i === j) === (time === 0)))).toBe(true)
    expect(parseDeviceSpeeds(own('phones.csv'), 'cpu_float_score', true, 'phones.csv').length).toBeGreaterThan(5)
  })
})

describe('a trace that cannot be read', () => {
  const specification = (more: object) =>
    resolve({
      world: { kind: 'storefronts' }, model: { kind: 'mlp', hidden: [2] }, strategy: { kind: 'fedavg' },
      rounds: { kind: 'synchronous', count: 1 }, ...more,
    })

  it.each([
    [{ schedule: { kind: 'trace', path: 'nope.csv' } }, 'schedule.0.path: nope.csv is not there; looked in /work'],
    [{ network: { bandwidthTrace: { path: 'nope.csv' } } }, 'network.bandwidthTrace.path: nope.csv is not there'],
    [
      { network: { bandwidthTrace: { path: 'windtunnel:bandwidth.csv', index: 'nope.csv', family: 'mobile' } } },
      'network.bandwidthTrace.index: nope.csv is not there',
    ],
    [{ network: { latencyTrace: { path: '/' } } }, 'network.latencyTrace.path: / is a folder'],
    [
      { devices: { trace: { path: 'windtunnel:phone.csv' } } },
      'devices.trace.path: no trace windtunnel:phone.csv comes with Windtunnel. There are: windtunnel:availability.csv,',
    ],
  ])('%j is an error of data that names the field', (more, message) => {
    expect(() => traceFiles(specification(more), '/work')).toThrow(message)
    expect(() => traceFiles(specification(more), '/work')).toThrow(expect.objectContaining({ exitCode: 3 }) as Error)
  })
})
