import { join } from 'node:path'
import { z } from 'zod'

import { StorageError } from '../../errors.js'
import type { Disk } from '../disk.js'
import { type At, ats } from '../comparison/gather.js'
import { demandShape } from '../shape.js'
import type { Asks } from './asks.js'

/** What a study's folder says of the command that flies it. */
export const studyFile = 'study.json'

/** The command, with which the study is flown on. */
export interface StudyRecord {
  readonly format: 'windtunnel-study'
  readonly version: 1
  /** Which command it is: `study` when absent. */
  readonly command?: 'study' | 'sweep'
  /** Relative to where the command ran. */
  readonly script: { readonly file: string; readonly sha256: string }
  /** Its flags, but for those that say where and how loudly. */
  readonly flags: Readonly<Record<string, unknown>>
  /** What it asks, and what its table compares: what a reader of its runs wants to know. Earlier versions did not write it. */
  readonly asks?: Asks
}

const asked = z.looseObject({
  name: z.string(), question: z.string(), baselines: z.array(z.string()), metric: z.string().optional(), within: z.string().optional(),
  at: z.enum(Object.keys(ats) as [At, ...At[]]).optional(), byRows: z.boolean().optional(), gain: z.boolean().optional(),
})

const shape = z.looseObject({
  format: z.literal('windtunnel-study'),
  version: z.literal(1),
  command: z.enum(['study', 'sweep']).optional(),
  script: z.looseObject({ file: z.string(), sha256: z.string() }),
  flags: z.record(z.string(), z.unknown()),
  asks: asked.optional(),
})

export const isStudyFolder = (folder: string, disk: Pick<Disk, 'exists'>): boolean => disk.exists(join(folder, studyFile))

/** Written before the first run: a study that is killed at any moment can be flown on. */
export const writeStudyRecord = (
  folder: string, { command, script, flags, asks }: Pick<StudyRecord, 'command' | 'script' | 'flags' | 'asks'>, disk: Pick<Disk, 'makeFolder' | 'replace'>,
): void => {
  const record: StudyRecord = { format: 'windtunnel-study', version: 1, ...(command && { command }), script, flags, ...(asks && { asks }) }
  try {
    disk.makeFolder(folder)
    disk.replace(join(folder, studyFile), `${JSON.stringify(record, null, 2)}\n`)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new StorageError(`Cannot write the study to ${folder}: ${code ?? message}. Give another place with --out.`, { cause })
  }
}

export const readStudyRecord = (folder: string, disk: Pick<Disk, 'read'>): StudyRecord => {
  const file = join(folder, studyFile)
  let content: unknown
  try {
    content = JSON.parse(disk.read(file))
  } catch (cause) {
    throw new StorageError(`${file} is not JSON. Fly the study with the command that began it.`, { cause })
  }
  demandShape(shape, content, file)
  return content as StudyRecord
}
