import { z } from 'zod'

import * as dial from '../dials/all.js'
import { selectorSchema } from '../roster/selectors.js'
import type { Task } from '../tasks/task.js'
import { faultEntry, type Hooks, type Labels } from './fault.js'
import { chance, idField } from './window.js'
import { many, names, percent } from './words.js'

/** Classes of a task; undefined of one whose labels are none. */
const classesOf = (task: Task): number | undefined =>
  task.kind === 'binary' ? 2 : task.kind === 'multiclass' ? task.classes : undefined

/** The label of a flipped row: the class at the other end, or the other of the two that are swapped. */
const flipped = (label: number, classes: number, swap: readonly [number, number] | undefined): number => {
  if (swap === undefined) return classes - 1 - label
  return label === swap[0] ? swap[1] : label === swap[1] ? swap[0] : label
}

/** `mislabel(fraction(0.2), { flip: 0.3 })`: training labels that say something else. */
export const mislabel = faultEntry({
  kind: 'mislabel',
  sentence: 'Training labels of a client are wrong: classes swapped, or drawn anew, or with noise.',
  source: 'Tolpegin et al., ESORICS 2020: label flipping; Natarajan et al., NeurIPS 2013: label noise',
  schema: z
    .strictObject({
      kind: z.literal('mislabel'),
      who: selectorSchema,
      task: z.string().min(1).optional().describe('The task whose labels; all that it can be about when absent'),
      flip: chance.optional().describe('Share of the labels whose class is swapped for the other one (binary), or that at the other end; or'),
      swap: z.tuple([z.int().min(0), z.int().min(0)]).optional().describe('With `flip`: these two classes for each other, the rest stay'),
      redraw: chance.optional().describe('share of the labels that are drawn anew, all classes alike; or'),
      noise: z.number().gt(0).max(1e12).optional().describe('standard deviation of what is added to every label of a regression, in its unit'),
      id: idField,
    })
    .refine(({ swap, flip }) => swap === undefined || flip !== undefined, { error: '`swap` goes with `flip`', path: ['swap'] }),
  either: ['flip', 'redraw', 'noise'],
  targets: 'clients',
  dials: { fields: { who: dial.clients(0.5), flip: dial.share() } },
  describe: ({ task, flip, swap, redraw, noise = 0 }, { targets }) => {
    const what =
      flip !== undefined ? `${percent(flip)} of the labels flipped${swap === undefined ? '' : ` between ${swap.join(' and ')}`}`
      : redraw !== undefined ? `${percent(redraw)} of the labels drawn anew`
      : `noise of sd ${noise} on the labels`
    return `${names(targets)} ${targets.length === 1 ? 'trains' : 'train'} with ${what}${task === undefined ? '' : ` of ${task}`}`
  },
  effects: { 'label changed': (_, labels) => `${many(labels, 'label')} changed` },
  compile: ({ fault: { task: only, flip, swap, redraw, noise }, targets }, { draws, strike, relabelled }): Hooks => {
    const hit = new Set(targets)
    /** The other label of a row, by its own draws; undefined: the fault is not about this task. */
    const changing = (task: Task): ((label: number, first: number, second: () => number) => number) | undefined => {
      if (noise !== undefined) {
        if (task.kind !== 'regression') return undefined
        return (label, first, second) => label + noise * Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * second())
      }
      const classes = classesOf(task)
      if (classes === undefined || (swap !== undefined && Math.max(...swap) >= classes)) return undefined
      if (flip !== undefined) return (label, first) => (first < flip ? flipped(label, classes, swap) : label)
      return (label, first, second) => (first < redraw! ? Math.floor(second() * classes) : label)
    }
    return {
      labels: ({ client, task, values }: Labels) => {
        if (!hit.has(client) || (only !== undefined && task.name !== only)) return undefined
        const change = changing(task)
        if (change === undefined) return undefined
        const whose = `${client} ${task.name}`
        return values.map((label, row) =>
          Number.isNaN(label) ? label : change(label, draws.visit(whose, row, 0), () => draws.visit(whose, row, 1)))
      },
      trains: (client, round) => {
        const labels = relabelled(client)
        if (labels > 0) strike(client, `${client} ${round}`, 'label changed', client, labels)
      },
    }
  },
})
