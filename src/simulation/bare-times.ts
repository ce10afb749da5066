import type { Problem } from '../documents/problem.js'
import type { Path } from '../documents/path.js'
import type { Source } from '../documents/source.js'

/** The most numbers that are looked at: a file of windows may have very many, and its first tell. */
const most = 500

/** Every number in plain data, with its path. */
const numbersIn = function* (value: unknown, path: Path = []): Generator<readonly [Path, number]> {
  if (typeof value === 'number') yield [path, value]
  else if (Array.isArray(value)) for (const [i, inner] of value.entries()) yield* numbersIn(inner, [...path, i])
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* numbersIn(inner, [...path, name])
  }
}

const replaced = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by
  if (Array.isArray(value)) return value.map((inner: unknown, i) => (i === Number(step) ? replaced(inner, rest, by) : inner))
  const group = value as Record<string, unknown>
  return { ...group, [step]: replaced(group[step], rest, by) }
}

/**
 * Times that were written by hand without a unit, as `rounds.after: 60`: sixty what? A field is a time if it means the same
 * with `us` behind the number. `parse` gives what data means, as JSON; undefined if it means nothing.
 */
export const bareTimes = (data: unknown, source: Source, parse: (data: unknown) => string | undefined): Problem[] => {
  let meaning: string | undefined
  const problems: Problem[] = []
  let looked = 0
  for (const [path, value] of numbersIn(data)) {
    if (value === 0 || !Number.isInteger(value) || !source.isText(path)) continue
    if (++looked > most) break
    meaning ??= parse(data)
    if (parse(replaced(data, path, `${value} us`)) !== meaning) continue
    const rule = `is a time without a unit, got ${value}`
    problems.push({ path, at: 'value', rule, advice: `Write "${value} s", "${value} min" or "${value} us", as it is meant.` })
  }
  return problems
}
