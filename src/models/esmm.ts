import { SpecificationError } from '../errors.js'
import type { Task } from '../tasks/task.js'
import { defineModel } from './define.js'
import { modelEntry } from './entry.js'
import { inputs } from './input.js'
import { detached } from '../tensors/ops.js'
import { looseInputOptions, name, regularisationOptions, towerOption } from './options.js'
import { productLogit } from './product-logit.js'
import { towers } from './towers.js'

interface Roles {
  readonly click: Task
  readonly both: Task
  /** A task that the conversion head alone predicts; it is scored and never trained. */
  readonly conversion?: Task
}

/** Which task plays which part: those named, or the first, the second and, if there is one, the third. */
const rolesOf = (
  tasks: readonly Task[],
  given: { readonly click?: string; readonly both?: string; readonly conversion?: string },
): Roles => {
  const known = tasks.map((task) => task.name).join(', ')
  const named = (role: string, wanted: string | undefined, place: number): Task | undefined => {
    const task = wanted === undefined ? tasks[place] : tasks.find((one) => one.name === wanted)
    if (wanted !== undefined && task === undefined) {
      throw new SpecificationError(`model.${role} of 'esmm' is '${wanted}': the world's tasks are ${known}.`)
    }
    return task
  }
  const [click, both] = [named('click', given.click, 0), named('both', given.both, 1)]
  const conversion = named('conversion', given.conversion, 2)
  const all = [click, both, conversion].filter((task) => task !== undefined)
  if (click === undefined || both === undefined || new Set(all).size !== all.length || all.length !== tasks.length ||
    all.some(({ kind }) => kind !== 'binary')) {
    throw new SpecificationError(
      "The model 'esmm' needs two binary tasks, clicks and clicks with conversion (and may score conversion among " +
        `clicks as a third); the world's tasks are ${tasks.map((task) => `${task.name} (${task.kind})`).join(', ')}.`,
    )
  }
  return { click, both, ...(conversion && { conversion }) }
}

/**
 * Entire-space multi-task model: conversion is learnt on all impressions, because what is fitted is the product of the
 * click and the conversion probability. Ma, Zhao, Huang, Wang, Hu, Zhu and Gai, *Entire Space Multi-Task Model*, SIGIR
 * 2018, equations 1 and 3. The two networks share the embeddings and nothing else.
 *
 *     x                                                            [batch, in]
 *     a = tower_click(x), b = tower_conversion(x)                  [batch, 1] each
 *     pCTR = sigmoid(a), pCVR = sigmoid(b)
 *     pCTCVR = pCTR pCVR    (eq. 1), as its logit from a and b     [batch, 1]
 *
 * The loss is that of the clicks and of the product (eq. 3); there is none of pCVR. A third task, conversion among
 * clicks, gets pCVR as its head, through which no gradient passes: its loss and metrics are reported, and nothing is
 * trained by it. Logits of the product are those of the probabilities' product in exact arithmetic, without clamping.
 */
export const esmm = modelEntry({
  kind: 'esmm',
  sentence: 'Click and conversion networks over shared embeddings, trained on the product of their probabilities.',
  source: 'Ma, Zhao, Huang, Wang, Hu, Zhu and Gai, SIGIR 2018, equations 1 and 3',
  options: {
    ...looseInputOptions,
    tower: towerOption,
    click: name('Task that is a click; the first unless given'),
    both: name('Task that is a click and a conversion, on all impressions; the second unless given'),
    conversion: name('Task that is a conversion among clicks, scored but not trained; the third if there is one'),
    ...regularisationOptions,
  },
  build: (options) => ({
    ...defineModel('esmm', ({ features, tasks }) => {
      const { dropout, batchNorm } = options
      const { click, both, conversion } = rolesOf(tasks, options)
      const input = inputs(features, options)
      const own = { from: input.width, hidden: options.tower, shared: true, dropout, batchNorm }
      const tower = towers('tower', [click, both], own)
      return {
        layers: [input, tower],
        forward(run) {
          const { [click.name]: a, [both.name]: b } = tower.apply({ all: input.apply(undefined, run) }, run)
          const heads = { [click.name]: a, [both.name]: productLogit(a, b) }
          return conversion === undefined ? heads : { ...heads, [conversion.name]: detached(b) }
        },
      }
    }),
    scoredOnly(tasks) {
      const { conversion } = rolesOf(tasks, options)
      return conversion === undefined ? [] : [conversion.name]
    },
  }),
})
