import { z } from 'zod'

import { strategyEntry } from './entry.js'
import { absentFromStep, type SecondMoment, serverOptimizerOptions, serverStep } from './server-optimizer.js'

/** v_t = beta2 v_(t-1) + (1 - beta2) Delta_t^2. */
export const adamMoment: SecondMoment = (before, square, beta2) => beta2 * before + (1 - beta2) * square

/**
 * FedAdam: Adam on the server, with the mean delta of the clients for a gradient. The rule is that of `serverStep` with
 * v_t = beta2 v_(t-1) + (1 - beta2) Delta_t^2.
 *
 * Reddi, Charles, Zaheer, Garrett, Rush, Konecny, Kumar, McMahan, "Adaptive Federated Optimization", ICLR 2021,
 * algorithm 2.
 */
export const fedAdam = strategyEntry({
  kind: 'fedadam',
  sentence: 'Adam on the server, with the mean of the clients’ deltas for a gradient',
  source: 'Reddi et al., ICLR 2021, algorithm 2',
  schema: z.strictObject({ kind: z.literal('fedadam'), ...serverOptimizerOptions }),
  define: (options) => ({
    fold: serverStep(adamMoment, options),
    needs: { updates: 'mean' },
    counts: options.weighting,
    absent: absentFromStep,
  }),
})
