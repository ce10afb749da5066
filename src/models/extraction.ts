import * as tf from '@tensorflow/tfjs'
import type { Tensor } from '@tensorflow/tfjs'
import type { Layer, ModelRun, Regularisation } from './layers.js'
import { gate, gates, mix, ownGates } from './mixture.js'
import { asRows, stack } from './stack.js'

export interface ExtractionOptions extends Regularisation {
  readonly tasks: number
  /** Experts that all tasks share, m_s. They come first on the `expert` axis. */
  readonly shared: number
  /** Experts of each task, m_k: those of the first task, then those of the second. */
  readonly specific: number
  /** Width of what is read. */
  readonly from: number
  /** Widths of an expert's layers. */
  readonly expert: readonly number[]
  /** Whether this is the first level, where all read the same input. */
  readonly first: boolean
  /** Whether this is the last level, which needs no shared gate. */
  readonly last: boolean
}

/**
 * What a level reads: the input [batch, from] at the first, else a stream per task and the shared one after them,
 * [tasks + 1, batch, from].
 */
const inputsOf = (x: Tensor, { tasks, shared, specific, first }: ExtractionOptions) => {
  if (first) return { experts: x, tasks: x, shared: x }
  const streams = tf.unstack(x, 0)
  const own = Array.from({ length: tasks }, (_, k) => Array<Tensor>(specific).fill(streams[k])).flat()
  return {
    experts: tf.stack([...Array<Tensor>(shared).fill(streams[tasks]), ...own]),
    tasks: tf.slice(x, [0, 0, 0], [tasks, -1, -1]),
    shared: streams[tasks],
  }
}

/**
 * Spreads the shares of each task over all experts, 0 for those of other tasks: [batch, tasks, shared + specific] to
 * [batch, tasks, experts]. A product with a matrix of zeros and ones.
 */
const spread = (shares: Tensor, { tasks, shared, specific }: ExtractionOptions): Tensor => {
  if (specific === 0) return shares
  const [own, all] = [shared + specific, shared + tasks * specific]
  const place = new Float32Array(tasks * own * tasks * all)
  for (let k = 0; k < tasks; k++) {
    for (let s = 0; s < own; s++) {
      const expert = s < shared ? s : s + k * specific
      place[(k * own + s) * tasks * all + k * all + expert] = 1
    }
  }
  const flat = tf.reshape(shares, [-1, tasks * own])
  return tf.reshape(tf.matMul(flat, tf.tensor2d(place, [tasks * own, tasks * all])), [-1, tasks, all])
}

/**
 * One extraction level of PLE (Tang et al., RecSys 2020, section 4.2, equation 6), or all of CGC below its
 * towers (section 4.1, equations 2 to 4):
 *
 *     reads                            [batch, from], or [tasks + 1, batch, from] after the first level
 *     f_e = expert_e(its stream)       [batch, experts, width], experts = shared + tasks * specific
 *     w_k = softmax(W_k s_k)           [batch, tasks, shared + specific], over the shared experts and task k's own;
 *                                      the selector s_k is what task k reads
 *     w = softmax(W s)                 [batch, experts], the shared gate over all experts; not at the last level
 *     g_k = w_k S_k                    [tasks + 1, batch, width]; [tasks, batch, width] at the last level
 *
 * Gates have a bias, as MTReclib's. Segments `expert.NAME.l.*` with an `expert` axis, `gate.NAME.*` and
 * `gate.NAME.shared.*`.
 */
export const extraction = (name: string, options: ExtractionOptions): Layer => {
  const { tasks, shared, specific, from, expert: hidden, first, last, dropout, batchNorm } = options
  const all = shared + tasks * specific
  const size = { role: 'expert', axis: 'expert', count: all, from, hidden, dropout, batchNorm } as const
  const experts = stack(`expert.${name}`, size, first)
  const own = (first ? gates : ownGates)(`gate.${name}`, from, tasks, shared + specific)
  const common = last ? undefined : gate(`gate.${name}.shared`, from, all)
  return {
    width: experts.width,
    segments: [...experts.segments, ...own.segments, ...(common?.segments ?? [])],
    apply(x, run: ModelRun) {
      const read = inputsOf(x, options)
      const outputs = asRows(experts.apply(read.experts, run))
      const shares = spread(own.apply(read.tasks, run), options)
      if (common === undefined) return mix(shares, outputs)
      return mix(tf.concat([shares, tf.expandDims(common.apply(read.shared, run), 1)], 1), outputs)
    },
  }
}
