import { describe, expect, test } from 'vitest'
import { streams } from '../../src/random/streams.js'
import { bandwidthAt, parseBandwidth, parseFamily } from '../../src/schedules/bandwidth-trace.js'
import { parseLatencies } from '../../src/schedules/latency-trace.js'
import { lognormal, networkSchema, resolveNetwork, uniform, type NetworkInput } from '../../src/schedules/network.js'
import { federation, envelope, three, weatherOf } from '../faults/weather.js'

const many = federation(...Array.from({ length: 60 }, (_, i) => `c${i}`))
const links = (network: NetworkInput, read: (path: string) => string = () => '', participants = three) =>
  resolveNetwork(networkSchema.parse(network), participants, streams('7'), read)

const csv = 'trace,t_s,mbps\n0,0.00,8\n0,0.50,16\n0,2.00,0\n3,5,80\n'

describe('constant links', () => {
  test('bits per second in, bytes per second out; later overrides win', () => {
    const found = links({
      up: '8 Mbps',
      down: 80e6,
      latency: '40 ms',
      overrides: [
        { who: 'client-NL', up: '1 Mbps' },
        { who: { select: 'all' }, latency: 7 },
        { who: 'client-NL', latency: 9 },
      ],
    })
    expect(found.size).toBe(3)
    expect(found.get('client-NL')?.rate('up', 0)).toEqual({ bytesPerSecond: 125_000, until: Infinity })
    expect(found.get('client-US')?.rate('up', 0)).toEqual({ bytesPerSecond: 1_000_000, until: Infinity })
    expect(found.get('client-US')?.rate('down', 0).bytesPerSecond).toBe(10_000_000)
    expect(['client-NL', 'client-US'].map((name) => found.get(name)?.latency)).toEqual([9, 7])
    expect(() => links({ overrides: [{ who: 'expert-1', up: 1 }] })).toThrow("'expert-1' is a server")
  })

  test('latency of a message: the client’s, in both directions; among servers `inside`', () => {
    const weather = weatherOf([], { network: networkSchema.parse({ latency: '40 ms', inside: 3 }) })
    expect(weather.latency(envelope())).toBe(40_000)
    expect(weather.latency(envelope({ from: 'expert-1', to: 'client-US', kind: 'model' }))).toBe(40_000)
    expect(weather.latency(envelope({ from: 'aggregator', to: 'expert-1', kind: 'open' }))).toBe(3)
  })
})

describe('jitter', () => {
  const latencies = (network: NetworkInput) => {
    const weather = weatherOf([], { network: networkSchema.parse(network) })
    const all = Array.from({ length: 4001 }, (_, i) => weather.latency(envelope({ id: i, round: i })))
    expect(weather.latency(envelope({ id: 77_777, round: 5, sent: 99 }))).toBe(all[5])
    return all.sort((a, b) => a - b)
  }
  test('uniform stays in its bounds', () => {
    const sorted = latencies({ latency: 1000, jitter: uniform(500) })
    expect(sorted[0]).toBeGreaterThanOrEqual(1000)
    expect(sorted[4000]).toBeLessThan(1500)
    expect(Math.abs(sorted[2000] - 1250)).toBeLessThan(25)
  })
  test('lognormal keeps the median and has the quantiles of its sigma', () => {
    const sorted = latencies({ latency: 100_000, jitter: lognormal(0.5) })
    expect(Math.abs(sorted[2000] / 100_000 - 1)).toBeLessThan(0.05)
    // One standard deviation up is the 84.13th percentile.
    expect(Math.abs(Math.log(sorted[Math.round(4000 * 0.8413)] / 100_000) - 0.5)).toBeLessThan(0.05)
  })
})

