import { streams, type Stream } from '../../src/random/streams.js'

/** Draws for one case of a fuzzer. */
export interface Draws {
  readonly next: Stream
  /** A whole number from 0 to below `count`. */
  below(count: number): number
  one<T>(values: readonly T[]): T
  /** True with this probability. */
  chance(share: number): boolean
}

export const drawsOf = (seed: number, ...key: readonly (string | number)[]): Draws => {
  const next = streams(String(seed))(...key)
  const below = (count: number): number => Math.floor(next() * count)
  return { next, below, one: (values) => values[below(values.length)], chance: (share) => next() < share }
}

/** Bytes with some of them changed, cut out, put in or doubled. */
export const mutatedBytes = (bytes: Uint8Array, draws: Draws): Buffer => {
  let out = Buffer.from(bytes)
  const times = draws.chance(0.7) ? 1 : 2 + draws.below(3)
  for (let i = 0; i < times && out.length > 0; i++) {
    const at = draws.below(out.length)
    const some = 1 + draws.below(8)
    const odd = ['"', '\n', '\r\n', ',', '\0', '\u001b[2J', '\ufeff', '1e999', '-', 'nan', '\u202e', '', '\t', '|']
    const change = draws.below(6)
    if (change === 0) out[at] ^= 1 << draws.below(8)
    else if (change === 1) out[at] = draws.below(256)
    else if (change === 2) out = Buffer.concat([out.subarray(0, at), out.subarray(at + some)])
    else if (change === 3) out = Buffer.concat([out.subarray(0, at), Buffer.from(draws.one(odd)), out.subarray(at)])
    else if (change === 4) out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + some * 9), out.subarray(at)])
    else out = out.subarray(0, at)
  }
  return out
}

type Data = null | boolean | number | string | Data[] | { [name: string]: Data }

const values: readonly Data[] = [
  null, true, 0, -1, 1e9, 1e308, 0.5, '', 'no such', '__proto__', 'constructor', '..', '../../etc/passwd', '*', '**', '\u001b[31m',
  'x'.repeat(3_000), [], {}, [[]], { name: 'x' }, ['a', 'a'], { column: 'age', bands: [3, 2] },
]

/** Every place in a value, as the object that holds it and its name there. */
const places = (value: Data, found: [Record<string, Data> | Data[], string | number][] = []): typeof found => {
  if (typeof value !== 'object' || value === null) return found
  const holder = value as Record<string, Data>
  for (const name of Object.keys(value)) {
    found.push([holder, Array.isArray(value) ? Number(name) : name])
    places(holder[name], found)
  }
  return found
}

/** Plain data with some of its fields changed, taken away, called otherwise, or moved. */
export const mutatedData = (value: unknown, draws: Draws, words: readonly string[]): unknown => {
  const copy = structuredClone(value) as Data
  const times = draws.chance(0.7) ? 1 : 2 + draws.below(3)
  for (let i = 0; i < times; i++) {
    const all = places(copy)
    if (all.length === 0) break
    const [holder, name] = draws.one(all)
    const own = holder as Record<string | number, Data>
    const change = draws.below(6)
    if (change === 0) own[name] = structuredClone(draws.one(values))
    else if (change === 1) own[name] = draws.one(words)
    else if (change === 2) {
      if (Array.isArray(holder)) holder.splice(Number(name), 1)
      else delete own[name]
    } else if (change === 3 && !Array.isArray(holder)) {
      const kept = own[name]
      delete own[name]
      own[`${name}${draws.one(['s', 'x', '_'])}`] = kept
    } else if (change === 4 && !Array.isArray(holder)) own[draws.one(words)] = structuredClone(draws.one(values))
    else {
      const [other, there] = draws.one(all)
      own[name] = structuredClone((other as Record<string | number, Data>)[there])
    }
  }
  return copy
}
