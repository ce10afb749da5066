import { z } from 'zod'

import { Kernel, type PlainEvent } from '../../time/kernel.js'
import type { Line } from '../topology.js'
import { Fair } from './fair.js'

const flowsSchema = z.strictObject({
  lines: z.record(z.string(), z.number().min(0)).describe('Bytes per second, by name'),
  flows: z.array(
    z.strictObject({
      at: z.int().min(0).prefault(0).describe('Microseconds'),
      over: z.array(z.string()).min(1).describe('Names of lines'),
      bytes: z.number().min(0),
      weight: z.number().gt(0).prefault(1),
    }),
  ),
}).superRefine(({ lines, flows }, context) => {
  flows.forEach(({ over }, i) => over.forEach((name, k) => {
    if (!(name in lines)) context.addIssue({ code: 'custom', path: ['flows', i, 'over', k], message: `there is no line '${name}'` })
    if (over.indexOf(name) < k) context.addIssue({ code: 'custom', path: ['flows', i, 'over', k], message: `line '${name}' is on this way twice` })
  }))
})

/** Lines by name, with bytes per second, and flows over them: from an instant in microseconds on. */
export type Flows = z.input<typeof flowsSchema>

/**
 * The instant at which each flow's last byte has left, in microseconds and in the order of the flows, under fair sharing;
 * null: it never does. To compare with another simulator of flows: no latency, no faults, no messages. Throws what zod does
 * for flows that are none, with the path of what is wrong.
 */
export const completions = async (given: Flows): Promise<(number | null)[]> => {
  const { lines: rates, flows } = flowsSchema.parse(given)
  const kernel = new Kernel()
  const lines = new Map(Object.keys(rates).map((owner): [string, Line] => [owner, { owner, direction: 'up' }]))
  const links = new Fair({
    now: () => kernel.now,
    at: (time, action) => kernel.at(time, action),
    cancel: (event) => void kernel.cancel(event as PlainEvent),
    rate: ({ owner }) => ({ bytesPerSecond: rates[owner!], until: Infinity }),
  })
  const ends = flows.map((): number | null => null)
  flows.forEach(({ at, over, bytes, weight }, i) => {
    kernel.at(at, () => {
      const lastByte = (end: number): undefined => void (ends[i] = end)
      links.start({ lines: over.map((name) => lines.get(name)!), direction: 'up', weight }, bytes, { lastByte })
    })
  })
  await kernel.run()
  return ends
}
