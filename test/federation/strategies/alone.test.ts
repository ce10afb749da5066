import fc from 'fast-check'
import { expect, it } from 'vitest'

import {
  bulyan, coordinateMedian, fedAmp, fedFv, geometricMedian, inverseParticipation, krum, matFl, mifa, normClipping, trimmedMean,
} from '../../../src/simulation/script.js'
import { folding, part, round, segment, sent } from './part.js'

/** Rules under which a federation of one client is local training: it is served what it sent. */
const rules = [
  bulyan(), coordinateMedian(), fedAmp(), fedFv(), geometricMedian(), inverseParticipation(), krum(), matFl(), mifa(), normClipping(), trimmedMean(),
]

it.each(rules.map((rule) => [rule.kind, rule] as const))('%s serves a client that is alone what it sent', (_kind, rule) => {
  const number = fc.float({ min: -100, max: 100, noNaN: true })
  const about = round(['a'], { segments: [segment(0, 2), segment(2, 1, { trainable: false })] })
  fc.assert(
    fc.property(fc.tuple(number, number, number), fc.tuple(number, number, number), (before, after) => {
      const update = sent('a', after, { extras: { loss: Float32Array.of(1) }, examples: 7 })
      const { values, personal } = folding(rule)(part(before), [update], about)
      const served = personal.get('a') ?? values
      after.forEach((value, i) => expect(served[i]).toBeCloseTo(value, 4))
    }),
  )
})
