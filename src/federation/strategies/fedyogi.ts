import { z } from 'zod'

import { strategyEntry } from './entry.js'
import { absentFromStep, type SecondMoment, serverOptimizerOptions, serverStep } from './server-optimizer.js'

/** v_t = v_(t-1) - (1 - beta2) Delta_t^2 sign(v_(t-1) - Delta_t^2). */
export const yogiMoment: SecondMoment = (before, square, beta2) =>
  before - (1 - beta2) * square * Math.sign(before - square)

/**
 * FedYogi: Yogi on the server, with the mean delta of the clients for a gradient. The rule is that of `serverStep` with
 * v_t = v_(t-1) - (1 - beta2) Delta_t^2 sign(v_(t-1) - Delta_t^2): the second moment moves by as much as Adam's would
 * at most, whatever its own size, so a few sparse rounds do not make it forget.
 *
 * Reddi, Charles, Zaheer, Garrett, Rush, Konecny, Kumar, McMahan, "Adaptive Federated Optimization", ICLR 2021,
 * algorithm 2.
 */
export const fedYogi = strategyEntry({
  kind: 'fedyogi',
  sentence: 'Yogi on the server, with the mean of the clients’ deltas for a gradient',
  source: 'Reddi et al., ICLR 2021, algorithm 2',
  schema: z.strictObject({ kind: z.literal('fedyogi'), ...serverOptimizerOptions }),
  define: (options) => ({
    fold: serverStep(yogiMoment, options),
    needs: { updates: 'mean' },
    counts: options.weighting,
    absent: absentFromStep,
  }),
})
