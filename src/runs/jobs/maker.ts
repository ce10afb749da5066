import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { sha256 } from '../hash.js'
import type { Manifest } from '../manifest.js'

/** What computed the results of a log, beside what their keys say: with another one the same job may have other bits. */
export interface Maker {
  readonly engine: string
  readonly processor: string
  readonly versions: Readonly<Record<string, string>>
  /** Of the code that trains: in a checkout it changes while its version does not. */
  readonly code: string
}

/** Rooms whose code decides what comes of a job: what is traced is in a program's hash, what feeds it is not. */
const rooms = ['balancing', 'data', 'engine', 'models', 'random', 'tasks', 'tensors']

const codeHash = (): string => {
  const source = fileURLToPath(new URL('../../', import.meta.url))
  const files = rooms.flatMap((room) =>
    (readdirSync(join(source, room), { recursive: true }) as string[]).filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
      .map((file) => join(room, file)))
  return sha256(files.sort().map((file) => `${file} ${sha256(readFileSync(join(source, file)))}\n`).join(''))
}

export const makerOf = ({ engine, processor, versions }: Pick<Manifest, 'engine' | 'processor' | 'versions'>): Maker => ({
  engine, processor: processor.kind, versions, code: codeHash(),
})

/** The first thing in which two makers are not the same, in words; undefined where they are. */
export const makersDiffer = (there: Maker, here: Maker): string | undefined => {
  if (there.engine !== here.engine) return `it is of the engine ${there.engine}, and this is ${here.engine}`
  if (there.processor !== here.processor) return `it was made on ${there.processor}, and this is ${here.processor}`
  for (const library of new Set([...Object.keys(there.versions), ...Object.keys(here.versions)])) {
    const [was, is] = [there.versions[library], here.versions[library]] as (string | undefined)[]
    if (was !== is) return `it was made with ${library} ${was ?? 'absent'}, and here it is ${is ?? 'absent'}`
  }
  return there.code === here.code ? undefined : 'the code that trains has changed since'
}
