import { dial, type Dial, type Fields, type Scene } from './dial.js'
import { word } from './numbers.js'

type Group = Readonly<Record<string, unknown>>

/** One of several groups that a field tells apart. */
export interface Kind {
  /** As it is drawn. */
  readonly group: Group
  /** What of it can be turned by itself, where it is given. */
  readonly numbers?: Fields
  /** False: it is never drawn, but may be given. */
  readonly drawn?: boolean
}

/** How much wilder its numbers make a group than it is as it is drawn, or as it is mildest: from 0 to 1. */
const beyond = ({ group, numbers = {} }: Kind, given: Group, scene: Scene): number =>
  Object.entries(numbers).reduce((most, [name, inner]) => {
    if (given[name] === undefined) return most
    const usual = group[name] === undefined ? 0 : inner.measure(group[name], scene)
    return Math.max(most, inner.measure(given[name], scene) - usual)
  }, 0)

/**
 * One of these groups, which the field `tag` tells apart, the mildest first: each as it is drawn, and made milder by another
 * group or by its own numbers. A group that its tag alone says may be given as that.
 */
export const kinds = (tag: string, ...all: readonly Kind[]): Dial => {
  const drawn = all.filter((kind) => kind.drawn !== false)
  const groupOf = (given: unknown): Group => (typeof given === 'object' && given !== null ? (given as Group) : { [tag]: given })
  const indexOf = (given: Group): number => all.findIndex(({ group }) => group[tag] === given[tag])
  return dial<unknown>({
    draw: word(...drawn.map(({ group }) => group)).draw,
    milder: (given, scene) => {
      const own = groupOf(given)
      const index = indexOf(own)
      if (index < 0) return []
      const other = all.slice(0, index).filter((kind) => kind.drawn !== false).map(({ group }) => group)
      const turned = Object.entries(all[index].numbers ?? {}).flatMap(([name, inner]) =>
        own[name] === undefined ? [] : inner.milder(own[name], scene).map((value) => ({ ...own, [name]: value })))
      return [...other, ...turned]
    },
    measure: (given, scene) => {
      const own = groupOf(given)
      const index = indexOf(own)
      if (index < 0 || drawn.length < 2) return 0
      // One that is not drawn lies between its neighbours; numbers bring a group no further than halfway to the next.
      const before = all.slice(0, index).filter((kind) => kind.drawn !== false).length
      const place = all[index].drawn === false ? before - 0.5 : before
      return Math.min(1, (place + beyond(all[index], own, scene) / 2) / (drawn.length - 1))
    },
  })
}
