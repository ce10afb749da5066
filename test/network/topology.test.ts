import { describe, expect, it } from 'vitest'

import { type Place, type SharedLine, star } from '../../src/network/topology.js'
import type { Role } from '../../src/roster/participant.js'

const roles: Record<string, Role> = { 'regional-eu': 'regional', 'client-a': 'client', 'client-b': 'client', 'expert-1': 'expert', aggregator: 'aggregator' }
const topology = star((name) => roles[name])

const said = (from: string, to: string) => {
  const { lines, direction } = topology.path(from, to)
  return `${direction}: ${lines.map((line) => `${line.owner} ${line.direction}`).join(', ')}`
}

it('every client has a line up and a line down; servers share none; client to client pays both', () => {
  expect(said('client-a', 'aggregator')).toBe('up: client-a up')
  expect(said('expert-1', 'client-a')).toBe('down: client-a down')
  expect(said('aggregator', 'expert-1')).toBe('inside: ')
  expect(said('client-a', 'client-b')).toBe('up: client-a up, client-b down')
})

it('a line is the same line in every path, and its owner’s', () => {
  const [up] = topology.path('client-a', 'aggregator').lines
  expect(topology.path('client-a', 'expert-1').lines[0]).toBe(up)
  expect(topology.path('client-a', 'client-b').lines[0]).toBe(up)
  expect(topology.linesOf('client-a')).toEqual([up, topology.path('aggregator', 'client-a').lines[0]])
  expect(topology.linesOf('client-a')[0]).toBe(up)
  expect(topology.linesOf('expert-1')).toEqual([])
})

it('a regional aggregator has a line to the servers; with its clients it is connected by theirs', () => {
  expect(said('regional-eu', 'aggregator')).toBe('up: regional-eu up')
  expect(said('expert-1', 'regional-eu')).toBe('down: regional-eu down')
  expect(said('client-a', 'regional-eu')).toBe('up: client-a up')
  expect(said('regional-eu', 'client-a')).toBe('down: client-a down')
  expect(topology.linesOf('regional-eu').map(({ direction }) => direction)).toEqual(['up', 'down'])
})

describe('with lines that many share', () => {
  const shared = (place: Place, direction: 'up' | 'down'): SharedLine => ({ place, direction, bytesPerSecond: 1 })
  const lines = (['up', 'down'] as const).flatMap((direction) => [
    shared('servers', direction), shared({ region: 'eu' }, direction), shared({ region: 'us' }, direction), shared('backbone', direction),
  ])
  const regions: Record<string, string> = { 'regional-eu': 'eu', 'client-a': 'eu', 'client-b': 'us', 'client-c': 'eu', 'expert-1': 'eu' }
  const wider = star((name) => roles[name] ?? 'client', { lines, regionOf: (name) => regions[name], weightOf: (name) => (name === 'client-a' ? 3 : 1) })
  const way = (from: string, to: string) =>
    wider.path(from, to).lines.map(({ owner, direction, ...rest }) => {
      const place = 'place' in rest ? rest.place : undefined
      return `${owner ?? (typeof place === 'object' ? ('region' in place ? place.region : place.host) : place)} ${direction}`
    }).join(', ')

  it('nothing of a region’s own leaves it; what its regional aggregator sends to servers elsewhere does, once', () => {
    expect(way('client-a', 'regional-eu')).toBe('client-a up')
    expect(way('regional-eu', 'client-c')).toBe('client-c down')
    expect(way('regional-eu', 'aggregator')).toBe('regional-eu up, eu up, backbone up, servers down')
    expect(way('aggregator', 'regional-eu')).toBe('servers up, backbone down, eu down, regional-eu down')
    expect(way('client-b', 'regional-eu')).toBe('client-b up, us up, backbone up, eu down')
  })

  it('what leaves a region, or comes into one, shares its lines, the backbone and the servers’', () => {
    expect(way('client-b', 'aggregator')).toBe('client-b up, us up, backbone up, servers down')
    expect(way('aggregator', 'client-b')).toBe('servers up, backbone down, us down, client-b down')
    expect(way('client-a', 'client-b')).toBe('client-a up, eu up, backbone up, us down, client-b down')
    expect(way('aggregator', 'expert-1')).toBe('')
  })

  it('what stays in a region does not, and who is in none is at the backbone', () => {
    expect(way('client-a', 'client-c')).toBe('client-a up, client-c down')
    expect(way('client-a', 'expert-1')).toBe('client-a up, servers down')
    expect(way('client-d', 'aggregator')).toBe('client-d up, backbone up, servers down')
  })

  it('a line is the same in all paths; a path has its client’s weight, or its sender’s', () => {
    const servers = (client: string) => wider.path(client, 'aggregator').lines.at(-1)
    expect(servers('client-a')).toBe(servers('client-b'))
    expect(wider.path('client-a', 'aggregator')).toBe(wider.path('client-a', 'aggregator'))
    const weights = [['client-a', 'aggregator'], ['aggregator', 'client-a'], ['client-b', 'client-a']].map(([from, to]) => wider.path(from, to).weight)
    expect(weights).toEqual([3, 3, 1])
    expect(wider.linesOf('client-a').map(({ owner }) => owner)).toEqual(['client-a', 'client-a'])
    expect(wider.linesOf('aggregator')).toEqual([])
    expect(wider.linesAt({ region: 'us' })).toEqual(lines.filter(({ place }) => typeof place === 'object' && 'region' in place && place.region === 'us'))
    expect(wider.linesAt('servers')).toContain(servers('client-a'))
    expect(wider.linesAt({ host: 'us' })).toEqual([])
  })
})

it('servers on hosts of their own have lines of their own, over which they send each other in order, too', () => {
  const hosts = ['aggregator', 'expert-1'].flatMap((host) => (['up', 'down'] as const).map((direction): SharedLine => ({ place: { host }, direction, bytesPerSecond: 1 })))
  const apart = star((name) => roles[name], { lines: hosts, regionOf: () => undefined, weightOf: () => 1 })
  const way = (from: string, to: string) => apart.path(from, to).lines.map((line) => `${line.owner ?? (line.place as { host: string }).host} ${line.direction}`).join(', ')
  expect(way('client-a', 'aggregator')).toBe('client-a up, aggregator down')
  expect(way('client-a', 'expert-1')).toBe('client-a up, expert-1 down')
  expect(way('expert-1', 'client-b')).toBe('expert-1 up, client-b down')
  expect(way('aggregator', 'expert-1')).toBe('aggregator up, expert-1 down')
  expect(apart.path('aggregator', 'expert-1')).toMatchObject({ direction: 'inside', connection: { from: 'aggregator', to: 'expert-1' } })
  expect(apart.path('aggregator', 'expert-1')).toBe(apart.path('aggregator', 'expert-1'))
})
