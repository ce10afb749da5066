/** Where a value sits in a specification: names of fields and numbers of entries. */
export type Path = readonly (string | number)[]

const stepText = (step: string | number): string | number =>
  step === '' ? '""' : typeof step === 'string' && step.length > 60 ? `${step.slice(0, 57)}...` : step

/** `rounds.quorum`, `faults.0.probability`; the whole specification is '', a name without a sign `""`. */
export const formatPath = (path: Path): string => path.map(stepText).join('.')

/** Reads `rounds.count` and `faults[0].by`; numbers are entries of a list. */
export const parsePath = (text: string): (string | number)[] =>
  text
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))

/** The value at a path, or undefined where there is none. */
export const valueAt = (value: unknown, path: Path): unknown => {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string | number, unknown>)[step]
  }
  return here
}
