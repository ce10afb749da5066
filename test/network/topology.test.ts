import { expect, it } from 'vitest'

import { star } from '../../src/network/topology.js'
import type { Role } from '../../src/roster/participant.js'

const roles: Record<string, Role> = { 'client-a': 'client', 'client-b': 'client', 'expert-1': 'expert', aggregator: 'aggregator' }
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
