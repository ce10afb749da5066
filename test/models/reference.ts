import type { Segment } from '../../src/models/layout.js'
import type { Task } from '../../src/tasks/task.js'

/**
 * A second implementation of the models and of local training, to hold the first against: scalar loops in double
 * precision, real rows only (no padding), gradients by central differences, optimizers as in the textbooks. Nothing of
 * `src` runs in here.
 */

/** Real rows of one step. Uniform draws come as the program asks for them, over `padded` rows. */
export interface Rows {
  readonly padded: number
  readonly categorical: readonly (readonly number[])[]
  readonly numeric: readonly (readonly number[])[]
  /** [row][task], NaN where a row lacks the label; class numbers for multiclass. */
  readonly labels: readonly (readonly number[])[]
  /** Flat values of the n-th dropout's draws. */
  uniform(draw: number): ArrayLike<number>
}

export type Values = Record<string, Float64Array>

export interface Shapes {
  /** Sizes of the categorical fields. */
  readonly fields: readonly number[]
  readonly numeric: number
  readonly tasks: readonly Task[]
  readonly embedding: number
  /** Fields that numeric columns become; 0: taken as they are. */
  readonly numericFields: number
  readonly dropout: number
  readonly batchNorm: boolean
  /** What the model adds to the loss of a task, given all heads [task][row][class]. */
  readonly penalty?: (heads: readonly Matrix[], task: number) => number
}

export type Matrix = number[][]

/** One forward pass: what to read, whether it trains, and where running statistics go. */
export interface Pass {
  readonly p: Values
  readonly rows: Rows
  readonly shapes: Shapes
  readonly training: boolean
  readonly state: Values
  draws: number
}

/** `prefix` stands before the segments' names where a task has inputs of its own. */
export const inputOf = ({ p, rows, shapes }: Pass, prefix = ''): Matrix =>
  rows.numeric.map((columns, r) => {
    const x: number[] = []
    let offset = 0
    shapes.fields.forEach((size, f) => {
      const id = offset + rows.categorical[r][f]
      for (let k = 0; k < shapes.embedding; k++) x.push(p[`${prefix}embedding`][id * shapes.embedding + k])
      offset += size
    })
    if (shapes.numericFields === 0) return [...x, ...columns]
    const width = shapes.numericFields * shapes.embedding
    for (let k = 0; k < width && columns.length > 0; k++) {
      let sum = p[`${prefix}numeric.bias`][k]
      columns.forEach((value, i) => (sum += value * p[`${prefix}numeric.weight`][i * width + k]))
      x.push(sum)
    }
    return x
  })

/** Where member m of n keeps things: `shared` is the first layer of a common input, weight [in, n, out]. */
interface Place {
  readonly name: string
  readonly m: number
  readonly n: number
  readonly out: number
  readonly shared: boolean
}

const dense = ({ p }: Pass, x: Matrix, { name, m, n, out, shared }: Place): Matrix =>
  x.map((row) =>
    Array.from({ length: out }, (_, o) =>
      row.reduce(
        (sum, value, i) =>
          sum + value * p[`${name}.weight`][shared ? (i * n + m) * out + o : (m * row.length + i) * out + o],
        p[`${name}.bias`][m * out + o],
      ),
    ),
  )

const normalise = (pass: Pass, x: Matrix, { name, m, out }: Place): Matrix => {
  const at = (o: number): number => m * out + o
  const read = (last: string, o: number): number => pass.p[`${name}.${last}`][at(o)]
  const columns = Array.from({ length: out }, (_, o) => {
    if (!pass.training) return { mean: read('mean', o), variance: read('variance', o) }
    const mean = x.reduce((sum, row) => sum + row[o], 0) / x.length
    const variance = x.reduce((sum, row) => sum + (row[o] - mean) ** 2, 0) / x.length
    const keep = (last: string, seen: number): void => {
      pass.state[`${name}.${last}`] ??= new Float64Array(pass.p[`${name}.${last}`].length)
      pass.state[`${name}.${last}`][at(o)] = 0.9 * read(last, o) + 0.1 * seen
    }
    keep('mean', mean)
    keep('variance', variance)
    return { mean, variance }
  })
  return x.map((row) =>
    row.map((value, o) => {
      const { mean, variance } = columns[o]
      return ((value - mean) / Math.sqrt(variance + 1e-5)) * read('scale', o) + read('shift', o)
    }),
  )
}

