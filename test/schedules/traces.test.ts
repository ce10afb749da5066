import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAvailability } from '../../src/schedules/availability-trace.js'
import { parseBandwidth, parseFamily } from '../../src/schedules/bandwidth-trace.js'
import { parseDeviceSpeeds } from '../../src/schedules/device-trace.js'
import { parseLatencies } from '../../src/schedules/latency-trace.js'
import { seconds } from '../../src/time/micros.js'

const data = new URL('../../../shared/data/', import.meta.url).pathname
const present = existsSync(data)
if (!present) console.log(`Skipped: the public traces are not at ${data}.`)
const read = (path: string) => readFileSync(data + path, 'utf8')
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b)

describe.skipIf(!present)('public traces', () => {
  test('availability: devices and intervals that its README counts', () => {
    const text = read('trace_availability_flash/ready_strict.csv')
    const devices = parseAvailability(text, seconds(172_800), 'ready_strict.csv')
    expect(devices).toHaveLength(2867)
    expect(devices.flat()).toHaveLength(23_560)
    const lengths = sorted(devices.flat().map(({ from, until }) => (until - from) / 1e6))
    expect(lengths[(lengths.length - 1) >> 1]).toBe(223)
    const cut = parseAvailability(text, seconds(100_000), 'ready_strict.csv')
    expect(Math.max(...cut.flat().map(({ until }) => until))).toBeLessThanOrEqual(seconds(100_000))
  })

  test('device speeds: 333 phones, 129 seen, 41 times between the ends', () => {
    const text = read('trace_device_speed_flash/ai_benchmark_phones.csv')
    const speeds = parseDeviceSpeeds(text, 'cpu_float_score', false, 'phones')
    expect(speeds).toHaveLength(333)
    expect(speeds[166]).toBe(1)
    expect(Math.round(speeds[332] / speeds[0])).toBe(41)
    expect(parseDeviceSpeeds(text, 'cpu_float_score', true, 'phones')).toHaveLength(129)
  })

  test('bandwidth: families of the index, every trace usable', () => {
    const index = read('trace_bandwidth/bandwidth_index.csv')
    const members = parseFamily(index, 'hsdpa3g', 'index')
    expect(members.size).toBe(80)
    const traces = parseBandwidth(read('trace_bandwidth/bandwidth_traces.csv'), members, 'traces')
    expect(traces).toHaveLength(80)
    expect(traces[0].times).toHaveLength(266)
    expect(traces[0].bitsPerSecond[0]).toBe(4.038e6)
    expect(Math.abs(traces[0].times[265] / 1e6 - 154.8)).toBeLessThan(1)
  })

  test('latency: 490 hosts, the median of the README', () => {
    const matrix = parseLatencies(read('trace_latency/planetlab_490_median_rtt_ms.csv'), 'planetlab')
    expect(matrix).toHaveLength(490)
    expect(matrix[0][1]).toBe(82)
    expect(matrix[1][0]).toBe(82)
    const off = sorted(matrix.flatMap((row, i) => row.filter((_, j) => i !== j)))
    expect(Math.round(off[off.length >> 1] / 500)).toBe(134)
  })
})
