import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { worldKinds, type WorldSpec } from '../../scenarios/registry.js'
import { DataError } from '../errors.js'

/** Names of files down to two folders below `dir`. */
const listing = (dir: string, depth = 2): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory() || depth === 0) return entry.name
    return listing(join(dir, entry.name), depth - 1).map((name) => `${entry.name}/${name}`)
  })

/** What a kind of data looks like from outside: by names of files alone. */
interface Sign {
  readonly kind: string
  readonly what: string
  readonly fits: (names: readonly string[]) => boolean
}

const signs: readonly Sign[] = [
  {
    kind: 'kuairand',
    what: 'KuaiRand-Pure (log_standard_*.csv, or the prepared kuairand_msmt_*.csv)',
    fits: (names) => names.some((name) => /(^|\/)(log_standard_|kuairand_msmt_)[^/]*\.csv(\.gz)?$/.test(name)),
  },
  {
    kind: 'folder',
    what: 'your own CSV files with a schema.json or schema.yaml',
    fits: (names) => names.some((name) => /^schema\.(json|ya?ml)$/.test(name)),
  },
  {
    kind: 'aliexpress',
    what: 'AliExpress (one folder per country with train.csv and test.csv)',
    fits: (names) =>
      names.some((name) => name.endsWith('/train.csv') && names.includes(name.replace(/train\.csv$/, 'test.csv'))),
  },
]

/**
 * The world of the folder that `--data` names: the script's own world if it is of that kind, so that its options hold.
 * Errors if there is no such folder, or if it looks like nothing known.
 */
export const worldOfFolder = (dir: string, written: unknown): WorldSpec => {
  if (!existsSync(dir)) throw new DataError(`--data ${dir}: there is no such folder.`)
  if (!statSync(dir).isDirectory()) throw new DataError(`--data ${dir}: this is a file. Give the folder that it is in.`)
  const names = listing(dir)
  const sign = signs.find(({ kind, fits }) => Object.hasOwn(worldKinds, kind) && fits(names))
  if (sign === undefined) {
    const known = signs.filter(({ kind }) => Object.hasOwn(worldKinds, kind)).map(({ what }) => `\n  ${what}`)
    throw new DataError(`--data ${dir}: this looks like no data that is known. Known:${known.join('')}`)
  }
  const same = typeof written === 'object' && written !== null && (written as { kind?: unknown }).kind === sign.kind
  return (same ? written : { kind: sign.kind }) as WorldSpec
}
