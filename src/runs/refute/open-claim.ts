import { SpecificationError } from '../../errors.js'
import type { EngineName } from '../../engine/open.js'
import { type Ground, openGround } from '../../lab/ground.js'
import { Lab } from '../../lab/lab.js'
import { canonical } from '../../roster/identity.js'
import { functionsOf } from '../../simulation/functions.js'
import { checkWorld, withSettings } from '../../simulation/resolve.js'
import type { Resolved } from '../../simulation/specification.js'
import { type Loaded, loadEither } from '../load.js'
import { meant, type SimulateOptions } from '../simulate.js'
import { specificationOf } from '../study/cell.js'
import type { StudyPlan } from '../study/study.js'
import { type Claim, parseClaim, settingsOf, variantOf } from './claim.js'

export interface ClaimOptions {
  readonly cwd: string
  readonly seed?: string | undefined
  readonly engine?: EngineName | undefined
  readonly workers?: number | undefined
  readonly data?: string | undefined
  /** Settings of both sides, and of one alone. */
  readonly set?: readonly string[] | undefined
  readonly a?: readonly string[] | undefined
  readonly b?: readonly string[] | undefined
  /** Of a study: under which of its conditions, and of what size it is. */
  readonly under?: string | undefined
  readonly full?: boolean | undefined
}

/** One side of a claim, ready to be flown. */
export interface ClaimSide {
  /** As the claim and the flags say it. */
  readonly label: string
  readonly lab: Lab
  /** `PATH=VALUE` settings with which `run` flies this side; undefined of a study, which `run` does not fly. */
  readonly settings: readonly string[] | undefined
}

export interface OpenClaim {
  readonly claim: Claim
  readonly script: Loaded['script']
  readonly a: ClaimSide
  readonly b: ClaimSide
  /** What a reader must know of what is compared, a sentence each. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

/** A side before its ground is open. */
interface Meant {
  readonly label: string
  readonly settings: readonly string[] | undefined
  readonly resolved: Resolved
  readonly place: ReturnType<typeof meant>['place']
}

/** An error that says on which side of the claim it is. */
const onSide = <T>(label: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SpecificationError)) throw error
    throw new SpecificationError(`"${label}": ${error.message}`, { cause: error.cause })
  }
}

const conditionOf = ({ conditions, name }: StudyPlan, given: string | undefined): string => {
  const known = Object.keys(conditions)
  if (given === undefined && known.length === 1) return known[0]
  if (given !== undefined && known.includes(given)) return given
  const what = given === undefined ? `has ${known.length} conditions, and a claim is about one` : `has no condition "${given}"`
  throw new SpecificationError(`${name} ${what}. Give --under with one of ${known.join(', ')}.`)
}

const calmed = (resolved: Resolved): Resolved => ({
  ...resolved, faults: [], onDivergence: resolved.onDivergence === 'stop' ? 'go-on' : resolved.onDivergence,
})

const sidesOf = (
  loaded: Loaded | { readonly plan: StudyPlan }, claim: Claim, options: ClaimOptions,
): readonly [Meant, Meant] => {
  const { cwd, seed, engine, workers, data, set = [] } = options
  const side = (terms: readonly string[], extra: readonly string[] = []): Meant => {
    const label = [...terms, ...extra].join(' + ')
    return onSide(label, () => {
      const isPlan = 'plan' in loaded
      const chosen = isPlan ? variantOf(terms, Object.keys(loaded.plan.variants)) : undefined
      const specification = isPlan ? specificationOf(loaded.plan, conditionOf(loaded.plan, options.under), chosen!.variant) : loaded.specification
      const common = withSettings(specification, { set, ...(!isPlan && { source: loaded.source }) })
      const settings = [...settingsOf(chosen?.rest ?? terms, common), ...extra]
      const how: SimulateOptions = {
        cwd, seed, engine, workers, set: [...set, ...settings],
        ...(!isPlan && { source: loaded.source, name: loaded.name, ...(data !== undefined && { data }) }),
      }
      const { resolved, place } = meant(specification, how)
      return { label, settings: isPlan ? undefined : settings, resolved, place }
    })
  }
  return [side(claim.a, options.a), side(claim.b, options.b)]
}

const dataOf = (resolved: Resolved): string => {
  const functions = functionsOf(resolved)
  return canonical(Object.fromEntries(Object.entries(calmed(resolved)).filter(([field]) => !Object.hasOwn(functions, field) && field !== 'warnings')))
}

const isAlike = (a: Resolved, b: Resolved): boolean => {
  const [ours, theirs] = [functionsOf(a), functionsOf(b)]
  return dataOf(a) === dataOf(b) && Object.keys({ ...ours, ...theirs }).every((field) => ours[field] === theirs[field])
}

const groundOf = ({ world, labels, seeds }: Resolved): string => canonical([world, labels, seeds.world])

const notesOf = (loaded: Loaded | { readonly plan: StudyPlan }, sides: readonly Meant[]): string[] => [
  ...(sides.some(({ resolved: { faults } }) => faults.length > 0) ? ['The faults of the simulation itself are left out: only those of the plans strike.'] : []),
  ...('plan' in loaded && loaded.plan.tuning !== undefined
    ? ['The study tunes its variants, and here they are as they are written: give what it chose with --a and --b.'] : []),
]

/**
 * Opens both sides of a claim on one ground: two variants of a study, or a simulation with other settings on each side.
 * Throws a `SpecificationError` that names the side for what cannot be, for two sides that are the same, and for two that do
 * not stand on the same world.
 */
export const openClaim = async (script: string, text: string, options: ClaimOptions): Promise<OpenClaim> => {
  const claim = parseClaim(text)
  const { cwd, full = false, data } = options
  const loaded = await loadEither(script, cwd, { full, data })
  if (!('plan' in loaded) && options.under !== undefined) throw new SpecificationError(`--under: ${script} is no study, and has no conditions.`)
  const [one, other] = sidesOf(loaded, claim, options)
  if (isAlike(one.resolved, other.resolved)) {
    throw new SpecificationError(`"${one.label}" and "${other.label}" are the same simulation${one.resolved.faults.length + other.resolved.faults.length > 0 ? ', but for faults' : ''}: nothing can be ranked.`)
  }
  if (groundOf(one.resolved) !== groundOf(other.resolved)) {
    throw new SpecificationError(`"${one.label}" and "${other.label}" stand on different worlds: a ranking is of two on one.`)
  }
  const ground: Ground = await openGround(one.resolved, one.place)
  try {
    const opened = ({ label, settings, resolved }: Meant): ClaimSide => {
      onSide(label, () => checkWorld(resolved, ground.world, 'source' in loaded ? loaded.source : undefined))
      const kept = resolved.onDivergence === 'stop' ? ['onDivergence=go-on'] : []
      const set = settings && [...(options.set ?? []), ...settings, ...kept]
      return { label, settings: set, lab: Lab.on(ground, calmed(resolved), cwd) }
    }
    return { claim, script: loaded.script, a: opened(one), b: opened(other), notes: notesOf(loaded, [one, other]), close: () => ground.close() }
  } catch (error) {
    await ground.close()
    throw error
  }
}
