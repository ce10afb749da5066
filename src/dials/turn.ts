import { type Dial, type Dials, type Fields, pick, type Scene, type Toss } from './dial.js'

/** Something as a specification holds it: fields by name. */
export type Settings = Readonly<Record<string, unknown>>

/** A field that can be turned, and what it is set to; undefined: it is left out. */
export interface Setting {
  readonly field: string
  readonly dial: Dial
  readonly value: unknown
}

/** A `stretch` is two fields. */
const written = ({ stretch, ...rest }: Settings): Settings => {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), ...(stretch as object | undefined) }
}

const valueOf = (settings: Settings, field: string): unknown => {
  if (field !== 'stretch') return settings[field]
  const { from, until } = settings
  return from !== undefined && until !== undefined ? { from, until } : undefined
}

/** Whom something is about is in focus for all else that is drawn of it: what they do themselves may set it off. */
const aboutThem = (scene: Scene, { who }: Settings): Scene => {
  const names = (who as { readonly names?: readonly string[] } | undefined)?.names
  return scene.focus === undefined || names === undefined ? scene : { ...scene, focus: names }
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/**
 * Something that is turned by dials: a fault, the options of rounds. `isSound` says whether settings are such that a
 * specification may hold them: those that are not are never given.
 */
export class Turned {
  readonly #fields: Fields
  readonly #ways: readonly Fields[]
  readonly #isSound: (settings: Settings) => boolean

  constructor({ fields = {}, ways = [{}] }: Dials, isSound: (settings: Settings) => boolean) {
    this.#fields = fields
    this.#ways = ways
    this.#isSound = isSound
  }

  /** Drawn at most so wild: from 0, as mild as can be, to 1. Undefined: nothing sound was found in twenty tries. */
  draw(toss: Toss, intensity: number, scene: Scene, fixed: Settings = {}): Settings | undefined {
    // A few draws do not go together, such as a window that is shorter than its smallest part.
    for (let tries = 0; tries < 20; tries++) {
      const all = { ...this.#fields, ...pick(toss, this.#ways) }
      const drawn: Record<string, unknown> = {}
      for (const [field, dial] of Object.entries(all)) drawn[field] = dial.draw(toss, intensity, aboutThem(scene, drawn))
      const settings = { ...fixed, ...written(drawn) }
      if (this.#isSound(settings)) return settings
    }
    return undefined
  }

  /** What can be turned and is given. */
  settings(of: Settings): readonly Setting[] {
    return this.#among(of, { ...this.#fields, ...this.#wayOf(of) }).filter(({ value }) => value !== undefined)
  }

  /** Milder in one field each, or simpler and as mild. */
  milder(of: Settings, scene: Scene): readonly Settings[] {
    return this.settings(of).flatMap(({ field, dial, value }) =>
      dial.milder(value, scene).map((other) => this.#reset(of, field, other)).filter(this.#isSound))
  }

  /** The same with one field drawn anew, from all that it may be; undefined: that cannot be. */
  varied(of: Settings, field: string, toss: Toss, scene: Scene): Settings | undefined {
    const setting = this.settings(of).find((one) => one.field === field)
    const other = setting && this.#reset(of, field, setting.dial.draw(toss, 1, scene))
    return other !== undefined && this.#isSound(other) ? other : undefined
  }

  /**
   * How wild it is, from 0 to 1: the mean over the fields that can be turned, of which the way that it is, such as its
   * window, is one. What is left out is as mild as can be, but to be on always is 1.
   */
  wildness(of: Settings, scene: Scene): number {
    const measures = (dials: Fields): number[] =>
      this.#among(of, dials).map(({ dial, value }) => (value === undefined ? 0 : dial.measure(value, scene)))
    const way = measures(this.#wayOf(of))
    return mean([...measures(this.#fields), way.length === 0 ? 1 : mean(way)])
  }

  #among(of: Settings, dials: Fields): readonly Setting[] {
    return Object.entries(dials).map(([field, dial]) => ({ field, dial, value: valueOf(of, field) }))
  }

  /** The way that it is: the one of which it gives most. */
  #wayOf(of: Settings): Fields {
    const given = (way: Fields): number => Object.keys(way).filter((field) => valueOf(of, field) !== undefined).length
    const [way] = [...this.#ways].sort((a, b) => given(b) - given(a) || Object.keys(a).length - Object.keys(b).length)
    return way
  }

  #reset(of: Settings, field: string, value: unknown): Settings {
    const { [field]: _, ...rest } = of
    return written({ ...rest, [field]: value })
  }
}
