import { readdirSync, readFileSync } from 'node:fs'
import { resolve as absolute } from 'node:path'

import { meantPath } from '../documents/meant-path.js'
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
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    const why = missing ? 'does not exist' : `cannot be read (${code})`
    const meant = missing ? meantPath(given, (folder) => readdirSync(absolute(cwd, folder)), (name) => /\.(?:json|ya?ml)$/.test(name)) : ''
    throw new SpecificationError(`--plan: ${given} ${why}.${meant} Write one with: npx windtunnel plan SCRIPT --json > ${given}`, { cause })
  }
  return readDocument(text, given)
}
