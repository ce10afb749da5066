import { factors, foldConstants, maskOfActivation, neutral, powers, signs } from './simplify-arithmetic.js'
import type { SimplifyRule } from './simplify-rule.js'
import { annihilated, masksLast, sumsOfMasked } from './simplify-task-masks.js'
import {
  idle, implicitBroadcast, rejoined, reshapeConstant, reshapes, thinReduction, transposedOperands, transposes,
} from './simplify-views.js'

const rules: readonly SimplifyRule[] = [
  foldConstants, reshapeConstant, reshapes, transposes, idle, rejoined, implicitBroadcast, neutral, annihilated, signs,
  masksLast, sumsOfMasked, factors, powers, maskOfActivation, transposedOperands, thinReduction,
]

/** The first rule that applies; each gives its result through `graph.add`, which simplifies further. */
export const simplify: SimplifyRule = (graph, draft) => {
  for (const rule of rules) {
    const simpler = rule(graph, draft)
    if (simpler !== undefined) return simpler
  }
  return undefined
}
