import { shown } from '../../documents/problem.js'
import { NondeterminismError } from '../../errors.js'
import { manifestFile, type Manifest } from '../manifest.js'
import { compareFields, formatFieldDifference } from './compare.js'

/** What of a manifest follows from what is flown; the rest says where and with what it was. */
const derived = [
  'name', 'seed', 'seeds', 'engine', 'functions', 'readsNumbers', 'specification', 'plan', 'world', 'traces', 'start', 'rounds', 'virtualTime', 'faults',
  'marks', 'coverage', 'selectedRound', 'reached', 'warnings', 'digests', 'digest',
] as const satisfies readonly (keyof Manifest)[]

/** What else a manifest of a run that ended says. */
const besides = ['study', 'spent', 'jobLog', 'resumed', 'files', 'sha256'] as const satisfies readonly (keyof Manifest)[]

/** What of that depends on scores, and so on the last bits of a processor. */
const scored: ReadonlySet<string> = new Set(['selectedRound', 'reached', 'warnings', 'digests', 'digest'])

/** What earlier versions did not write. */
const later: ReadonlySet<string> = new Set(['marks', 'coverage'])

/**
 * Compares what a manifest says with what the manifest of the same flight says, flown again to its end or until it failed;
 * without what depends on scores unless `exactly`. The first difference is thrown.
 */
export const demandSameManifest = (manifest: Manifest, flown: Manifest, exactly: boolean): void => {
  const asFlown = JSON.parse(JSON.stringify(flown)) as Manifest
  const fields: readonly string[] = [...Object.keys(asFlown), ...derived, ...besides]
  const added = Object.keys(manifest).find((name) => !fields.includes(name))
  if (added !== undefined) throw new NondeterminismError(`${manifestFile}: ${shown(added)} is no field that a run writes.`)
  for (const name of derived) {
    if ((!exactly && scored.has(name)) || (later.has(name) && manifest[name] === undefined)) continue
    const difference = compareFields(manifest[name], asFlown[name], name)
    if (difference) throw new NondeterminismError(formatFieldDifference(manifestFile, difference))
  }
}
