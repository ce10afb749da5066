import { createDraws, createLexicon, type Draws } from './draws.js'
import { encodeKey, streams, type KeyPart, type Streams } from './streams.js'

/**
 * Chance that falls anew from one moment of a flight on. What was decided before stays decided, also where it is asked
 * again later: a coin that a client has tossed in a round that is under way is not tossed twice. All else is drawn from
 * streams of the `salt`, named by what they decide as ever, so that two flights with one salt meet the same chance in
 * whatever both of them decide after their moments.
 */
export class Fresh {
  #turned = false

  constructor(private readonly salt: string) {}

  /** Is the moment there? */
  get turned(): boolean {
    return this.#turned
  }

  /** From here on. */
  turn(): void {
    this.#turned = true
  }

  /** Draws of one purpose. A client in a round, and a message, are decided when the first number about them was drawn. */
  draws(before: Draws, ...purpose: readonly string[]): Draws {
    const choose = this.#choose<Draws>(before, () => createDraws(streams(this.salt), createLexicon(), ...purpose))
    return {
      visit: (client, round, nth) => choose(encodeKey([client, round])).visit(client, round, nth),
      message: (kind, about, copy, nth) => {
        const { attempt, again, round, from, to, part } = about
        return choose(encodeKey([kind, attempt, again, round, from, to, part, copy])).message(kind, about, copy, nth)
      },
    }
  }

  /** Streams of one purpose: numbers that were drawn before are the same again, those behind them are new. */
  streams(before: Streams, ...purpose: readonly string[]): Streams {
    const anew = streams(this.salt)
    /** How many numbers of a stream were drawn before. */
    const drawn = new Map<string, number>()
    return (...key) => {
      const name = encodeKey(key)
      const old = before(...key)
      let later: (() => number) | undefined
      let nth = 0
      return () => {
        nth++
        if (!this.#turned) drawn.set(name, Math.max(nth, drawn.get(name) ?? 0))
        if (nth <= (drawn.get(name) ?? 0)) return old()
        later ??= anew('fresh', ...purpose, ...key)
        return later()
      }
    }
  }

  /** The seed of what somebody else draws, by what it decides. */
  seed(before: string, ...purpose: readonly string[]): (...key: readonly KeyPart[]) => string {
    const choose = this.#choose(before, () => encodeKey([this.salt, ...purpose]))
    return (...key) => choose(encodeKey(key))
  }

  /** What decides about something: what did before the moment, if it did, or what does since. */
  #choose<T>(before: T, since: () => T): (about: string) => T {
    const decided = new Set<string>()
    let later: T | undefined
    return (about) => {
      if (!this.#turned) decided.add(about)
      return decided.has(about) ? before : (later ??= since())
    }
  }
}

/** Draws of one purpose that fall anew from a moment on, where there is one; as they are where there is none. */
export const freshened = (fresh: Fresh | undefined, draws: Draws, ...purpose: readonly string[]): Draws =>
  fresh === undefined ? draws : fresh.draws(draws, ...purpose)
