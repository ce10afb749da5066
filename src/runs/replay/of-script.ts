import { existsSync } from 'node:fs'
import { basename, resolve as absolute } from 'node:path'

import { NondeterminismError } from '../../errors.js'
import { specificationOf } from '../describe.js'
import { companions } from '../files.js'
import { sha256OfFile } from '../hash.js'
import { loadSpecification } from '../load.js'
import { manifestFile, type Manifest } from '../manifest.js'
import { meant } from '../simulate.js'
import { asText, compareFields } from './compare.js'

/** Fields of a manifest that are compared where its script is there. */
export const fromScript = ['script', 'settings'] as const satisfies readonly (keyof Manifest)[]

/**
 * Compares the specification of a run with what its script gives now with its settings and data. The script is the one that
 * was flown: its file has the hash that the manifest says. False where nobody can tell: a run of a program, or of a study,
 * whose variants are its own; a script that is not there, or is another; and one that shrinking wrote, which may say less than
 * was flown. The first field that differs is thrown.
 */
export const demandOfScript = async ({ script, study, settings, seed, engine, data, specification }: Manifest, cwd: string): Promise<boolean> => {
  if (script === null || study !== undefined) return false
  const path = absolute(cwd, script.file)
  if (!existsSync(path) || sha256OfFile(path) !== script.sha256) return false
  const loaded = await loadSpecification(script.file, cwd)
  const { resolved } = meant(loaded.specification, {
    cwd, seed, engine, workers: 1, set: settings, source: loaded.source, ...(data !== null && { data }),
    ...(typeof specification.name === 'string' && { name: specification.name }),
  })
  const difference = compareFields(specification, JSON.parse(JSON.stringify(specificationOf(resolved))), 'specification')
  if (difference === undefined) return true
  if (companions.includes(basename(script.file))) return false
  const set = settings.map((setting) => ` --set ${setting}`).join('')
  const { path: field, expected, got } = difference
  throw new NondeterminismError(
    `${manifestFile}: ${field} is not what ${script.file}${set} gives:\n  it says  ${asText(expected)}\n  it gives ${asText(got)}\n` +
      'The manifest was changed, or what the script imports or asks for was since the run: what was flown is what the manifest says.',
  )
}
