import type { Weather } from '../faults/weather.js'
import { star, type Topology } from '../network/topology.js'
import { sharedLinesOf } from '../schedules/shared-lines.js'
import type { Setup } from './setup.js'

/** Who is connected with whom in a flight. */
export const topologyOf = ({ roles, participants, resolved: { network } }: Setup, weather: Pick<Weather, 'weight'>): Topology => {
  const regions = new Map(participants.map(({ name, region }) => [name, region]))
  return star((name) => roles.get(name)!, {
    lines: sharedLinesOf(network, participants.flatMap(({ name, role }) => (role === 'client' ? [] : [name]))),
    regionOf: (name) => regions.get(name),
    weightOf: (client) => weather.weight(client),
  })
}
