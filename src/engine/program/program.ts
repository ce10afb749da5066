import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Segment } from '../../models/layout.js'
import { scoreOf } from '../../tasks/losses.js'
import { paddedRows } from '../feeding/batches.js'
import type { Training } from '../engine.js'
import { balancedStep, readMemory } from './balance.js'
import type { Body, Inputs, Sink } from './body.js'
import { clipped } from './clip.js'
import { forward, trains, type Tensors } from './differentiate.js'
import { readBatch, scoringMode } from './readings.js'
import { coupledDecay } from './optimizer.js'
import { scalarsOf, slotsOf, update } from './update.js'

/**
 * Whether the gradient that is asked for is `rate` times the loss's: then the rate passes through the backward pass as
 * one factor of the loss's weights, and a step of plain SGD is one pass over each segment instead of two. A proximal
 * term, a correction or a decay joins later and would miss the rate; a clip must see the gradient without it.
 */
const rateInside = ({ optimizer, proximal, corrected, l2, clip }: Training): boolean =>
  optimizer.kind === 'sgd' && optimizer.momentum === 0 && !proximal && corrected !== true &&
  l2 === undefined && clip === undefined && coupledDecay(optimizer) === 0

/** Adds a share of a segment's parameters to its gradient. */
const shrink = (parameter: Tensor, gradient: Tensor, share: number): Tensor =>
  share === 0 ? gradient : tf.add(gradient, tf.mul(parameter, share))

/** The gradient of (mu / 2) |theta - anchor|^2 is mu (theta - anchor). Li et al. (2020), FedProx, equation 2. */
const proximal = (parameter: Tensor, gradient: Tensor, segment: Segment, inputs: Inputs, mu: Tensor): Tensor => {
  const anchor = inputs.read({ kind: 'anchor', segment: segment.name }, segment.shape)
  return tf.add(gradient, tf.mul(tf.sub(parameter, anchor), mu))
}

/** What a step goes by: of one segment, its gradient of the tasks' losses and what is added to it. */
interface Slope {
  readonly parameter: Tensor
  readonly gradient: Tensor
  readonly segment: Segment
  readonly mu: Tensor | undefined
}

/** The gradient with what is part of the loss: the proximal term, and L2 as far as `also` does not take it along. */
const lossSlope = ({ l2, proximalSegments }: Training, slope: Slope, inputs: Inputs, also = 0): Tensor => {
  const { parameter, gradient, segment, mu } = slope
  const held = mu && proximalSegments.includes(segment.name) ? proximal(parameter, gradient, segment, inputs, mu) : gradient
  return shrink(parameter, held, (l2?.[segment.role] ?? 0) + also)
}

/** With the correction that a strategy asks for. */
const correct = ({ corrected }: Training, { name, shape }: Segment, gradient: Tensor, inputs: Inputs): Tensor =>
  corrected === true ? tf.add(gradient, inputs.read({ kind: 'correction', segment: name }, shape)) : gradient

/**
 * What the optimizer steps along, by segment. A clip covers what is the gradient of a loss; the optimizer's own decay and a
 * correction, which others have made, come after it.
 */
const slopesOf = (training: Training, slopes: readonly Slope[], inputs: Inputs): ((segment: Segment) => Tensor) => {
  const { clip } = training
  const decay = coupledDecay(training.optimizer)
  const of = (segment: Segment): Slope => slopes.find((slope) => slope.segment === segment)!
  if (clip === undefined) return (segment) => correct(training, segment, lossSlope(training, of(segment), inputs, decay), inputs)
  const own = slopes.map((slope) => [slope.segment.name, lossSlope(training, slope, inputs)])
  const short = clipped(clip, Object.fromEntries(own) as Tensors)
  return (segment) => correct(training, segment, shrink(of(segment).parameter, short[segment.name], decay), inputs)
}