const dropped = (pass: Pass, x: Matrix, place: Place, draw: number): Matrix => {
  const { n, m, out, shared } = place
  const rate = pass.shapes.dropout
  if (rate === 0 || !pass.training) return x
  const uniform = pass.rows.uniform(draw)
  const index = (r: number, o: number) => (shared ? (r * n + m) * out + o : (m * pass.rows.padded + r) * out + o)
  return x.map((row, r) => row.map((value, o) => (uniform[index(r, o)] >= rate ? value / (1 - rate) : 0)))
}

/**
 * n perceptrons side by side; each layer of all members uses one draw. `own` says that first layers read own inputs,
 * with weight [n, in, out]. `last` adds a linear head.
 */
export const stackOf = (
  pass: Pass,
  name: string,
  xs: Matrix[],
  hidden: readonly number[],
  own: boolean,
  last?: number,
): Matrix[] => {
  let values = xs
  const n = xs.length
  const layers = [...hidden, ...(last === undefined ? [] : [last])]
  layers.forEach((out, l) => {
    const shared = l === 0 && !own
    const plain = l === hidden.length
    const draw = plain || pass.shapes.dropout === 0 ? -1 : pass.draws++
    values = values.map((x, m) => {
      const place = { name: `${name}.${l + 1}`, m, n, out, shared }
      const y = dense(pass, x, place)
      if (plain) return y
      const z = pass.shapes.batchNorm ? normalise(pass, y, place) : y
      return dropped(pass, z.map((row) => row.map((v) => Math.max(v, 0))), place, draw)
    })
  })
  return values
}

const headWidth = (task: Task): number => (task.kind === 'multiclass' ? task.classes : 1)

/** Towers: stacked where heads are equally wide, one after the other under the tasks' names otherwise. */
export const towersOf = (pass: Pass, xs: Matrix[], hidden: readonly number[], shared: boolean): Matrix[] => {
  const { tasks } = pass.shapes
  const widths = tasks.map(headWidth)
  if (tasks.length > 1 && widths.every((w) => w === widths[0])) {
    return stackOf(pass, 'tower', xs, hidden, !shared, widths[0])
  }
  return tasks.map((task, t) => {
    const name = tasks.length === 1 ? 'tower' : `tower.${task.name}`
    return stackOf(pass, name, [xs[t]], hidden, false, widths[t])[0]
  })
}

/** Logits [task][row][class] of a model. */
export type Logits = (pass: Pass) => Matrix[]

export const mmoeLogits =
  (experts: number, expert: readonly number[], tower: readonly number[]): Logits =>
  (pass) => {
    const x = inputOf(pass)
    const f = stackOf(pass, 'expert', Array<Matrix>(experts).fill(x), expert, false)
    const { tasks } = pass.shapes
    const mixed = tasks.map((_, t) =>
      x.map((row, r) => {
        const logits = f.map((_f, e) =>
          row.reduce(
            (sum, value, i) => sum + value * pass.p['gate.weight'][(i * tasks.length + t) * experts + e],
            pass.p['gate.bias'][t * experts + e],
          ),
        )
        const grown = logits.map(Math.exp)
        const total = grown.reduce((a, b) => a + b)
        return f[0][r].map((_v, h) => f.reduce((sum, own, e) => sum + (grown[e] / total) * own[r][h], 0))
      }),
    )
    return towersOf(pass, mixed, tower, false)
  }

export const sharedBottomLogits =
  (bottom: readonly number[], tower: readonly number[]): Logits =>
  (pass) => {
    const [h] = stackOf(pass, 'bottom', [inputOf(pass)], bottom, false)
    return towersOf(pass, Array<Matrix>(pass.shapes.tasks.length).fill(h), tower, true)
  }

/** Mean loss over the rows that have the label, 0 if none has. */
const lossOf = (task: Task, logits: Matrix, labels: readonly number[]): number => {
  const rows = labels.map((y, r) => [y, logits[r]] as const).filter(([y]) => !Number.isNaN(y))
  const costs = rows.map(([y, z]) => {
    if (task.kind === 'multiclass') return Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)) - z[y]
    if (task.kind === 'regression') return (z[0] - y) ** 2
    return Math.log(1 + Math.exp(y === 1 ? -z[0] : z[0]))
  })
  return costs.length === 0 ? 0 : costs.reduce((a, b) => a + b) / costs.length
}

