import type { World } from '../data/world.js'
import { type PartTemplate, partTemplates } from '../federation/parts.js'
import { topologyOf } from '../federation/topologies/registry.js'
import { buildLayout } from '../models/layout.js'
import { trainedTasks } from '../models/trained-tasks.js'
import { clientName } from '../roster/participant.js'
import type { Resolved } from '../simulation/specification.js'
import type { Surveyed } from './knowledge.js'
import { modelOf, roster, strategyOf } from './setup.js'

/** Who takes part and with what rows, without what it takes to fly: for whoever only draws a plan. */
export const survey = (resolved: Resolved, world: World): Surveyed => {
  const { tasks } = world
  const arrangement = strategyOf(resolved).arrange(world)
  const layout = buildLayout(modelOf(resolved).segments(arrangement.features, tasks))
  const clients = arrangement.members.map((member) => ({ name: clientName(member.name), member, rows: member.train.rows }))
  return { resolved, tasks, participants: roster(resolved, arrangement, layout), clients }
}

/** Who takes part, and what messages hold: for whoever only counts them. */
export const surveyParts = (resolved: Resolved, world: World): Pick<Surveyed, 'participants'> & { readonly parts: readonly PartTemplate[] } => {
  const { tasks } = world
  const [strategy, model] = [strategyOf(resolved), modelOf(resolved)]
  const arrangement = strategy.arrange(world)
  const layout = buildLayout(model.segments(arrangement.features, tasks))
  return {
    participants: roster(resolved, arrangement, layout),
    parts: partTemplates(topologyOf(resolved.topology).cuts(layout), strategy, { tasks: trainedTasks(model, tasks).length, clients: arrangement.members.length }),
  }
}
