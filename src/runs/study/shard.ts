import { SpecificationError } from '../../errors.js'

/** One of several parts of a study, flown by themselves: part `number` of `of`, from 1. */
export interface Shard {
  readonly number: number
  readonly of: number
}

/** Reads `2/3`. */
export const parseShard = (text: string): Shard => {
  const [, number, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []
  const shard = { number: Number(number), of: Number(of) }
  if (shard.number >= 1 && shard.number <= shard.of) return shard
  throw new SpecificationError(`"${text}" is no part of a whole: give 1/3, 2/3 or 3/3 for a third each.`)
}

/** Is the run at this place of the plan, from 0, in the shard? Neighbours are in different ones, so that all take about as long. */
export const isIn = (shard: Shard | undefined, place: number): boolean => shard === undefined || place % shard.of === shard.number - 1
