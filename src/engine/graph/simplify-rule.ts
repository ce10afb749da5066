import type { Draft, GraphBuilder } from './graph-builder.js'

/** Gives a node of the same value that costs less than the draft, or nothing. */
export type Rule = (builder: GraphBuilder, draft: Draft) => number | undefined
