import { createRequire, syncBuiltinESMExports } from 'node:module'
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

/** Enters the process's border, which the first to come sets up. */
export const join = (): Border => {
  const holder = globalThis as Holder
  const border = (holder[place] ??= setUp(new Border()))
  border.installs++
  return border
}

/** Leaves it; the last to go takes it down. */
export const part = (border: Border): void => {
  if (--border.installs > 0) return
  delete (globalThis as Holder)[place]
  for (const { target, key, original, replacement } of border.patches.toReversed()) {
    // Whoever has replaced it since (fake timers, say) still holds ours, which is harmless from now on.
    if (Reflect.getOwnPropertyDescriptor(target, key)?.value !== replacement) continue
    if (original === undefined) Reflect.deleteProperty(target, key)
    else Object.defineProperty(target, key, original)
  }
  syncBuiltinESMExports()
}

const setUp = (border: Border): Border => {
  const builtin = createRequire(import.meta.url)
  const put = (target: object, key: string, replacement: unknown): void => {
    const original = Object.getOwnPropertyDescriptor(target, key)
    const { enumerable = true } = original ?? {}
    Object.defineProperty(target, key, { value: replacement, writable: true, configurable: true, enumerable })
    border.patches.push({ target, key, original, replacement })
  }
  const forbid = (target: object, owner: string, keys: readonly string[], advice: string): void => {
    for (const key of keys) {
      const original = Reflect.get(target, key) as Anything | undefined
      if (typeof original !== 'function') continue
      put(target, key, forbidden(border, original, `${owner}${key}()`, advice))
    }
  }
  forbid(globalThis, '', timers, timer)
  forbid(builtin('node:timers') as object, 'node:timers ', timers, timer)
  forbid(builtin('node:timers/promises') as object, 'node:timers/promises ', timers, timer)
  forbid(Math, 'Math.', ['random'], chance)
  forbid(performance, 'performance.', ['now', 'mark', 'measure'], clock)
  forbid(process, 'process.', ['hrtime', 'uptime'], clock)
  forbid(process.hrtime, 'process.hrtime.', ['bigint'], clock)
  forbid(globalThis.crypto, 'crypto.', ['randomUUID', 'getRandomValues'], chance)
  forbid(builtin('node:crypto') as object, 'node:crypto ', draws, chance)
  const GuardedDate = guardedDate(border, Date)
  forbid(Date, 'Date.', ['now'], clock)
  put(Date.prototype, 'constructor', GuardedDate)
  put(globalThis, 'Date', GuardedDate)
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
