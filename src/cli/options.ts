import { InvalidArgumentError } from 'commander'
import { engineNames, mostWorkers, type EngineName } from '../engine/open.js'
import { didYouMean } from '../documents/did-you-mean.js'

/** More than anybody flies, draws or looks at. */
const greatest = 1_000_000

/** A whole number from `least` up, to `most` where there is such a bound. */
export const whole =
  (least: number, most?: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= (most ?? greatest)) return value
    if (most === undefined && value > greatest) throw new InvalidArgumentError(`It must be at most ${greatest}: more would never end.`)
    if (Number.isInteger(value) && value >= least && value <= (most ?? greatest) && text.trim() !== '') throw new InvalidArgumentError(`Write it in digits alone: ${value}.`)
    throw new InvalidArgumentError(`It must be a whole number from ${least} ${most === undefined ? 'up' : `to ${most}`}.`)
  }

/** A number of worker threads. */
export const workers = whole(1, mostWorkers)

/** The path of a folder. */
export const folderPath = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}

/** A seed: any text without spaces around it; numbers are the usual choice. */
export const seed = (text: string): string => {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text.trim()
}

/** The name of an engine. */
export const engine = (text: string): EngineName => {
  const found = engineNames.find((name) => name === text)
  if (found) return found
  throw new InvalidArgumentError(`${didYouMean(text, engineNames)} Known: ${engineNames.join(', ')}.`.trim())
}

/** One of a few words. */
export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Word => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    throw new InvalidArgumentError(`${didYouMean(text, words)} Known: ${words.join(', ')}.`.trim())
  }

/** A share strictly between 0 and 1. */
export const share = (text: string): number => {
  const value = Number(text)
  if (value > 0 && value < 1) return value
  throw new InvalidArgumentError('It must be a number above 0 and below 1.')
}

/** Gathers a flag that may be given more than once. */
export const gather = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text]

/** Some of a few words, each of which may be given. */
export const oneOfMany =
  <Word extends string>(words: readonly Word[]) =>
  (text: string, before: readonly Word[] | undefined): Word[] => [...(before ?? []), oneOf(words)(text)]

/** A number from 0 to 1. */
export const part = (text: string): number => {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}