interface Evaluated {
  readonly losses: number[]
  readonly state: Values
}

export const lossesOf = (logits: Logits, shapes: Shapes, p: Values, rows: Rows): Evaluated => {
  const state: Values = {}
  const heads = logits({ p, rows, shapes, training: true, state, draws: 0 })
  const losses = shapes.tasks.map(
    (task, t) => lossOf(task, heads[t], rows.labels.map((own) => own[t])) + (shapes.penalty?.(heads, t) ?? 0),
  )
  return { losses, state }
}

/** Logits, or predicted numbers, [task][row][class] when serving. */
export const scoresOf = (logits: Logits, shapes: Shapes, p: Values, rows: Rows): Matrix[] =>
  logits({ p, rows, shapes, training: false, state: {}, draws: 0 })

/** d total / d parameters by central differences; in double precision right to about nine digits. */
const gradientsOf = (total: (p: Values) => number, p: Values, segments: readonly Segment[]): Values => {
  const gradients: Values = {}
  for (const { name, trainable } of segments) {
    if (!trainable) continue
    gradients[name] = p[name].map((value, i) => {
      const h = 1e-5
      p[name][i] = value + h
      const above = total(p)
      p[name][i] = value - h
      const below = total(p)
      p[name][i] = value
      return (above - below) / (2 * h)
    })
  }
  return gradients
}

/** An optimizer as the textbooks have it: changes `p` in place, keeps its state by segment. */
export type Rule = (p: Float64Array, g: Float64Array, state: Record<string, Float64Array>, t: number) => void

/** Goodfellow, Bengio and Courville, algorithm 8.2, in PyTorch's form. */
export const momentumRule =
  (rate: number, momentum: number): Rule =>
  (p, g, state) => {
    const v = (state.velocity ??= new Float64Array(p.length))
    for (let i = 0; i < p.length; i++) {
      v[i] = momentum * v[i] + g[i]
      p[i] -= rate * v[i]
    }
  }

/** Kingma and Ba, algorithm 1. */
export const adamRule =
  (rate: number, beta1: number, beta2: number, epsilon: number): Rule =>
  (p, g, state, t) => {
    const m = (state.m ??= new Float64Array(p.length))
    const v = (state.v ??= new Float64Array(p.length))
    for (let i = 0; i < p.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
      p[i] -= (rate * (m[i] / (1 - beta1 ** t))) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon)
    }
  }

export interface Lesson {
  readonly logits: Logits
  readonly shapes: Shapes
  readonly segments: readonly Segment[]
  readonly rule: Rule
  readonly taskWeights: readonly number[]
  /** The proximal term, as part of the total that is differentiated. */
  readonly proximal?: { readonly mu: number; readonly anchor: Values; readonly segments: readonly string[] }
}

const proximalTerm = (p: Values, { mu, anchor, segments }: NonNullable<Lesson['proximal']>): number =>
  segments.reduce((sum, name) => sum + p[name].reduce((s, v, i) => s + (mu / 2) * (v - anchor[name][i]) ** 2, 0), 0)

/** Trains step by step; returns the losses per step and task, the final values and the optimizer's state. */
export const train = (lesson: Lesson, start: Values, steps: readonly Rows[]) => {
  const { logits, shapes, segments, rule, taskWeights, proximal } = lesson
  const p: Values = Object.fromEntries(Object.entries(start).map(([name, values]) => [name, values.slice()]))
  const slots: Record<string, Record<string, Float64Array>> = {}
  const losses: number[][] = []
  steps.forEach((rows, s) => {
    const total = (at: Values): number =>
      lossesOf(logits, shapes, at, rows).losses.reduce((sum, loss, t) => sum + taskWeights[t] * loss, 0) +
      (proximal === undefined ? 0 : proximalTerm(at, proximal))
    const { losses: seen, state } = lossesOf(logits, shapes, p, rows)
    losses.push(seen)
    const gradients = gradientsOf(total, p, segments)
    for (const [name, g] of Object.entries(gradients)) rule(p[name], g, (slots[name] ??= {}), s + 1)
    Object.assign(p, state)
  })
  return { p, losses, slots }
}
