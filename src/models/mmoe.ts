import { defineModel } from './define.js'
import { inputs, type InputOptions } from './input.js'
import type { Regularisation } from './layers.js'
import { gates, mix } from './mixture.js'
import type { Model } from './model.js'
import { asRows, stack } from './stack.js'
import { towers } from './towers.js'

export interface MmoeOptions extends InputOptions, Regularisation {
  readonly embedding: number
  /** Number of expert networks. */
  readonly experts: number
  /** Widths of an expert's layers, each followed by ReLU. At least one. */
  readonly expert: readonly number[]
  /** Widths of a tower's hidden layers; the head comes on top. */
  readonly tower: readonly number[]
}

/**
 * Multi-gate mixture of experts: every task has a gate of its own over experts that all tasks share. Ma et al.,
 * *Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts*, KDD 2018, equations 6 to 8;
 * input block, normalisation and heads as in MTReclib's `models/mmoe.py`.
 *
 *     x                                          [batch, in]
 *     f_e = expert_e(x)                          [batch, experts, width]
 *     g_k = softmax(W_k x + b_k)     (eq. 8)     [batch, tasks, experts]
 *     m_k = sum_e g_k[e] f_e         (eq. 7)     [tasks, batch, width]
 *     y_k = tower_k(m_k)             (eq. 6)     [batch, logits] per task
 */
export const mmoeModel = (options: MmoeOptions): Model =>
  defineModel('mmoe', ({ features, tasks }) => {
    const { experts: count, expert: hidden } = options
    const { dropout, batchNorm } = options
    const input = inputs(features, options)
    const of = { role: 'expert', axis: 'expert', count, from: input.width, hidden, dropout, batchNorm } as const
    const experts = stack('expert', of, true)
    const gate = gates('gate', input.width, tasks.length, count)
    const own = { from: experts.width, hidden: options.tower, shared: false, dropout, batchNorm }
    const tower = towers('tower', tasks, own)
    return {
      layers: [input, experts, gate, tower],
      forward(run) {
        const x = input.apply(undefined, run)
        const outputs = asRows(experts.apply(x, run))
        return tower.apply({ each: mix(gate.apply(x, run), outputs) }, run)
      },
    }
  })
