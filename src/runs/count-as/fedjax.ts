import type { Stage } from '../../codecs/registry.js'
import type { Chain } from '../../codecs/routes.js'
import { SpecificationError } from '../../errors.js'
import { type CountRule, foldedIn, partsOf, unseen } from './rule.js'

/** Bits a value of each of its quantisers, which send two floats a tensor beside; undefined: it has none that is like it. */
const bitsOf = (stage: Stage): number | undefined => {
  switch (stage.kind as string) {
    case 'int8':
      return 8
    case 'int4':
      return 4
    case 'int2':
      return 2
    case 'ternary':
      return Math.log2(3)
    case 'eden':
      return (stage as unknown as { readonly bits: number }).bits === 1 ? 1 : undefined
    default:
      return undefined
  }
}

/** Its clients send changes in any case, and it packs nothing. */
const said = (chain: Chain | undefined): readonly Stage[] => (chain ?? []).filter(({ kind }) => (kind as string) !== 'delta')

const bits = (chain: Chain | undefined, size: number): number => {
  const stages = said(chain)
  if (stages.length === 0 || (stages.length === 1 && stages[0].kind === 'fp32')) return 32 * size
  const each = stages.length === 1 ? bitsOf(stages[0]) : undefined
  if (each !== undefined) return each * size + 64
  throw new SpecificationError(
    `FedJAX has no compression like ${stages.map(({ kind }) => kind).join(', ')}, and so no rule for its bits: it has uniform quantisation (int8, int4, int2), ` +
      'ternary, and DRIVE (eden of 1 bit). Count this run as flower or fedscale.',
  )
}

/** FedJAX's compressing aggregators, which count the bits that clients would send. */
export const fedjax: CountRule = {
  name: 'fedjax',
  sentence:
    'Updates alone: log2 of the levels for each value, and two floats of 32 bits for each tensor. What nothing compresses counts ' +
    'as 32 bits a value: FedJAX itself counts nothing then. It tells a mean over clients for each round; here are all of them.',
  source: 'google/fedjax fedjax/aggregators/compression.py (c57ee19), CompressionState.num_bits and the quantizers',
  leavesOut: [...unseen, 'all that goes down to clients', 'updates that came to nothing', 'further tensors of a strategy'],
  count: (sent) => {
    const partOf = partsOf(sent)
    const up = foldedIn(sent).reduce((sum, row) => {
      const { from, round } = row
      return partOf(row).segments.reduce((total, { role, size }) => total + bits(sent.chainOf?.('up', role, from, round), size), sum)
    }, 0)
    return { up: Math.ceil(up / 8), down: 0 }
  },
}
