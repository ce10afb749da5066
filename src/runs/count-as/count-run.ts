import { chainsOf } from '../../codecs/routes.js'
import { surveyParts } from '../../flight/survey.js'
import { loadGroundWorld } from '../../lab/ground.js'
import { streams } from '../../random/streams.js'
import { checkWorld, flightOf } from '../again.js'
import { meant } from '../simulate.js'
import type { Told } from '../told.js'
import { bytesByDirection } from '../totals.js'
import * as all from './all.js'
import type { CountRule, Tally } from './rule.js'

const rules = Object.values<CountRule>(all)
export const ruleNames: readonly string[] = rules.map(({ name }) => name)

/** A run's bytes by the ledger and by another simulator's rule. */
export interface CountedRun extends Pick<CountRule, 'name' | 'sentence' | 'source' | 'leavesOut'> {
  /** Bytes that left a link. */
  readonly ledger: Tally & { readonly inside: number }
  readonly counted: Tally
}

/**
 * Counts a run again by a rule. Nothing is flown, but the data is read: what parts its messages were about follows from it.
 * Refuses a script, traces or data that changed.
 */
export const countRun = async (name: string, { manifest, ledger, rounds }: Pick<Told, 'manifest' | 'ledger' | 'rounds'>, cwd: string): Promise<CountedRun> => {
  const rule = rules.find((one) => one.name === name)
  if (rule === undefined) throw new TypeError(`there is no rule '${name}'`)
  const again = await flightOf(manifest, cwd)
  const { resolved, place } = meant(again.specification, { ...again.options, cwd })
  const world = await loadGroundWorld(resolved, place)
  checkWorld(manifest, world)
  const { participants, parts } = surveyParts(resolved, world)
  const { codec, seeds } = resolved
  const chainOf = codec && chainsOf(codec, participants, streams(seeds.faults))
  const { sentence, source, leavesOut } = rule
  return { name, sentence, source, leavesOut, ledger: bytesByDirection(ledger), counted: rule.count({ ledger, rounds, parts, chainOf }) }
}
