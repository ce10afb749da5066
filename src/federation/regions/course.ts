import type { Name } from '../../roster/participant.js'
import type { AggregatorState } from '../aggregator-state.js'
import { type Course, courseOfServers } from '../course.js'
import { putPart, takePart } from '../parts.js'
import { Readings } from '../readings.js'
import type { Terms } from '../terms.js'
import { type Region, regionTerms } from './region-terms.js'

/** A federation with regional aggregators: a client would read what its regional aggregator reads, once that has sent it on. */
export const courseOfRegions = (terms: Terms, regions: readonly Region[]): Course => {
  const course = courseOfServers(terms, regions.map(({ name }) => name))
  if (!terms.wire.codes) return course
  const readings = new Readings(terms)
  const regionOf = new Map<Name, Terms>()
  for (const { region } of regionTerms(terms, regions, terms.rounds).regions) for (const { name } of region.clients) regionOf.set(name, region)
  return {
    ...course,
    assemble: (client, flat, look) => {
      const { aggregator: regional, parts: [whole] } = regionOf.get(client)!
      course.assemble(regional, flat, look)
      const { threads, round } = look.state<AggregatorState>(regional).holding
      const state = { part: whole.name, values: takePart(flat, whole), personal: new Map(), memory: {} }
      putPart(readings.of(whole, { state, threads, round }, client), whole, flat)
    },
  }
}
