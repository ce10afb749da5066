import { catchAll } from './catch.js'
import { exploreAll } from './explore.js'
import { mutants } from './mutants.js'
import { tableOf } from './table.js'

/*
 * `npm run mutants`: each bug of the table in a copy of the sources, and the check that catches it. Exits with 1 where one is caught by
 * nobody, or by another check than the one that is meant to.
 *
 * `npm run mutants -- explore [--seed SEED] [NAME...]`: each, or those that are named, is looked for by `explore`, which knows of none. SEED is 1
 * where none is given.
 *
 * `npm run mutants -- table FILE [SEEDS]`: after how many plans each is found, by random, directed and backward search.
 */
const [command = 'catch', ...rest] = process.argv.slice(2)

/** What was asked for cannot be done: says so, and ends. */
const refuse = (why: string): never => {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}

const explored = (given: readonly string[]): Promise<boolean> => {
  const [seed, names] = given[0] === '--seed' ? [given[1], given.slice(2)] : ['1', given]
  if (seed === undefined) return refuse('Say which seed: npm run mutants -- explore --seed SEED')
  const unknown = names.find((name) => !mutants.some((one) => one.name === name))
  return unknown === undefined ? exploreAll(names, seed) : refuse(`There is no bug '${unknown}'. There are:\n${mutants.map(({ name }) => `  ${name}`).join('\n')}`)
}

const tabled = ([file, seeds = '25']: readonly string[]): Promise<boolean> => {
  if (file === undefined) return refuse('Name the file that the numbers go to: npm run mutants -- table FILE [SEEDS]')
  return /^[1-9]\d*$/.test(seeds) ? tableOf(file, Number(seeds)) : refuse(`SEEDS is a whole number from 1, not '${seeds}': npm run mutants -- table FILE [SEEDS]`)
}

const commands: ReadonlyMap<string, () => Promise<boolean>> = new Map([
  ['catch', catchAll], ['explore', () => explored(rest)], ['table', () => tabled(rest)],
])
const run = commands.get(command) ?? refuse(`There is no '${command}'. There are: ${[...commands.keys()].join(', ')}.`)
process.exit((await run()) ? 0 : 1)
