import { conflictAverse } from './conflict-averse.js'
import { fedFv } from './fedfv.js'
import { pcGrad } from './pcgrad.js'
import { meanOf, type Vector } from './vectors.js'

/** How the deltas of several clients become one direction. */
export type Coordination =
  | { readonly kind: 'conflict-averse'; readonly c: number }
  | { readonly kind: 'pcgrad' }
  | { readonly kind: 'fedfv'; readonly keep: number }
  | { readonly kind: 'mean' }

/** What some rules need to know beside the deltas, in their order. Asked for only by the rules that use it. */
export interface Circumstances {
  /** FedFV: each client's training loss. */
  losses(): readonly number[]
  /** FedFV: what breaks ties of loss, the lower first. */
  lots(): readonly number[]
  /** PCGrad: for each delta, the order in which it meets the others. */
  orders(): readonly ArrayLike<number>[]
}

/** U: what the clients' deltas, at least one, have in common under a rule. In double precision. */
export const coordinate = (deltas: readonly Vector[], rule: Coordination, about: Circumstances): Float64Array => {
  switch (rule.kind) {
    case 'conflict-averse':
      return conflictAverse(deltas, rule)
    case 'pcgrad':
      return pcGrad(deltas, about.orders())
    case 'fedfv':
      return fedFv(deltas, about.losses(), about.lots(), rule)
    case 'mean':
      return meanOf(deltas)
    default:
      return rule satisfies never
  }
}
