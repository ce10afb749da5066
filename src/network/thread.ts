import type { Memory } from '../codecs/codec.js'

/** A model of a part as its client reads it: what changes can be sent against. */
export interface Version {
  /** The round that it was sent for. */
  readonly round: number
  /** All floats of the message. */
  readonly values: Float32Array
}

/**
 * What one end of the messages about a part, between its owner and one client, remembers of them where they are coded. It
 * belongs to the actor at that end, and dies with it where no checkpoint holds it.
 */
export interface Thread {
  /** Of the codecs of what this end sends. */
  readonly memory: Memory
  /** Models that went down, the oldest first. */
  versions: readonly Version[]
  /** At the owner: the round of the newest of them that its client is known to have, for it has sent changes of it; 0: of none. */
  known: number
  /** What was sent last: whatever is sent again for the same round is the same. */
  last: { readonly round: number; readonly bytes: Uint8Array } | undefined
}

export const newThread = (): Thread => ({ memory: new Map(), versions: [], known: 0, last: undefined })

/** A copy that shares nothing which changes: what a checkpoint holds of it. */
export const copyThread = ({ memory, versions, known, last }: Thread): Thread => ({
  memory: new Map([...memory].map(([name, values]) => [name, values.slice()])), versions, known, last,
})

/** How many models are kept at either end beside the one that is known to be at both: a client that was sent more without an answer is sent all. */
const KEPT = 4

/** The models with a further one, the oldest first; one of the same round gives its place. `known`: the round of the one that is kept in any case. */
export const withVersion = (versions: readonly Version[], version: Version, known: number): readonly Version[] => {
  const others = versions.filter(({ round }) => round !== version.round)
  const old = others.length - (KEPT - 1)
  return [...others.filter(({ round }, i) => i >= old || round === known), version]
}
