import type { World } from '../data/world.js'
import { buildLayout } from '../models/layout.js'
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
