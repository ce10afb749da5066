import { resolve as absolute } from 'node:path'

import { SpecificationError } from '../errors.js'
import { realDisk } from '../runs/disk.js'
import { sha256OfFile } from '../runs/hash.js'
import { readStudyRecord } from '../runs/study/record.js'
import type { Terminal } from './run.js'
import { study, type StudyFlags } from './study.js'
import { sweep, type SweepFlags } from './sweep.js'

/**
 * Flies the study or sweep on that a folder is of, with the flags that it was begun with. What `--fresh` had flown again is
 * there; what it had not come to is taken as it is.
 */
export const resumeStudy = (folder: string, flags: Pick<StudyFlags, 'workers' | 'quiet'>, streams: Terminal): Promise<number> => {
  const { command = 'study', script: { file, sha256 }, flags: begun } = readStudyRecord(absolute(streams.cwd, folder), realDisk)
  const now = sha256OfFile(absolute(streams.cwd, file))
  if (now === undefined) throw new SpecificationError(`the script ${file} is not here. Go to the folder in which the ${command} was begun.`)
  if (now !== sha256) {
    throw new SpecificationError(`the script ${file} has changed since the ${command} was begun: resumed, it would be another. Fly it with ${command}.`)
  }
  const { workers = begun.workers as number | undefined, quiet } = flags
  const own = { ...(workers !== undefined && { workers }), ...(quiet !== undefined && { quiet }), out: folder }
  return command === 'sweep' ? sweep(file, { ...(begun as SweepFlags), ...own }, streams) : study(file, { ...(begun as StudyFlags), ...own }, streams)
}
