import { bitsOf } from '../bits-of.js'
import type { Memory } from '../codec.js'

/** The values at places of a block, bit for bit, as numbers that are none keep theirs. */
export const gather = (values: Float32Array, places: Uint32Array): Float32Array => {
  const gathered = new Float32Array(places.length)
  const from = bitsOf(values)
  const to = bitsOf(gathered)
  for (let i = 0; i < places.length; i++) to[i] = from[places[i]]
  return gathered
}

/** Puts values back to the places that they were gathered from. */
export const scatter = (values: Float32Array, places: Uint32Array, into: Float32Array): void => {
  const from = bitsOf(values)
  const to = bitsOf(into)
  for (let i = 0; i < places.length; i++) to[places[i]] = from[i]
}

/** Lists one after the other. */
export const joined = (lists: readonly Uint32Array[]): Uint32Array => {
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const list of lists) {
    all.set(list, at)
    at += list.length
  }
  return all
}

/** What the codec behind one that chooses remembers with; `done` takes back what it has left there. */
export interface MemoryBehind {
  readonly behind: Memory
  done(): void
}

/** Of a choice with feedback: that knows what the codecs behind it have lost as well, so they keep nothing. */
export const newMemory = (): MemoryBehind => ({ behind: new Map(), done: () => {} })

/**
 * Of a choice without, which sends other places each time: what the codec behind keeps about each value is kept by place, and
 * waits until the place is sent again. All of it lies in names that begin with `name`: the rest of the memory is others'.
 */
export const memoryAt = (memory: Memory, name: string, places: Uint32Array, size: number): MemoryBehind => {
  const prefix = `${name}>`
  const behind: Memory = new Map()
  for (const [whole, values] of memory) {
    if (whole.startsWith(prefix)) behind.set(whole.slice(prefix.length), values.length === size ? gather(values, places) : values)
  }
  return {
    behind,
    done: () => {
      for (const [own, values] of behind) {
        const before = memory.get(prefix + own)
        if (values.length === places.length) {
          const all = before?.length === size ? before.slice() : new Float32Array(size)
          scatter(values, places, all)
          memory.set(prefix + own, all)
        } else memory.set(prefix + own, values)
      }
    },
  }
}
