import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { formatPath } from '../../src/documents/path.js'
import { exitCodes } from '../../src/errors.js'
import { loadSpecification } from '../../src/runs/load.js'
import { resolve } from '../../src/simulation/resolve.js'
import type { Resolved } from '../../src/simulation/specification.js'
import { mutated, placeOf, type Mutation } from './mutations.js'
import { onOneLine, written, type Data } from './sound.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-fuzz-'))

/** The ways into a specification. */
export type Door = 'yaml' | 'json' | 'set'

/** Reads a specification from a file as the command does, with settings. */
export const read = async (value: Data, ending: 'yaml' | 'json', set: readonly string[] = []): Promise<Resolved> => {
  const file = `case.${ending}`
  writeFileSync(join(cwd, file), written(value, ending))
  const { specification, source, name } = await loadSpecification(file, cwd)
  return resolve(specification, { source, name, set, engine: 'tfjs', workers: 1 })
}

/** The mutation as `--set`, on top of the file as it was. */
const setting = (value: Data, one: Mutation): string => {
  const path = placeOf(value, one)
  switch (one.what) {
    case 'put':
      return `${formatPath(path)}=${onOneLine(one.value)}`
    case 'add':
    case 'rename':
      return `${[...path.slice(0, -1), one.name].join('.')}=${onOneLine(one.what === 'add' ? one.value : null)}`
    case 'delete':
    case 'double':
      return `${path.join('[')}=${one.what === 'delete' ? 'null' : ''}`
  }
}

/** A specification with mutations, through one of the ways. */
export const through = (door: Door, value: Data, mutations: readonly Mutation[]): Promise<Resolved> =>
  door === 'set' ? read(value, 'yaml', mutations.map((one) => setting(value, one))) : read(mutated(value, mutations), door)

/** Exit codes of what is wrong with a specification, or with what it names. */
export const foreseen = [exitCodes.specification, exitCodes.data]
/** What a message must name. */
export const place = { yaml: /^case\.yaml(:\d+:\d+: | is nested)/, json: /^case\.json(:\d+:\d+: | is nested)/, set: /--set |^case\.yaml/ }

