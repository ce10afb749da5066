import type { Has } from '../checks/tried.js'
import { topologyOf, topologySchema } from '../federation/topologies/registry.js'
import type { Specification } from '../simulation/specification.js'

/** What of the protocol a federation has, by its specification: as it is written, or settled. */
export const hasOf = ({ topology, secureAggregation }: Pick<Specification, 'topology' | 'secureAggregation'>): Has => {
  const { peers, regions } = topologyOf(topology && topologySchema.parse(topology))
  return { peers, regions, masks: secureAggregation !== undefined }
}
