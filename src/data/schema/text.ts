import { z } from 'zod'
import { printable } from '../../errors.js'

/** Longest name that a schema may give, so that any message can show it whole. */
export const longest = 200

/** Whether tables and terminals show a name as it is, and no object has it already (`__proto__`, `constructor`). */
export const nameable = (name: string): boolean =>
  name !== '' && name.length <= longest && printable(name) === name && !/[\t\n]/.test(name) && !(name in {})

/** The name of a task, a scenario or the world. */
export const nameSchema = z.string().refine(nameable, {
  error: `a name has 1 to ${longest} characters, none of them a control character, and is none that JavaScript keeps for itself`,
})

/** The name of a column, as a file has it. */
export const columnSchema = z.string().min(1).max(longest).refine((name) => printable(name) === name, {
  error: 'the name of a column has no control characters',
})

/** What a field of a file may hold: a text, or a number or truth value that is compared as such. */
export const wordSchema = z.union([z.string(), z.number(), z.boolean()])

/** One or several of something. */
export const oneOrMore = <T extends z.ZodType>(one: T) => z.union([one, z.array(one).min(1)])

/** One or several as a list. */
export const listed = <T>(given: T | readonly T[] | undefined): readonly T[] =>
  given === undefined ? [] : Array.isArray(given) ? (given as readonly T[]) : [given as T]
