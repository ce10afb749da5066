import cryptoModule, * as cryptoImports from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import * as processImports from 'node:process'
import timersModule, * as timersImports from 'node:timers'
import timerPromises, * as timerPromisesImports from 'node:timers/promises'
import { WindtunnelError } from '../errors.js'

/** Something of the real world that was called while the simulation ran. */
export class GuardError extends WindtunnelError {
  constructor(
    /** What was called: `Date.now()`. */
    readonly called: string,
    /** Who called it: `actor client-NL`. */
    readonly by: string,
    advice: string,
  ) {
    super(`${called} was called by ${by} while the simulation runs; ${advice}`)
  }
}

/** The line between the simulation and the process it runs in. Handlers are synchronous, so one name is enough. */
export class Border {
  /** Who of the simulation is running, if anyone. */
  who: string | undefined
  installs = 0
  readonly patches: Patch[] = []
}

/** One property of one object, before and while it is guarded. */
interface Patch {
  readonly target: object
  readonly key: PropertyKey
  /** What the object itself held; undefined for an inherited property. */
  readonly original: PropertyDescriptor | undefined
  readonly replacement: unknown
}

type Anything = (this: unknown, ...args: unknown[]) => unknown

const clock = 'use ctx.now (virtual microseconds)'
const timer = 'use ctx.after, or the scheduler that links are given: rxjs operators take it as their last argument'
const chance = "use ctx.streams('what is decided', ...), a stream named by its decision"

/**
 * The process has one set of globals, so the border is a property of the process, and not of a module of which there
 * may be two copies (sources and build).
 */
const place = Symbol.for('windtunnel.border')
type Holder = { [place]?: Border }

/** Enters the process's border, which the first to come sets up, as it was the last time if nothing has changed. */
export const join = (): Border => {
  const holder = globalThis as Holder
  const known = holder[place]
  if (known === undefined || (known.installs === 0 && !setUpAgain(known))) holder[place] = setUp(new Border())
  const border = holder[place]!
  border.installs++
  return border
}

/**
 * Leaves it; the last to go takes it down. Named imports of Node's modules keep what was put there, which passes on what
 * it is asked: to tell them of the originals takes Node as long as fifty rounds of a tiny model.
 */
export const part = (border: Border): void => {
  if (--border.installs > 0) return
  for (const { target, key, original, replacement } of border.patches.toReversed()) {
    // Whoever has replaced it since (fake timers, say) still holds ours, which is harmless from now on.
    if (Reflect.getOwnPropertyDescriptor(target, key)?.value !== replacement) continue
    if (original === undefined) Reflect.deleteProperty(target, key)
    else Object.defineProperty(target, key, original)
  }
}

const put = ({ target, key, original, replacement }: Patch): void => {
  const { enumerable = true } = original ?? {}
  Object.defineProperty(target, key, { value: replacement, writable: true, configurable: true, enumerable })
}

/** Puts the same in place again, if the originals are those of the last time and named imports have kept ours. */
const setUpAgain = ({ patches }: Border): boolean => {
  const same = patches.every(({ target, key, original }) => Reflect.getOwnPropertyDescriptor(target, key)?.value === original?.value)
  if (!same) return false
  for (const patch of patches) put(patch)
  if (!isImported(patches)) syncBuiltinESMExports()
  return true
}

/** Do named imports of Node's modules give what was put there? */
const isImported = (patches: readonly Patch[]): boolean =>
  patches.every(({ target, key, replacement }) => {
    const names = imports.get(target)
    return names === undefined || !(key in names) || Reflect.get(names, key) === replacement
  })

/** Modules of Node whose functions are guarded, with what `import { name }` of them gives. */
const imports = new Map<object, object>([
  [timersModule, timersImports], [timerPromises, timerPromisesImports], [cryptoModule, cryptoImports], [process, processImports],
])

const setUp = (border: Border): Border => {
  const guard = (target: object, key: string, replacement: unknown): void => {
    const patch: Patch = { target, key, original: Object.getOwnPropertyDescriptor(target, key), replacement }
    put(patch)
    border.patches.push(patch)
  }
  const forbid = (target: object, owner: string, keys: readonly string[], advice: string): void => {
    for (const key of keys) {
      const original = Reflect.get(target, key) as Anything | undefined
      if (typeof original !== 'function') continue
      guard(target, key, forbidden(border, original, `${owner}${key}()`, advice))
    }
  }
  forbid(globalThis, '', timers, timer)
  forbid(timersModule, 'node:timers ', timers, timer)
  forbid(timerPromises, 'node:timers/promises ', timers, timer)
  forbid(Math, 'Math.', ['random'], chance)
  forbid(performance, 'performance.', ['now', 'mark', 'measure'], clock)
  forbid(process, 'process.', ['hrtime', 'uptime'], clock)
  forbid(process.hrtime, 'process.hrtime.', ['bigint'], clock)
  forbid(globalThis.crypto, 'crypto.', ['randomUUID', 'getRandomValues'], chance)
  forbid(cryptoModule, 'node:crypto ', draws, chance)
  const GuardedDate = guardedDate(border, Date)
  forbid(Date, 'Date.', ['now'], clock)
  guard(Date.prototype, 'constructor', GuardedDate)
  guard(globalThis, 'Date', GuardedDate)
  syncBuiltinESMExports()
  return border
}

const timers = ['setTimeout', 'setInterval', 'setImmediate']
/** Its `getRandomValues` is a getter that ends at `globalThis.crypto`, and so is guarded there. */
const draws = ['randomBytes', 'pseudoRandomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync']

/** The original while nobody of the simulation runs, and an error while somebody does. */
const forbidden = (border: Border, original: Anything, called: string, advice: string): Anything => {
  const replacement: Anything = function (...args) {
    if (border.who !== undefined) throw new GuardError(called, border.who, advice)
    return Reflect.apply(original, this, args)
  }
  for (const key of Reflect.ownKeys(original)) {
    if (key === 'prototype') continue
    Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key)!)
  }
  return replacement
}

/** `new Date()` and `Date()` read the clock; `new Date(0)` does not, and may be used anywhere. */
const guardedDate = (border: Border, original: DateConstructor): DateConstructor => {
  const refuse = (called: string): void => {
    if (border.who !== undefined) throw new GuardError(called, border.who, clock)
  }
  return new Proxy(original, {
    apply: (target) => {
      refuse('Date()')
      return target()
    },
    construct: (target, args, newTarget) => {
      if (args.length === 0) refuse('new Date()')
      return Reflect.construct(target, args, newTarget) as Date
    },
  })
}
