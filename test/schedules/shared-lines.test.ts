import { describe, expect, it } from 'vitest'

import { networkSchema, type NetworkInput } from '../../src/schedules/network.js'
import { sharedLinesOf } from '../../src/schedules/shared-lines.js'

const wrong = (network: NetworkInput): string[] =>
  networkSchema.safeParse(network).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message.split(':')[0]}`) ?? []

describe('lines that many share', () => {
  it('are what is said of them, each way; what is not said does not limit', () => {
    const network = networkSchema.parse({
      sharing: 'fair', regions: { eu: 'client-NL', us: 'client-US' }, servers: { up: '1 Gbps' }, regional: { us: { down: 8e6, up: 4e6 } }, backbone: '8 kbps',
    })
    expect(sharedLinesOf(network, ['aggregator', 'expert-1'])).toEqual([
      { place: 'servers', direction: 'up', bytesPerSecond: 125e6 },
      { place: { region: 'us' }, direction: 'up', bytesPerSecond: 0.5e6 },
      { place: { region: 'us' }, direction: 'down', bytesPerSecond: 1e6 },
      { place: 'backbone', direction: 'up', bytesPerSecond: 1000 },
      { place: 'backbone', direction: 'down', bytesPerSecond: 1000 },
    ])
    expect(sharedLinesOf(networkSchema.parse({}), ['aggregator'])).toEqual([])
    const apart = networkSchema.parse({ sharing: 'fair', servers: { up: 8e6, apart: true } })
    expect(sharedLinesOf(apart, ['aggregator', 'expert-1'])).toEqual([
      { place: { host: 'aggregator' }, direction: 'up', bytesPerSecond: 1e6 }, { place: { host: 'expert-1' }, direction: 'up', bytesPerSecond: 1e6 },
    ])
  })

  it('are refused under fifo, where they would carry one transfer at a time; weights, too', () => {
    const fields: NetworkInput = { regions: { eu: 'client-NL' }, servers: { up: 1e6 }, regional: { eu: { up: 1e6 } }, backbone: 1e6, overrides: [{ who: 'client-NL', weight: 2 }] }
    const told = 'goes with `sharing'
    expect(wrong(fields)).toEqual([`servers: ${told}`, `regional: ${told}`, `backbone: ${told}`, `overrides.0.weight: ${told}`])
    expect(wrong({ ...fields, sharing: 'fair' })).toEqual([])
  })

  it('of a region that there is not are refused', () => {
    expect(wrong({ sharing: 'fair', regional: { eu: { up: 1e6 } } })).toEqual(["regional.eu: there is no region 'eu'"])
  })
})
