import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Segment } from '../../models/layout.js'
import { scoreOf } from '../../tasks/losses.js'
import { paddedRows } from '../feeding/batches.js'
import type { Training } from '../engine.js'
import { balancedStep, readMemory } from './balance.js'
import type { Body, Inputs, Sink } from './body.js'
import { forward, trains, type Tensors } from './differentiate.js'
import { readBatch, scoringMode } from './readings.js'
import { coupledDecay } from './optimizer.js'
import { scalarsOf, slotsOf, update } from './update.js'

/**
 * Whether the gradient that is asked for is `rate` times the loss's: then the rate passes through the backward pass as
 * one factor of the loss's weights, and a step of plain SGD is one pass over each segment instead of two. A proximal
 * term, a correction or a decay joins later and would miss the rate.
 */
const rateInside = ({ optimizer, proximal, corrected, l2 }: Training): boolean =>
  optimizer.kind === 'sgd' && optimizer.momentum === 0 && !proximal && corrected !== true &&
  l2 === undefined && coupledDecay(optimizer) === 0

/** How much of a segment's parameters is added to its gradient. */
const shrinkage = ({ optimizer, l2 }: Training, { role }: Segment): number => (l2?.[role] ?? 0) + coupledDecay(optimizer)

/** The gradient of (mu / 2) |theta - anchor|^2 is mu (theta - anchor). Li et al. (2020), FedProx, equation 2. */
const proximal = (parameter: Tensor, gradient: Tensor, segment: Segment, inputs: Inputs, mu: Tensor): Tensor => {
  const anchor = inputs.read({ kind: 'anchor', segment: segment.name }, segment.shape)
  return tf.add(gradient, tf.mul(tf.sub(parameter, anchor), mu))
}

/** The gradient of the loss with the terms that the host asks for. */
const slopeOf = (
  training: Training,
  parameter: Tensor,
  gradient: Tensor,
  segment: Segment,
  inputs: Inputs,
  mu: Tensor | undefined,
): Tensor => {
  const { name, shape } = segment
  const held = mu && training.proximalSegments.includes(name)
    ? proximal(parameter, gradient, segment, inputs, mu)
    : gradient
  const shrinks = shrinkage(training, segment)
  const shrunk = shrinks === 0 ? held : tf.add(held, tf.mul(parameter, shrinks))
  return training.corrected === true ? tf.add(shrunk, inputs.read({ kind: 'correction', segment: name }, shape)) : shrunk
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
      for (const segment of layout.segments) {
        const { name } = segment
        if (training.frozen?.includes(name) === true) continue
        if (!segment.trainable) {
          parameters[name] = state[name] ?? parameters[name]
          continue
        }
        const slope = slopeOf(training, parameters[name], gradients[name], segment, inputs, mu)
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
