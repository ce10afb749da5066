import { readFileSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { readDocument } from '../documents/source.js'
import { SpecificationError } from '../errors.js'
import type { PlanFile } from '../runs/simulate.js'

/** Reads a plan that `plan --json` has written, as it was or edited; YAML will do, too. */
export const readPlanFile = (given: string, cwd: string): PlanFile => {
  let text: string
  try {
    text = readFileSync(absolute(cwd, given), 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code})`
    throw new SpecificationError(`--plan: ${given} ${why}. Write one with: npx windtunnel plan SCRIPT --json > ${given}`, { cause })
  }
  return readDocument(text, given)
}
