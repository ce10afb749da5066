import type { Knowledge } from '../faults/knowledge.js'
import { streams } from '../random/streams.js'
import type { Name } from '../roster/participant.js'
import type { ReadText } from '../schedules/csv.js'
import { devicesSchema, resolveDevices } from '../schedules/devices.js'
import type { Enrolled } from './enrol.js'
import type { Setup } from './setup.js'

/** What of a federation is looked at. */
export type Surveyed = Pick<Setup, 'resolved' | 'participants' | 'tasks'> & {
  readonly clients: readonly Pick<Enrolled, 'name' | 'member' | 'rows'>[]
}

/** What faults may know about clients when they are drawn: their rows, their labels, their devices. */
export const knowledgeOf = ({ resolved, participants, clients, tasks }: Surveyed, read: ReadText): Knowledge => {
  const known = new Map(clients.map((client) => [client.name, client]))
  let devices: ReturnType<typeof resolveDevices> | undefined
  const label = (client: Name, task: string | undefined): number => {
    const { rows, labels } = known.get(client)!.member.train
    const place = task === undefined ? 0 : tasks.findIndex(({ name }) => name === task)
    let sum = 0
    let labelled = 0
    for (let row = 0; row < rows; row++) {
      const value = labels[row * tasks.length + place]
      if (!Number.isFinite(value)) continue
      sum += value
      labelled++
    }
    return labelled === 0 ? 0 : sum / labelled
  }
  return {
    tasks: tasks.map(({ name }) => name),
    rows: (client) => known.get(client)!.rows,
    label,
    speed: (client) => {
      const specified = resolved.devices ?? devicesSchema.parse(undefined)
      devices ??= resolveDevices(specified, participants, streams(resolved.seeds.faults), read)
      return devices.get(client)!.flops
    },
  }
}
