import { z } from 'zod'

import { type Bill, billOf } from '../costs/bill.js'
import type { Priced } from '../costs/charge.js'
import { type Prices, pricesOf } from '../costs/prices.js'
import { type Costs, costsSchema } from '../costs/schema.js'
import { fromZod } from '../documents/problem.js'
import { scriptSource } from '../documents/source.js'
import { SpecificationError, StorageError } from '../errors.js'
import { applySettings, parseSetting, settingSource } from '../simulation/set.js'
import { jsonSchema } from '../simulation/specification.js'
import type { Manifest } from './manifest.js'

type About = Pick<Manifest, 'specification' | 'payers'>

const costsIn = ({ specification }: About): Costs | undefined => specification.costs as Costs | undefined

const schema = z.strictObject({ costs: costsSchema.optional() })

/** Other settings of costs than a run was flown with: they decide nothing of it. Whom overrides are about was drawn, and stays. */
const reset = (about: About, set: readonly string[]): Costs | undefined => {
  const settings = set.map(parseSetting)
  const other = settings.find(({ path }) => path[0] !== 'costs' || path.length < 2 || path[1] === 'overrides')
  if (other !== undefined) {
    throw new SpecificationError(
      `${other.text}: of a run that was flown, only what things cost can be set, such as costs.radio or costs.tariff.up; costs.overrides were drawn with it.`,
    )
  }
  const written = { costs: costsIn(about) ?? {} }
  const value = applySettings(written, settings, () => undefined)
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw fromZod(parsed.error, value, jsonSchema(), settingSource(scriptSource(''), settings, written))
  return parsed.data.costs
}

/** What a run is priced by: as its specification says, or as `set` (`--set PATH=VALUE`) says now. */
export const pricesFrom = (about: About, set: readonly string[] = []): Prices => {
  const costs = set.length === 0 ? costsIn(about) : reset(about, set)
  const { payers = [] } = about
  if (costs !== undefined && costs.overrides.length !== payers.length) {
    throw new StorageError(`the run does not say whom its costs.overrides are about (there are ${costs.overrides.length}, and payers of ${payers.length}). Fly it again.`)
  }
  return pricesOf(costs, payers)
}

/** What a run costs: as its specification says, or with other settings of `costs` (`['costs.radio=lte']`); of one that says nothing, by the defaults. */
export const costOf = (run: Priced & { readonly manifest: About }, set: readonly string[] = []): Bill => billOf(run, pricesFrom(run.manifest, set))

/** Does a specification say anything of costs? */
export const saysCosts = (about: About): boolean => costsIn(about) !== undefined

/** Prices of a run whose rounds are to say what they cost; undefined where they are not. */
export const roundPrices = (about: About): Prices | undefined => (costsIn(about)?.rounds === true ? pricesFrom(about) : undefined)
