import { z } from 'zod'

import { formatPath } from '../documents/path.js'
import { problemsIn } from '../documents/problem.js'
import { StorageError } from '../errors.js'
import type { Blame } from '../lab/blame/blame.js'
import type { Disk } from './disk.js'
import { whyOf } from './folder.js'
import type { Manifest } from './manifest.js'

/** Where the prices of a run's faults are kept: beside its folder, which stays as the run has sealed it. */
export const blameFileOf = (folder: string): string => `${folder}.blame.json`

/** Numbers that are unknown are null, as JSON has no other word for it. */
const number = z.number().nullable().transform((value) => value ?? Number.NaN)

const priceShape = z.looseObject({
  what: z.enum(['fault', 'pair', 'pair beyond its two', 'all', 'all beyond each', 'share']),
  faults: z.array(z.string()).min(1),
  measure: z.string(),
  unit: z.enum(['score', 'time', 'bytes', 'examples']),
  better: z.enum(['higher', 'lower']),
  units: z.int().min(0),
  effect: z.looseObject({ estimate: number, interval: z.tuple([number, number]) }),
  adjusted: number,
  alike: z.boolean(),
  verdict: z.enum(['harmful', 'helpful']).optional(),
})

const shape = z.looseObject({
  format: z.literal('windtunnel-blame'),
  version: z.literal(1),
  run: z.looseObject({ name: z.string(), seed: z.string(), digest: z.string() }),
  seeds: z.array(z.string()),
  level: z.number(),
  flights: z.int().min(1),
  explained: z.boolean(),
  prices: z.array(priceShape),
})

/** Prices of the faults of a run, as they were kept. */
export type KeptBlame = z.output<typeof shape>

/** What came of pricing, as plain data. */
export const blameData = ({ measures, prices, ...about }: Blame): object => ({
  ...about,
  measures: measures.map(({ name }) => name),
  prices: prices.map(({ measure: { name, unit, better }, ...price }) => ({ ...price, measure: name, unit, better })),
})

/** Keeps the prices of a run's faults beside it, in place of those of before; `why` it could not, as the prices are told all the same. */
export const keepBlame = (
  folder: string, { name, seed, digest }: Pick<Manifest, 'name' | 'seed' | 'digest'>, found: Blame, disk: Pick<Disk, 'replace'>,
): { readonly file: string; readonly why: string | undefined } => {
  const file = blameFileOf(folder.replace(/[\\/]+$/, ''))
  try {
    disk.replace(file, `${JSON.stringify({ format: 'windtunnel-blame', version: 1, run: { name, seed, digest }, ...blameData(found) }, null, 1)}\n`)
    return { file, why: undefined }
  } catch (cause) {
    return { file, why: whyOf(cause) }
  }
}

/** Prices that are kept beside a run; `other`: they are of another flight, and say nothing of this one. Throws a `StorageError` for a file that holds none. */
export const readBlame = (
  folder: string, { digest }: Pick<Manifest, 'digest'>, disk: Pick<Disk, 'exists' | 'read'>,
): KeptBlame | 'other' | undefined => {
  const file = blameFileOf(folder.replace(/[\\/]+$/, ''))
  if (!disk.exists(file)) return undefined
  const advice = `Take it away, or have npx windtunnel blame ${folder} write it again.`
  let content: unknown
  try {
    content = JSON.parse(disk.read(file))
  } catch {
    throw new StorageError(`${file} is not JSON. ${advice}`)
  }
  const parsed = shape.safeParse(content)
  if (!parsed.success) {
    const [{ path, rule }] = problemsIn(parsed.error, content, {})
    throw new StorageError(`${file} is not what blame writes: ${path.length === 0 ? '' : `${formatPath(path)} `}${rule}. ${advice}`)
  }
  return digest === undefined || parsed.data.run.digest !== digest ? 'other' : parsed.data
}
