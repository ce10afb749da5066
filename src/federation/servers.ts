import type { NactHost } from '../actors/nact-host.js'
import { aggregator, newAggregator } from './aggregator.js'
import { asynchronousAggregator, newAsynchronousAggregator } from './asynchronous/aggregator.js'
import { asynchronousExpert, newAsynchronousExpert } from './asynchronous/expert-network.js'
import { expertNetwork, newExpert } from './expert-network.js'
import { takePart } from './part-template.js'
import { AGGREGATOR } from '../roster/participant.js'
import { ownerOf, type Terms } from './terms.js'

/** Brings the aggregator and the expert networks to life, each with its part of the model that everybody starts from. */
export const spawnServers = (host: NactHost, terms: Terms, initial: Float32Array): void => {
  const { asynchronous: rules } = terms
  const [trunk, ...experts] = terms.parts
  const values = takePart(initial, trunk)
  if (rules === undefined) host.spawn(AGGREGATOR, aggregator(terms), newAggregator(values))
  else host.spawn(AGGREGATOR, asynchronousAggregator(terms, rules), newAsynchronousAggregator(values))
  for (const part of experts) {
    const name = ownerOf(terms, part)
    const own = takePart(initial, part)
    if (rules === undefined) host.spawn(name, expertNetwork(terms, part), newExpert(part, own))
    else host.spawn(name, asynchronousExpert(terms, rules, part), newAsynchronousExpert(part, own))
  }
}
