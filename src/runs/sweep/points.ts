import { formatPath, parsePath } from '../../documents/path.js'
import { shown } from '../../documents/problem.js'
import { SpecificationError } from '../../errors.js'
import { streams } from '../../random/streams.js'
import { isBehaviour } from '../../simulation/functions.js'
import { drawn, oneOf } from './draw.js'
import type { Axes, Draw, Named } from './sweep.js'

/** Which of the fields of a sweep an axis is given in. */
export type AxisField = 'grid' | 'list' | 'random'

/** The value of one axis at a point. */
export interface Choice {
  readonly field: AxisField
  /** As it was written; `path` is the same in one form. */
  readonly axis: string
  readonly path: string
  readonly value: unknown
  /** What the value is called; undefined: as it is. */
  readonly name?: string
}

/** Where a sweep is flown: what every axis is there. */
export type PointChoices = readonly Choice[]

/** Says what is wrong with an axis, with its place. */
export type Refuse = (field: AxisField, axis: string, why: string) => never

type Option = Pick<Choice, 'value' | 'name'>

const optionsOf = (given: readonly unknown[] | Named): Option[] =>
  Array.isArray(given) ? given.map((value: unknown) => ({ value })) : Object.entries(given).map(([name, value]) => ({ name, value }))

const asText = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

/** Values that can stand for themselves, and no two alike. */
const checkOptions = (field: AxisField, axis: string, options: readonly Option[], refuse: Refuse): void => {
  for (const { value, name } of options) {
    if (value === undefined) refuse(field, axis, 'a value is missing')
    if (name === undefined && isBehaviour(value)) refuse(field, axis, 'a function has no name: give values by name, { mine: value }')
  }
  const texts = options.map(({ value, name }) => name ?? asText(value))
  const twice = texts.find((text, i) => texts.indexOf(text) !== i)
  if (twice !== undefined) refuse(field, axis, `${shown(JSON.parse(twice) as unknown)} is given twice`)
}

/** Every combination, the last turning fastest. */
const combined = <T>(groups: readonly (readonly (readonly T[])[])[]): T[][] =>
  groups.reduce<T[][]>((all, group) => all.flatMap((before) => group.map((more) => [...before, ...more])), [[]])

const choice = (field: AxisField, axis: string, option: Option): Choice => ({ field, axis, path: formatPath(parsePath(axis)), ...option })

const drawnPoints = ({ random, draws = 0, drawSeed = 1 }: Axes, refuse: Refuse): Choice[][] => {
  if (random === undefined) return [[]]
  const stream = streams(String(drawSeed))
  const axes = Object.entries(random).map(([axis, given]) => {
    const of = (Array.isArray(given) ? { of: given as readonly unknown[] } : given) as Draw
    const options = 'of' in of ? optionsOf(of.of) : []
    if ('of' in of) checkOptions('random', axis, options, refuse)
    const path = formatPath(parsePath(axis))
    // By path and number: more draws, or another axis, change none of them.
    return (n: number): Choice => {
      const own = stream('sweep', path, n)
      return choice('random', axis, 'of' in of ? options[oneOf(options.length, own)] : { value: drawn(of, own) })
    }
  })
  return Array.from({ length: draws }, (_, n) => axes.map((axis) => axis(n)))
}

const keyOf = (point: PointChoices): string => JSON.stringify(point.map(({ path, name, value }) => [path, name ?? value]))

const checkAxes = (axes: Axes, refuse: Refuse): void => {
  const seen = new Map<string, string>()
  const see = (field: AxisField, axis: string): void => {
    const path = formatPath(parsePath(axis))
    if (path === 'name') refuse(field, axis, 'all runs of a sweep have its name')
    if (path.split('.').includes('__proto__')) refuse(field, axis, 'a field cannot be called __proto__')
    const other = seen.get(path)
    if (other !== undefined && other !== `${field}: ${axis}`) refuse(field, axis, `is an axis already (${other})`)
    seen.set(path, `${field}: ${axis}`)
  }
  for (const axis of Object.keys(axes.grid ?? {})) see('grid', axis)
  for (const point of axes.list ?? []) {
    const paths = Object.keys(point).map((axis) => formatPath(parsePath(axis)))
    for (const [i, axis] of Object.keys(point).entries()) {
      if (paths.indexOf(paths[i]) !== i) refuse('list', axis, 'is given twice in one point')
      see('list', axis)
    }
  }
  for (const axis of Object.keys(axes.random ?? {})) see('random', axis)
}

/** Points that nobody flies: a typo, and a machine full of names. */
const most = 100_000

/**
 * The points of a sweep in their order: the grid's, each with every entry of the list, each with every draw. Draws that
 * came to the same are one point.
 */
export const pointsOf = (axes: Axes, refuse: Refuse): { readonly points: readonly PointChoices[]; readonly repeated: number } => {
  checkAxes(axes, refuse)
  const grid = Object.entries(axes.grid ?? {}).map(([axis, given]) => {
    const options = optionsOf(given)
    checkOptions('grid', axis, options, refuse)
    return options.map((option) => [choice('grid', axis, option)])
  })
  const list = (axes.list ?? [{}]).map((point) => Object.entries(point).map(([axis, value]) => {
    checkOptions('list', axis, [{ value }], refuse)
    return choice('list', axis, { value })
  }))
  const draws = drawnPoints(axes, refuse)
  const count = grid.reduce((sum, values) => sum * values.length, list.length * draws.length)
  if (count > most) throw new SpecificationError(`a sweep of ${count} points would never end: at most ${most} are flown. Draw some with random, in place of the grid.`)
  const all = combined<Choice>([...grid, list, draws])
  const points = [...new Map(all.map((point) => [keyOf(point), point])).values()]
  const repeated = all.length - points.length
  const lists = new Set(list.map(keyOf)).size
  if (lists < list.length) throw new SpecificationError('list: two points are the same. Take one away.')
  return { points, repeated }
}
