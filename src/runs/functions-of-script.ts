import { SpecificationError } from '../errors.js'
import { isStudyScript, loadSpecification, loadStudy, loadSwept } from './load.js'
import type { Manifest } from './manifest.js'
import { specificationOf } from './study/cell.js'
import type { Sweep } from './sweep/sweep.js'

type Fields = Readonly<Record<string, unknown>>
type Study = NonNullable<Manifest['study']>

/** A study is asked at both its sizes for the condition and variant that a run was of. */
const ofStudy = async (file: string, cwd: string, { condition, variant }: Study): Promise<Fields> => {
  for (const full of [false, true]) {
    const { plan } = await loadStudy(file, cwd, { full, data: undefined })
    if (Object.hasOwn(plan.conditions, condition) && Object.hasOwn(plan.variants, variant)) return specificationOf(plan, condition, variant) as unknown as Fields
  }
  throw new SpecificationError(`${file} has no ${variant} under ${condition} without --data: of its functions the run cannot be flown again by itself. Fly the study.`)
}

/** What a sweep chose by name for a field is among the values of that axis; all else is its base's. */
const ofSweep = ({ base, grid = {}, random = {} }: Pick<Sweep, 'base' | 'grid' | 'random'>, { point = {} }: Study): Fields => {
  const chosen = Object.entries(point).flatMap(([path, name]) => {
    const axis: unknown = grid[path] ?? random[path]
    const values = typeof axis === 'object' && axis !== null && 'of' in axis ? axis.of : axis
    const isNamed = typeof name === 'string' && typeof values === 'object' && values !== null && !Array.isArray(values) && Object.hasOwn(values, name)
    return isNamed ? [[path, (values as Fields)[name]]] : []
  })
  return { ...base, ...Object.fromEntries(chosen) as Fields }
}

/** The fields of a script as a run of it had them: of a study or a sweep, at the run's place there. */
export const fieldsOfScript = async (file: string, study: Study | undefined, cwd: string): Promise<Fields> => {
  if (study === undefined) return (await loadSpecification(file, cwd)).specification as unknown as Fields
  if (await isStudyScript(file, cwd)) return ofStudy(file, cwd, study)
  const { specification, sweep } = await loadSwept(file, cwd)
  return sweep === undefined ? (specification as unknown as Fields) : ofSweep(sweep as Sweep, study)
}
