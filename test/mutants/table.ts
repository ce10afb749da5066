import { writeFileSync } from 'node:fs'

import Table from 'cli-table3'

import type { Look, Sight, Way } from './look.js'
import { federationOf, type Mutant, mutants } from './mutants.js'
import { firstLine, forEachOf, planted } from './planted.js'

/** Cases of one exploration. */
const plans = 500
const ways: readonly Way[] = ['random', 'directed', 'backward']

/** How many cases each search needed, in the order of seeds (backward: of one); Infinity where it found nothing within as many as there may be, or ran out of them. */
type Needs = Readonly<Record<Way, readonly number[]>>

/** Cases that are the same for random and for directed search: nothing is made of others until one generation has landed. */
const alike = 64

const searched = async (mutant: Mutant | undefined, searches: Look['searches']): Promise<readonly number[]> => {
  if (searches.length === 0) return []
  const look: Look = { plans, searches, shrinks: false, ...federationOf(mutant) }
  const sights = await planted<readonly Sight[]>(mutant, { script: 'look.ts', about: look, longest: 3_600_000 })
  return sights.map(({ plans: found = Infinity }) => found)
}

/**
 * The first so many seeds with which nothing is found where there is no bug. With another one, what was found could be the sources' own failure:
 * it is said, and left out.
 */
const calmSeeds = async (count: number): Promise<readonly string[]> => {
  const calm: string[] = []
  for (let next = 1; calm.length < count; next += count) {
    const tried = Array.from({ length: count }, (_, i) => String(next + i))
    const found = await forEachOf(tried, async (seed) => (await searched(undefined, [{ way: 'random', seed }]))[0])
    for (const [i, seed] of tried.entries()) {
      if (found[i] < Infinity) process.stderr.write(`seed ${seed} is left out: case ${found[i]} fails without any bug\n`)
      else if (calm.length < count) calm.push(seed)
    }
  }
  return calm
}

const needsOf = async (mutant: Mutant, seeds: readonly string[]): Promise<Needs> => {
  // What is cut away follows from one good flight: chance changes next to nothing of it.
  const all = [...seeds.map((seed) => ({ way: 'random' as const, seed })), { way: 'backward' as const, seed: seeds[0] }]
  const found = await searched(mutant, all)
  const [random, backward] = [found.slice(0, seeds.length), found.slice(seeds.length)]
  const late = seeds.filter((_, i) => random[i] > alike)
  const steered = await searched(mutant, late.map((seed) => ({ way: 'directed' as const, seed })))
  return { random, directed: random.map((need, i) => (need > alike ? steered[late.indexOf(seeds[i])] : need)), backward }
}

/** The middle one; of those that were not found it is only known that they took longer. */
export const medianOf = (needs: readonly number[]): number => {
  const sorted = needs.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  return high === Infinity ? Infinity : (low + high) / 2
}

/** Two-sided sign test: how likely so uneven a split of the seeds is that differ, if neither search is better. */
export const signTest = (one: readonly number[], other: readonly number[]): { readonly better: number; readonly worse: number; readonly p: number } => {
  const better = one.filter((need, i) => need < other[i]).length
  const worse = one.filter((need, i) => need > other[i]).length
  const n = better + worse
  let [choose, tail] = [1, 0]
  for (let k = 0; k <= Math.min(better, worse); k++) {
    tail += choose
    choose = (choose * (n - k)) / (k + 1)
  }
  return { better, worse, p: Math.min(1, (2 * tail) / 2 ** n) }
}

const cell = (needs: readonly number[]): string => {
  const median = medianOf(needs)
  const found = needs.filter((need) => need < Infinity).length
  return `${median === Infinity ? `over ${plans}` : median}${found < needs.length ? ` (${found} of ${needs.length} found)` : ''}`
}

interface Row {
  readonly mutant: Mutant
  /** What went wrong, where it could not be counted. */
  readonly needs: Needs | string
}

/** Infinity is null in a file. */
const written = ({ mutant: { name, check }, needs }: Row): unknown => {
  const numbers = (way: Way, all: Needs): readonly (number | null)[] => all[way].map((need) => (need === Infinity ? null : need))
  return { name, check, needs: typeof needs === 'string' ? needs : Object.fromEntries(ways.map((way) => [way, numbers(way, needs)])) }
}

/**
 * For each bug, how many cases a search flies until one fails: median over seeds, for cases that are drawn, drawn and directed by coverage, and cut
 * backward from good flights. Prints the table, and writes each number to a file as JSON,
 * after each bug: what was counted is there if it is cut short.
 */
export const tableOf = async (file: string, count: number): Promise<boolean> => {
  const seeds = await calmSeeds(count)
  const done: Row[] = []
  const rows = await forEachOf(mutants, async (mutant) => {
    const needs = await needsOf(mutant, seeds).catch((error: unknown) => firstLine(error))
    const row: Row = { mutant, needs }
    done.push(row)
    writeFileSync(file, `${JSON.stringify({ plans, seeds, bugs: done.map(written) }, null, 2)}\n`)
    process.stderr.write(`${done.length}/${mutants.length} ${mutant.name}: ${typeof needs === 'string' ? needs : ways.map((way) => `${way} ${cell(needs[way])}`).join(', ')}\n`)
    return row
  })
  const table = new Table({ head: ['bug', ...ways], colWidths: [48, 24, 24, 24], wordWrap: true, style: { head: [], border: [] } })
  for (const { mutant: { name }, needs } of rows) {
    table.push([name, ...ways.map((way) => (typeof needs === 'string' ? needs : cell(needs[way])))])
  }
  const whole = rows.flatMap(({ needs }) => (typeof needs === 'string' ? [] : [needs]))
  const against = (way: Way): string => {
    const medians = whole.map((needs) => [medianOf(needs[way]), medianOf(needs.random)] as const)
    const { better, worse, p } = signTest(medians.map(([own]) => own), medians.map(([, random]) => random))
    return `${way}: sooner than random for ${better} bugs, later for ${worse}, as soon for ${whole.length - better - worse} (sign test over medians, p ${p.toPrecision(2)})`
  }
  process.stdout.write(`${table.toString()}\nPlans until a case fails, median of ${count} seeds (${seeds.join(', ')}), backward once; ${plans} at most.\n${against('directed')}\n${against('backward')}\n`)
  return whole.length === rows.length
}
