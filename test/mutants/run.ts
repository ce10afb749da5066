import { catchAll } from './catch.js'
import { exploreAll } from './explore.js'
import { tableOf } from './table.js'

/*
 * `npm run mutants`: each bug of the table in a copy of the sources, and the check that catches it. Exits with 1 where one is caught by
 * nobody, or by another check than the one that is meant to.
 *
 * `npm run mutants -- explore [NAME...]`: each, or those that are named, is looked for by `explore`, which knows of none.
 *
 * `npm run mutants -- table FILE [SEEDS]`: after how many plans each is found, by random, directed and backward search.
 */
const [command, ...rest] = process.argv.slice(2)

const commands: Readonly<Record<string, () => Promise<boolean>>> = {
  catch: catchAll,
  explore: () => exploreAll(rest),
  table: () => tableOf(rest[0] ?? 'mutants.json', Number(rest[1] ?? 25)),
}

const chosen = commands[command ?? 'catch']
if (chosen === undefined) {
  process.stderr.write(`There is no '${command}'. There are: ${Object.keys(commands).join(', ')}.\n`)
  process.exit(2)
}
process.exit((await chosen()) ? 0 : 1)
