import { z } from 'zod'

import { SpecificationError } from '../errors.js'
import type { Name, Participant } from '../roster/participant.js'
import { resolve, selectorSchema } from '../roster/selectors.js'
import type { Streams } from '../random/streams.js'

export const regionsSchema = z
  .record(z.string().min(1), z.union([selectorSchema.transform((one) => [one]), z.array(selectorSchema).min(1)]))
  .optional()
  .describe('Who is where: names of regions, with a selector or a list of them each; servers may be in one, too')

export type Regions = z.output<typeof regionsSchema>

/**
 * The participants with their regions. Random selectors are drawn by region and name. Throws a `SpecificationError` for
 * selectors that find nobody, and where somebody would be in two regions.
 */
export const withRegions = (regions: Regions, participants: readonly Participant[], streams: Streams): Participant[] => {
  const found = new Map<Name, string>()
  for (const [region, selectors] of Object.entries(regions ?? {})) {
    selectors.forEach((selector, i) => {
      const where = `network.regions.${region}${selectors.length > 1 ? `[${i}]` : ''}`
      if (selector.select === 'region') throw new SpecificationError(`${where}: a region cannot be made of another. Name who is in it.`)
      for (const name of resolve(selector, participants, (who) => streams('network', 'region', region, who)(), where)) {
        const other = found.get(name)
        if (other !== undefined && other !== region) {
          throw new SpecificationError(`${where}: '${name}' is in ${other} already. Put everyone in one region at most.`)
        }
        found.set(name, region)
      }
    })
  }
  return participants.map((one) => {
    const region = found.get(one.name)
    return region === undefined ? one : { ...one, region }
  })
}
