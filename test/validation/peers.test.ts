import { describe, expect, it } from 'vitest'
import { auc } from '../../src/metrics/auc.js'
import { logLoss } from '../../src/metrics/log-loss.js'
import { resampled } from '../../src/metrics/resampled.js'
import { effectOf } from '../../src/statistics/effect.js'
import { tQuantile } from '../../src/statistics/student.js'
import { signedRankP } from '../../src/statistics/wilcoxon.js'

/*
 * Numbers that scikit-learn 1.9.1 and SciPy 1.17.1 gave, on data that any language makes alike:
 *
 *     x = 7; xs = []
 *     for _ in range(600): x = (1103515245 * x + 12345) % 2**31; xs.append(x)
 *     y = [int(v // 65536 % 100 < 30) for v in xs[:300]]; s = [(v // 65536 % 97 + 1) / 98 for v in xs[300:]]
 *     roc_auc_score(y, s); log_loss(y, s)
 *     stats.wilcoxon(w, method='exact'); stats.ttest_1samp(w, 0); stats.t.ppf(p, df)
 */
const drawn = (): number[] => {
  let x = 7n
  return Array.from({ length: 600 }, () => {
    x = (1103515245n * x + 12345n) % 2n ** 31n
    return Number(x)
  })
}

const labels = drawn().slice(0, 300).map((v) => Number((Math.floor(v / 65536) % 100) < 30))
const scores = drawn().slice(300).map((v) => ((Math.floor(v / 65536) % 97) + 1) / 98)

describe('scikit-learn agrees', () => {
  it('on the AUC of 300 rows with many ties, and on their log-loss', () => {
    expect(labels.filter((y) => y === 1)).toHaveLength(89)
    expect(new Set(scores).size).toBeLessThan(98)
    expect(auc(scores, labels)).toBeCloseTo(0.5204217476968954, 14)
    expect(resampled.auc(scores, labels, labels.map(() => 0))([1])).toBeCloseTo(0.5204217476968954, 14)
    expect(logLoss(scores.map((p) => Math.log(p / (1 - p))), labels)).toBeCloseTo(0.9489821535496177, 12)
  })
})

describe('SciPy agrees', () => {
  const w = [0.013, -0.004, 0.021, 0.008, -0.011, 0.017, 0.002, 0.019, 0.006, 0.001]

  it('on the paired test and its interval', () => {
    const { p, interval } = effectOf(w)
    expect(p).toBeCloseTo(0.05736736906888655, 12)
    expect(interval[0]).toBeCloseTo(-0.00027843596744099065, 12)
    expect(interval[1]).toBeCloseTo(0.014678435967440992, 12)
  })

  it('on the exact signed-rank test', () => expect(signedRankP(w)).toBe(0.064453125))

  it('on quantiles of Student’s t, degrees of freedom that are not whole among them', () => {
    expect(tQuantile(0.975, 9)).toBeCloseTo(2.262157162798205, 10)
    expect(tQuantile(0.8, 9)).toBeCloseTo(0.8834038596855346, 10)
    expect(tQuantile(0.9995, 3.5)).toBeCloseTo(10.20482863165621, 9)
    expect(tQuantile(0.975, 1.25)).toBeCloseTo(8.027951377252052, 9)
  })
})
