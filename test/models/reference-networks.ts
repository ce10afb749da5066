import { inputOf, stackOf, towersOf, type Logits, type Matrix, type Pass } from './reference.js'

/* The models without experts a second time: scalar loops over real rows, nothing of `src`. */

export const singleTaskLogits =
  (bottom: readonly number[], tower: readonly number[]): Logits =>
  (pass) => {
    const own = pass.shapes.tasks.map(({ name }) => inputOf(pass, `${name}.`))
    return towersOf(pass, stackOf(pass, 'bottom', own, bottom, true), tower, false)
  }

/** A layer at a time, so that a layer's segments must be called as those of a stack of one layer. */
export const crossStitchLogits =
  (bottom: readonly number[], tower: readonly number[]): Logits =>
  (pass) => {
    const n = pass.shapes.tasks.length
    let values = Array<Matrix>(n).fill(inputOf(pass))
    bottom.forEach((width, l) => {
      const renamed = Object.fromEntries(
        Object.entries(pass.p).map(([name, v]) => [name.replace(`bottom.${l + 1}.`, 'here.1.'), v]),
      )
      const inner = { ...pass, p: renamed, state: {} as typeof pass.state }
      const h = stackOf(inner, 'here', values, [width], l > 0)
      pass.draws = inner.draws
      for (const [name, v] of Object.entries(inner.state)) pass.state[name.replace('here.1.', `bottom.${l + 1}.`)] = v
      const a = pass.p[`stitch.${l + 1}`]
      values = h.map((own, i) => own.map((row, r) => row.map((_, u) => {
        let sum = 0
        for (let j = 0; j < n; j++) sum += a[(i * n + j) * width + u] * h[j][r][u]
        return sum
      })))
    })
    return towersOf(pass, values, tower, false)
  }

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/** Heads of the first, second and, if there is one, third task: pCTR, pCTR pCVR, pCVR, as logits. */
export const esmmLogits =
  (tower: readonly number[]): Logits =>
  (pass) => {
    const x = inputOf(pass)
    const { tasks } = pass.shapes
    const two = { ...pass, shapes: { ...pass.shapes, tasks: tasks.slice(0, 2) } }
    const [a, b] = towersOf(two, [x, x], tower, true)
    pass.draws = two.draws
    const both = a.map(([za], r) => {
      const p = sigmoid(za) * sigmoid(b[r][0])
      return [Math.log(p / (1 - p))]
    })
    return tasks.length > 2 ? [a, both, b] : [a, both]
  }

const linearOf = ({ p }: Pass, name: string, x: Matrix): Matrix =>
  x.map((row) => {
    const width = p[`${name}.bias`].length
    return Array.from({ length: width }, (_, o) =>
      row.reduce((sum, v, i) => sum + v * p[`${name}.weight`][i * width + o], p[`${name}.bias`][o]))
  })

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0)

export const aitmLogits =
  (bottom: readonly number[], tower: readonly number[]): Logits =>
  (pass) => {
    const { tasks } = pass.shapes
    const z = stackOf(pass, 'bottom', Array<Matrix>(tasks.length).fill(inputOf(pass)), bottom, false)
    for (let k = 1; k < tasks.length; k++) {
      const pair = [linearOf(pass, `tell.${tasks[k].name}`, z[k - 1]), z[k]]
      const values = pair.map((u) => linearOf(pass, 'transfer.value', u))
      const keys = pair.map((u) => linearOf(pass, 'transfer.key', u))
      const queries = pair.map((u) => linearOf(pass, 'transfer.query', u))
      z[k] = z[k].map((row, r) => {
        const grown = pair.map((_, u) => Math.exp(dot(keys[u][r], queries[u][r]) / Math.sqrt(row.length)))
        const total = grown[0] + grown[1]
        return row.map((_, h) => (grown[0] * values[0][r][h] + grown[1] * values[1][r][h]) / total)
      })
    }
    return towersOf(pass, z, tower, false)
  }

/** The calibrator of each task after the first: mean over real rows of max(p(y_k) - p(y_k-1), 0), times its strength. */
export const aitmPenalty =
  (strength: number) =>
  (heads: readonly Matrix[], task: number): number =>
    task === 0
      ? 0
      : (strength / heads[0].length) *
        heads[task].reduce((sum, [y], r) => sum + Math.max(0, sigmoid(y) - sigmoid(heads[task - 1][r][0])), 0)

export const linearModelLogits: Logits = ({ p, rows, shapes }) =>
  shapes.tasks.map((task) => {
    const width = task.kind === 'multiclass' ? task.classes : 1
    return rows.numeric.map((columns, r) =>
      Array.from({ length: width }, (_, o) => {
        let [sum, offset] = [p[`${task.name}.bias`][o], 0]
        columns.forEach((value, i) => (sum += value * p[`${task.name}.numeric`][i * width + o]))
        shapes.fields.forEach((size, f) => {
          sum += p[`${task.name}.words`][(offset + rows.categorical[r][f]) * width + o]
          offset += size
        })
        return sum
      }))
  })
