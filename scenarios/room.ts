import type { z } from 'zod'

/** Values that a made world may have, all its rows and columns together: 8 GB, and as much again while they are drawn. */
export const mostValues = 2e9

/**
 * Refuses a made world with more values than a machine has room for: `values` counts them, `dials` says which options make
 * them fewer. Bounds of single options cannot do that, since what is too much is their product.
 */
export const roomFor = <T>(values: (spec: T) => number, dials: readonly (keyof T & string)[]) =>
  (spec: T, context: z.RefinementCtx<T>): void => {
    const wanted = values(spec)
    if (wanted <= mostValues) return
    const count = wanted.toLocaleString('en', { maximumFractionDigits: 0 })
    context.addIssue({
      code: 'custom', path: [dials[0]], input: spec,
      params: {
        rule: `makes a world of ${wanted < 1e18 ? count : wanted.toExponential(1)} values (${dials.join(' times ')})`,
        advice: `At most ${mostValues.toLocaleString('en')} fit: give fewer ${dials.join(', or fewer ')}.`,
      },
    })
  }
