import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { listing } from '../../src/data/bytes.js'
import { DataError } from '../../src/errors.js'

export type KuaiRandTable = 'auto' | 'raw' | 'full' | 'small'

/** Where a KuaiRand-Pure world is read from. */
export type KuaiRandFiles =
  | { readonly source: 'prepared'; readonly file: string }
  | { readonly source: 'raw'; readonly logs: readonly string[]; readonly users: string; readonly videos: string
      readonly statistics: string }

/** Finds the files under `dir`: the folder that holds `msmt/` and `raw/`, the one above it, or the files themselves.
 * `auto` takes the prepared full table, else the original files, else the prepared small table. */
export const findFiles = async (dir: string, table: KuaiRandTable): Promise<KuaiRandFiles> => {
  const folders = ['', 'msmt', 'raw', 'data', 'kuairand_pure/msmt', 'kuairand_pure/raw', 'KuaiRand-Pure/data']
  const wanted = table === 'auto' ? (['full', 'raw', 'small'] as const) : [table]
  const contents = await Promise.all(
    folders.map(async (folder) => ({ folder: join(dir, folder), names: await namesIn(join(dir, folder)) })),
  )
  for (const kind of wanted) {
    for (const { folder, names } of contents) {
      const found = kind === 'raw' ? original(folder, names) : prepared(folder, names, kind)
      if (found !== undefined) return found
    }
  }
  const looked = wanted.map((kind) =>
    kind === 'raw'
      ? 'log_standard_*.csv beside user_features_pure.csv and video_features_basic_pure.csv'
      : `kuairand_msmt_${kind}.csv(.gz)`)
  throw new DataError(
    `no KuaiRand-Pure in ${resolve(dir)}: looked for ${looked.join(', or ')}, there and in ` +
      `${folders.slice(1).join(', ')}; ${await listing(dir)}. Point --data at the folder that holds raw/ or msmt/`,
  )
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return (await readdir(folder)).sort()
  } catch {
    return []
  }
}

const prepared = (folder: string, names: readonly string[], kind: string): KuaiRandFiles | undefined => {
  const name = [`kuairand_msmt_${kind}.csv`, `kuairand_msmt_${kind}.csv.gz`].find((n) => names.includes(n))
  return name === undefined ? undefined : { source: 'prepared', file: join(folder, name) }
}

const original = (folder: string, names: readonly string[]): KuaiRandFiles | undefined => {
  const logs = names.filter((name) => /^log_standard_.*\.csv(\.gz)?$/.test(name))
  const one = (stem: string): string | undefined => names.find((name) => name === stem || name === `${stem}.gz`)
  const users = one('user_features_pure.csv')
  const videos = one('video_features_basic_pure.csv')
  if (logs.length === 0 || users === undefined || videos === undefined) return undefined
  const statistics = one('video_statistics_pure.csv') ?? 'video_statistics_pure.csv'
  return {
    source: 'raw',
    logs: logs.map((name) => join(folder, name)),
    users: join(folder, users),
    videos: join(folder, videos),
    statistics: join(folder, statistics),
  }
}
