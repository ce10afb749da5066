import type { Name } from '../roster/participant.js'

/**
 * The lives of clients that came back without what they had taken in, and what was taken in, made or sent in which. Everybody
 * begins with life 0, and of that nothing is written down.
 */
export class Incarnations {
  readonly #lives = new Map<Name, number>()
  readonly #of = new Map<unknown, number>()

  /** A client has come back. */
  begin(client: Name): void {
    this.#lives.set(client, this.now(client) + 1)
  }

  /** In which life a client is. */
  now(client: Name): number {
    return this.#lives.get(client) ?? 0
  }

  /** Something of a client's has happened in the life that it is in. */
  mark(what: unknown, client: Name): void {
    const life = this.#lives.size === 0 ? 0 : this.now(client)
    if (life > 0) this.#of.set(what, life)
  }

  of(what: unknown): number {
    return this.#of.get(what) ?? 0
  }

  /**
   * Of several things of one client, those on which something rests that was sent in a life: what is of that life, or of the last before
   * it that has any, since an answer that a checkpoint holds is sent again in a later one.
   */
  behind<T>(all: readonly T[], life: number): readonly T[] {
    if (this.#lives.size === 0) return all
    const last = all.reduce((latest, one) => (this.of(one) <= life ? Math.max(latest, this.of(one)) : latest), 0)
    return all.filter((one) => this.of(one) === last)
  }
}
