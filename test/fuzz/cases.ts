import type fc from 'fast-check'

/**
 * How many cases a fuzzer tries, and from which seed: the same every time, unless `FUZZ_SEED` (a whole number) and
 * `FUZZ_CASES` say otherwise. The seed is printed; a case that fails is shrunk, and printed with it.
 *
 *     FUZZ_SEED=7 FUZZ_CASES=5000 npx vitest run test/fuzz
 */
export const cases = (usual: number): Required<Pick<fc.Parameters, 'seed' | 'numRuns'>> => {
  const { FUZZ_SEED = '1', FUZZ_CASES = String(usual) } = process.env
  const [seed, numRuns] = [Number(FUZZ_SEED), Number(FUZZ_CASES)]
  if (!Number.isInteger(seed) || !Number.isInteger(numRuns)) throw new Error('FUZZ_SEED and FUZZ_CASES are whole numbers')
  console.log(`fuzz: ${numRuns} cases from seed ${seed}`)
  return { seed, numRuns }
}