/**
 * `steps` steps of local training for one client. Inputs: parameters, slots, batches and scalars (`rate`, ... of
 * `scalarsOf`, and `mu` where there is a proximal term) of each step. Outputs: parameters of every segment that is not
 * frozen, slots of every one that trains, and each step's loss per task, without the proximal term. What a balancer
 * needs from the host and remembers goes in and out likewise.
 */
export const trainingBody =
  (training: Training, steps: number): Body =>
  (inputs) => {
    const { layout, optimizer, tasks } = training
    const slotNames = slotsOf(optimizer)
    const outputs: { sink: Sink; tensor: Tensor }[] = []
    const parameters: Tensors = {}
    const slots: Record<string, Tensors> = {}
    for (const segment of layout.segments) {
      const { name, shape } = segment
      parameters[name] = inputs.read({ kind: 'parameter', segment: name }, shape)
      if (!trains(training, segment)) continue
      const own = slotNames.map((slot) => [slot, inputs.read({ kind: 'slot', slot, segment: name }, shape)] as const)
      slots[name] = Object.fromEntries(own)
    }
    let memory = readMemory(training, inputs)
    for (let step = 0; step < steps; step++) {
      const scalars: Tensors = {}
      for (const name of Object.keys(scalarsOf(optimizer, 1))) {
        scalars[name] = inputs.read({ kind: 'scalar', name, step }, [])
      }
      const seed = rateInside(training) ? scalars['rate'] : undefined
      const balanced = balancedStep(training, parameters, inputs, step, seed, memory)
      const { losses, gradients, state, seeded } = balanced
      memory = balanced.memory
      const mu = training.proximal && training.proximalSegments.length > 0
        ? inputs.read({ kind: 'scalar', name: 'mu', step }, [])
        : undefined
      const moving = layout.segments.filter((segment) => trains(training, segment))
      const slopeOf = slopesOf(
        training, moving.map((segment) => ({ parameter: parameters[segment.name], gradient: gradients[segment.name], segment, mu })),
        inputs,
      )
      for (const segment of layout.segments) {
        const { name } = segment
        if (training.frozen?.includes(name) === true) continue
        if (!segment.trainable) {
          parameters[name] = state[name] ?? parameters[name]
          continue
        }
        const slope = slopeOf(segment)
        const updated = seeded
          ? { parameter: tf.sub(parameters[name], slope), slots: {} }
          : update(optimizer, parameters[name], slope, slots[name], scalars)
        parameters[name] = updated.parameter
        slots[name] = { ...updated.slots }
      }
      for (const [i, task] of tasks.entries()) {
        outputs.push({ sink: { kind: 'loss', step, task: task.name }, tensor: losses[i] })
      }
      if (balanced.squares) outputs.push({ sink: { kind: 'gradients', step }, tensor: balanced.squares })
    }
    for (const { name } of layout.segments) {
      if (training.frozen?.includes(name) === true) continue
      outputs.push({ sink: { kind: 'parameter', segment: name }, tensor: parameters[name] })
      for (const [slot, tensor] of Object.entries(slots[name] ?? {})) {
        outputs.push({ sink: { kind: 'slot', slot, segment: name }, tensor })
      }
    }
    for (const [name, tensor] of Object.entries(memory)) outputs.push({ sink: { kind: 'balance', name }, tensor })
    return outputs
  }

/** One client's model on one batch of `batch` rows (padded to a multiple of 16): scores per task. */
export const scoringBody =
  (training: Training, batch: number): Body =>
  (inputs) => {
    const rows = paddedRows(batch)
    const parameters: Tensors = {}
    for (const { name, shape } of training.layout.segments) {
      parameters[name] = inputs.read({ kind: 'parameter', segment: name }, shape)
    }
    const output = forward(training, parameters, readBatch(training, inputs, 0, rows), scoringMode, rows)
    const scored = training.tasks.filter(({ kind, name }) => kind !== 'alignment' && name in output.heads)
    return scored.map((task) => ({
      sink: { kind: 'score', task: task.name } as const,
      tensor: scoreOf(task, output.heads[task.name]),
    }))
  }
