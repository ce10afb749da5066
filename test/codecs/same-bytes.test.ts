import { createHash } from 'node:crypto'

import { expect, it } from 'vitest'

import { drawsOf } from '../../src/codecs/coding/draws.js'
import { chain, type Link } from './chains.js'
import { encoded } from './codecs.js'

/**
 * Bytes as they were made once, by their hash and number: nothing in them may depend on the machine. Nothing but sums, products,
 * quotients, square roots and whole numbers makes them, in JavaScript or WebAssembly.
 */
const made: readonly (readonly [chain: readonly Link[], length: number, hash: string])[] = [
  [[{ kind: 'topK' }], 203, '3279baed419dadf9'],
  [[{ kind: 'topK', share: 0.2, per: 'segment' }], 3399, '5e348f4d38de82e7'],
  [[{ kind: 'randomK', share: 0.1 }], 1539, 'c1fb3cbaf8777a11'],
  [[{ kind: 'rows' }, { kind: 'topK', share: 0.1 }], 1242, '19bf359ba2b34b9e'],
  [[{ kind: 'powerSgd', rank: 3 }], 5751, '527acf666e3f09fc'],
  [[{ kind: 'errorBounded' }], 912, 'b7ddb3a8c42c5de9'],
  [[{ kind: 'errorBounded', absolute: 1e-4 }], 2805, '0006394d803f0a54'],
  [[{ kind: 'rows' }, { kind: 'deflate', planes: true }], 9624, '706a4e4229a79e58'],
  [[{ kind: 'deflate', level: 1 }], 9915, '4ceaf73ae571f963'],
  [[{ kind: 'rows' }, { kind: 'zstd', planes: true }], 9762, '2361e0df91f069be'],
  [[{ kind: 'zstd', level: 19 }], 9822, 'b73e96b0ba51d546'],
  [[{ kind: 'fp16' }], 7572, '4aef96c02b47de91'],
  [[{ kind: 'bf16' }], 7572, '848b5e04c1d3671c'],
  [[{ kind: 'int8' }], 3858, '20579b36ecf7ca14'],
  [[{ kind: 'int4', rounding: 'stochastic', per: 'row' }], 3381, '3294ca585b996808'],
  [[{ kind: 'int2', rounding: 'stochastic' }], 1020, '513d5e67f13a5d67'],
  [[{ kind: 'qsgd' }], 1941, 'b2b5f599513b1375'],
  [[{ kind: 'qsgd', levels: 100, code: 'elias' }], 1223, 'fa2714343f7dedd5'],
  [[{ kind: 'ternary', clip: 2.5 }], 795, 'd2d0bfd1bda72919'],
  [[{ kind: 'sign' }], 510, '9d80009a89cd7854'],
  [[{ kind: 'eden', bits: 2.5 }], 1428, 'bad5185dd0e79d6b'],
  [[{ kind: 'rows' }, { kind: 'topK', share: 0.1 }, { kind: 'int8' }], 489, '1038f4b641ed7ea6'],
]

const shapes = [[60, 16], [7, 9, 4], [50]]

/** Numbers of many scales, of which a third is 0. */
const values = ((): Float32Array => {
  const draws = drawsOf([17, 18])
  return Float32Array.from({ length: 960 + 252 + 50 }, (_, i) => (i % 48 < 16 ? 0 : (draws.unit() - draws.unit()) * 2 ** -(i % 13)))
})()

it.each(made)('%j makes %i bytes of hash %s', (stages, length, hash) => {
  const memory = new Map<string, Float32Array>()
  const all = createHash('sha256')
  let bytes = 0
  for (let t = 0; t < 3; t++) {
    const message = encoded(chain(...stages), { shapes, values }, [t, 5], memory)
    all.update(message)
    bytes += message.length
  }
  expect([bytes, all.digest('hex').slice(0, 16)]).toEqual([length, hash])
})
