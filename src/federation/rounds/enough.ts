import { roundEntryOf, type RoundsInput, roundsSchema } from './registry.js'

/** How many answers rounds go by. */
export interface Enough {
  /** Of those that were folded, how many a fold needs at least. */
  fold(answers: number): number
  /** How many a round needs to close at all; 0: it closes in time whatever comes. */
  close(answers: number): number
}

const every = (answers: number): number => answers

/**
 * Read off the options of the rounds. Of rounds that are a function nothing is known: then all that were folded are needed, and
 * that fewer do is found by flying. What is said here decides how many flights there are, and never what a check sees.
 */
export const enoughOf = (rounds: RoundsInput | undefined): Enough => {
  const parsed = roundsSchema.safeParse(rounds)
  if (!parsed.success) return { fold: every, close: every }
  const { kind, quorum, buffer } = parsed.data as { readonly kind: string; readonly quorum?: number; readonly buffer?: number }
  const least = quorum ?? buffer ?? 1
  const fold = (answers: number): number => Math.min(least, answers)
  if (roundEntryOf(parsed.data).stalls(parsed.data) === undefined) return { fold, close: () => 0 }
  const waitsForAll = kind === 'synchronous' || kind === 'tiers'
  return { fold, close: waitsForAll ? every : fold }
}
