import { parseDocument } from 'yaml'

import { didYouMean } from '../../documents/did-you-mean.js'
import { offenceIn } from '../../documents/plain.js'
import { SpecificationError } from '../../errors.js'
import type { Axes, Draw } from './sweep.js'

/** The axes of a command line, as they were typed: plain data. */
export interface SweepFlags {
  /** `PATH=VALUE,VALUE`. */
  readonly grid?: readonly string[] | undefined
  /** `{PATH: VALUE, PATH: VALUE}`, a point each. */
  readonly point?: readonly string[] | undefined
  /** `PATH=log(FROM,TO)`, `uniform(...)`, `integer(...)`, `of(VALUE,VALUE)`. */
  readonly random?: readonly string[] | undefined
  readonly draws?: number | undefined
  readonly drawSeed?: string | undefined
  readonly seeds?: number | undefined
  readonly metric?: string | undefined
  /** A folder of data in place of the world: what it is called where all points are of one. */
  readonly data?: string | undefined
  /** Settings of the simulation that is swept. */
  readonly set?: readonly string[] | undefined
}

/** What YAML makes of a text: plain data. */
const yamlOf = (yaml: string, flag: string): unknown => {
  const document = parseDocument(yaml, { prettyErrors: false, logLevel: 'error' })
  const what = document.errors[0]?.message.split('\n')[0] ?? offenceIn(document)?.what
  if (what !== undefined) throw new SpecificationError(`${flag}: its values are not YAML (${what.slice(0, 100)}). Quote it: '${flag.split(' ', 1)[0]}' 'PATH=...'.`)
  return document.toJS() as unknown
}

const split = (text: string, flag: string, form: string): readonly [path: string, value: string] => {
  const at = text.indexOf('=')
  const [path, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  if (at > 0 && path !== '' && value !== '') return [path, value]
  throw new SpecificationError(`${flag}: expected ${form}.`)
}

const cut = (flag: string): string => (flag.length > 100 ? `${flag.slice(0, 97)}...` : flag)

/** `strategy.mu=.01,.1`: what stands between commas that are in no brackets. */
const gridOf = (text: string): readonly [string, readonly unknown[]] => {
  const flag = cut(`--grid ${text}`)
  const [path, values] = split(text, flag, 'PATH=VALUE,VALUE, such as --grid strategy.mu=.01,.1')
  return [path, yamlOf(`[${values}]`, flag) as unknown[]]
}

const kinds = ['uniform', 'log', 'integer', 'of'] as const

/** `local.optimizer.rate=log(1e-4,1e-1)`. */
const randomOf = (text: string): readonly [string, Draw] => {
  const flag = cut(`--random ${text}`)
  const form = 'PATH=log(FROM,TO), such as --random \'local.optimizer.rate=log(1e-4,1e-1)\'; or uniform(FROM,TO), integer(FROM,TO), of(VALUE,VALUE)'
  const [path, value] = split(text, flag, form)
  const [, kind, inner] = /^([\w-]+)\((.*)\)$/s.exec(value) ?? []
  if (kind === undefined) throw new SpecificationError(`${flag}: expected ${form}.`)
  if (!kinds.some((known) => known === kind)) throw new SpecificationError(`${flag}: nothing is drawn by ${kind}. ${didYouMean(kind, kinds)} Known: ${kinds.join(', ')}.`.replace('  ', ' '))
  const values = yamlOf(`[${inner}]`, flag) as unknown[]
  const [from, to] = values as number[]
  const numbers = values.length === 2 && values.every((one) => typeof one === 'number' && Number.isFinite(one))
  const fail = (why: string): never => {
    throw new SpecificationError(`${flag}: ${why}.`)
  }
  if (kind === 'of') return [path, { of: values.length > 0 ? values : fail('give at least one value') }]
  if (!numbers) fail(`${kind} takes two numbers`)
  if (from >= to) fail('the first number must be below the second')
  if (kind === 'log' && from <= 0) fail('a logarithm is of numbers above 0')
  if (kind === 'integer' && !(Number.isInteger(from) && Number.isInteger(to))) fail('integer takes two whole numbers')
  return [path, { [kind]: [from, to] } as unknown as Draw]
}

const pointOf = (text: string): Readonly<Record<string, unknown>> => {
  const flag = cut(`--point ${text}`)
  const value = yamlOf(text, flag)
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) return value as Record<string, unknown>
  throw new SpecificationError(`${flag}: expected { PATH: VALUE, PATH: VALUE }, such as --point '{ strategy.mu: .01, local.epochs: 2 }'.`)
}

/** The axes that flags give. Errors name the flag. */
export const axesOfFlags = ({ grid, point, random, draws, drawSeed, seeds }: SweepFlags): Axes => ({
  ...(grid && { grid: Object.fromEntries(grid.map(gridOf)) }),
  ...(point && { list: point.map(pointOf) }),
  ...(random && { random: Object.fromEntries(random.map(randomOf)) }),
  ...(draws !== undefined && { draws }), ...(drawSeed !== undefined && { drawSeed }), ...(seeds !== undefined && { seeds }),
})
