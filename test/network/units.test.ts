import { expect, test } from 'vitest'
import { bandwidthSchema, gbps, kbps, kib, mbps, mib, parseBandwidth } from '../../src/network/units.js'

test('bandwidths are bits per second, sizes are bytes', () => {
  expect([kbps(800), mbps(5), gbps(1.5)]).toEqual([800_000, 5_000_000, 1_500_000_000])
  expect([kib(4), mib(0.5)]).toEqual([4096, 524_288])
  expect(['9 bps', '800 kbps', '5Mbps', '1.5 Gbps'].map(parseBandwidth)).toEqual([9, 800_000, 5_000_000, 1_500_000_000])
  for (const bad of ['5 MBps', '5 mbps', 'fast', '-1 Mbps']) expect(parseBandwidth(bad), bad).toBeUndefined()
  expect(bandwidthSchema.parse('5 Mbps')).toBe(5e6)
  expect(bandwidthSchema.parse(5e6)).toBe(5e6)
  for (const bad of [0, -5, '0 Mbps', '5 parsecs']) {
    expect(bandwidthSchema.safeParse(bad).success, String(bad)).toBe(false)
  }
})