describe('bandwidth traces', () => {
  test('each sample holds until the next, the last as long as the one before it, then again', () => {
    const [trace, single] = parseBandwidth(csv, undefined, 'b.csv')
    expect([...trace.times]).toEqual([0, 500_000, 2_000_000])
    expect(trace.length).toBe(3_500_000)
    expect(single).toEqual({ times: Float64Array.of(0), bitsPerSecond: Float64Array.of(80e6), length: 1_000_000 })
    const at = (time: number, phase = 0) => {
      const { bitsPerSecond, until } = bandwidthAt(trace, phase, time)
      return [bitsPerSecond / 1e6, until]
    }
    expect([0, 499_999, 500_000, 2_000_000, 3_499_999, 3_500_000].map((time) => at(time))).toEqual([
      [8, 500_000],
      [8, 500_000],
      [16, 2_000_000],
      [0, 3_500_000],
      [0, 3_500_000],
      [8, 4_000_000],
    ])
    expect(at(0, 1_000_000)).toEqual([16, 1_000_000])
    expect(at(2_500_000, 1_000_000)).toEqual([8, 3_000_000])
  })

  test('families come from the index, and clients draw their trace by name', () => {
    const index = 'trace,family,source_file\n0,fcc,a\n3,oboe,b\n'
    expect(parseFamily(index, 'oboe', 'i.csv')).toEqual(new Set([3]))
    expect(() => parseFamily(index, 'wifi', 'i.csv')).toThrow("no trace is of family 'wifi'. There are: fcc, oboe.")
    const read = (path: string) => (path === 'i.csv' ? index : csv)
    const found = links(
      {
        bandwidthTrace: { path: 'b.csv', index: 'i.csv', family: 'oboe', uplink: 0.25 },
        overrides: [{ who: 'client-NL', down: '8 Mbps' }],
      },
      read,
    )
    expect(found.get('client-US')?.rate('down', 0).bytesPerSecond).toBe(10e6)
    expect(found.get('client-US')?.rate('up', 0).bytesPerSecond).toBe(2.5e6)
    expect(found.get('client-NL')?.rate('down', 0).bytesPerSecond).toBe(1e6)
    expect(found.get('client-NL')?.rate('up', 0).bytesPerSecond).toBe(2.5e6)
    const rates = (participants: typeof many) =>
      links({ bandwidthTrace: { path: 'b.csv' } }, read, participants).get('client-c3')?.rate('down', 123)
    expect(rates(many)).toEqual(rates(many.slice(0, 10)))
    expect(networkSchema.safeParse({ bandwidthTrace: { path: 'b.csv', family: 'fcc' } }).success).toBe(false)
    const still = 'trace,t_s,mbps\n0,1,5\n0,1,6'
    expect(() => parseBandwidth(still, undefined, 'b.csv')).toThrow('b.csv:3: t_s must increase')
    expect(() => parseBandwidth('trace,t_s,mbps\n0,1,0', undefined, 'b.csv')).toThrow('some above 0')
  })
})

describe('latency traces', () => {
  const matrix = '0,10,20\n10,0,40\n20,40,0\n'
  test('half the round trip to the server; the server’s own node is no client', () => {
    expect(parseLatencies(matrix, 'm.csv')).toEqual([
      [0, 5000, 10_000],
      [5000, 0, 20_000],
      [10_000, 20_000, 0],
    ])
    const found = links({ latencyTrace: { path: 'm.csv', server: 1 } }, () => matrix, many)
    expect(new Set([...found.values()].map(({ latency }) => latency))).toEqual(new Set([5000, 20_000]))
    const drawn = links({ latencyTrace: { path: 'm.csv' } }, () => matrix, many)
    expect(new Set([...drawn.values()].map(({ latency }) => latency)).size).toBe(2)
  })
  test('refuses what is no matrix', () => {
    expect(() => parseLatencies('0,1\n1', 'm.csv')).toThrow('m.csv:2: 1 columns in a matrix of 2 rows.')
    expect(() => parseLatencies('0,x\n1,0', 'm.csv')).toThrow("m.csv:1: column 2 must be milliseconds")
    expect(() => links({ latencyTrace: { path: 'm.csv', server: 3 } }, () => matrix)).toThrow('has nodes 0 to 2')
  })
})
