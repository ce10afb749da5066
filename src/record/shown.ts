import { SpecificationError } from '../errors.js'
import { formatMicros } from '../time/micros.js'
import type { FlightEvent } from './event.js'

/** A vector that was copied for somebody, and where it is in what is shown. */
interface Lent {
  readonly path: string
  readonly copy: ArrayBufferView
  readonly original: ArrayBufferView
}

/** What an engine says when what is frozen is written to, by strict code; sloppy code is not told, and changes nothing. */
const refusals = /^(Cannot (assign to read only property|add property|delete property|set property|define property|redefine property)|#<\w+> is not extensible)/

/** A write to a map or a set that is shown, which cannot be frozen. */
class ShownOnly extends TypeError {}

const refuse = (what: string): never => {
  throw new ShownOnly(`Cannot change a ${what} that is shown`)
}

class ShownSet<T> extends Set<T> {
  constructor(of: ReadonlySet<T>) {
    super()
    for (const one of of) super.add(one)
  }

  override add = (): never => refuse('set')
  override delete = (): never => refuse('set')
  override clear = (): never => refuse('set')
}

/** Values are copied when they are looked at: there may be one for each of ten thousand clients. */
class ShownMap<K, V> extends Map<K, V> {
  readonly #copied = new Map<K, V>()

  constructor(of: ReadonlyMap<K, V>, private readonly copyOf: (value: V, key: K) => V) {
    super()
    for (const [key, value] of of) super.set(key, value)
  }

  override get(key: K): V | undefined {
    if (!this.#copied.has(key) && super.has(key)) this.#copied.set(key, this.copyOf(super.get(key) as V, key))
    return this.#copied.get(key)
  }

  override *entries(): MapIterator<[K, V]> {
    for (const key of super.keys()) yield [key, this.get(key) as V]
  }

  override *values(): MapIterator<V> {
    for (const key of super.keys()) yield this.get(key) as V
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  override forEach(call: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this) call(value, key, this)
  }

  override set = (): never => refuse('map')
  override delete = (): never => refuse('map')
  override clear = (): never => refuse('map')
}

const isVector = (value: unknown): value is ArrayBufferView & { slice(): ArrayBufferView } => ArrayBuffer.isView(value) && 'slice' in value

const within = (path: string, name: PropertyKey): string => (path === '' ? String(name) : `${path}.${String(name)}`)

const copied = (value: unknown, path: string, lent: Lent[]): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (isVector(value)) {
    const copy = value.slice()
    lent.push({ path, copy, original: value })
    return copy
  }
  if (Array.isArray(value)) return Object.freeze(value.map((one, place) => copied(one, within(path, place), lent)))
  if (value instanceof Set) return Object.freeze(new ShownSet(value))
  if (value instanceof Map) return Object.freeze(new ShownMap(value, (one, key) => copied(one, within(path, String(key)), lent)))
  const copy = {}
  for (const [name, inner] of Object.entries(value)) {
    const at = within(path, name)
    if (!isVector(inner)) Object.defineProperty(copy, name, { value: copied(inner, at, lent), enumerable: true })
    else {
      // A part remembers vectors of every client, at which hardly anybody looks.
      let made: unknown
      Object.defineProperty(copy, name, { enumerable: true, get: () => (made ??= copied(inner, at, lent)) })
    }
  }
  return Object.freeze(copy)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)

/** A copy of plain data that cannot be written to, but for vectors: they are copies that change nothing. */
export const shown = <T>(value: T, lent: Lent[] = []): T => copied(value, '', lent) as T

/** Whether an error is of a write to what is shown, or to something else that is frozen. */
export const isWriting = (error: unknown): error is TypeError => error instanceof ShownOnly || (error instanceof TypeError && refusals.test(error.message))

/** What is said of somebody who writes to what is shown: `who` is a check or a watcher. */
export const onlyLooks = (who: string, what: string, cause?: unknown): SpecificationError =>
  new SpecificationError(
    `${who} writes to what it is shown: ${what}. Who watches a flight only looks: the flight would not be the one that it is without. ` +
      'Change a copy, such as { ...event } or values.slice().',
    { cause },
  )

/** An event in words. */
export const eventInWords = ({ kind, at, actor }: Pick<FlightEvent, 'kind' | 'at' | 'actor'>): string => `event '${kind}' of ${actor} at ${formatMicros(at)}`

/** Has somebody of the researcher's look at an event: at a copy. Throws where it is written to, naming who did. */
export const show = <T>(event: FlightEvent, who: string, look: (event: FlightEvent) => T): T => {
  const lent: Lent[] = []
  const seen = shown(event, lent)
  let result: T
  try {
    result = look(seen)
  } catch (error) {
    throw isWriting(error) ? onlyLooks(who, `${error.message} (${eventInWords(event)})`, error) : error
  }
  for (const { path, copy, original } of lent) {
    if (Buffer.compare(bytesOf(copy), bytesOf(original)) !== 0) throw onlyLooks(who, `numbers of '${path}' (${eventInWords(event)})`)
  }
  return result
}
