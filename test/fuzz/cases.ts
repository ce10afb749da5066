import type fc from 'fast-check'

/**
 * How many cases a fuzzer tries, and from which seed: the same every time, unless `FUZZ_SEED` (a whole number) and
 * `FUZZ_CASES` say otherwise. The seed is printed; a case that fails is shrunk, and printed with it.
 *
 *     FUZZ_SEED=7 FUZZ_CASES=5000 npx vitest run test/fuzz
 */
export const settings = (usual: number): { readonly seed: number; readonly cases: number } => {
  const { FUZZ_SEED = '1', FUZZ_CASES = String(usual) } = process.env
  const [seed, cases] = [Number(FUZZ_SEED), Number(FUZZ_CASES)]
  if (!Number.isInteger(seed) || !Number.isInteger(cases)) throw new Error('FUZZ_SEED and FUZZ_CASES are whole numbers')
  console.log(`fuzz: ${cases} cases from seed ${seed}`)
  return { seed, cases }
}

/** The same, for fast-check. */
export const cases = (usual: number): Required<Pick<fc.Parameters, 'seed' | 'numRuns'>> => {
  const { seed, cases: numRuns } = settings(usual)
  return { seed, numRuns }
}
