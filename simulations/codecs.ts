/*
 * What codecs cost in AUC, and what they save in bytes: whole messages, headers counted, as they travel. FedAvg of an MMoE,
 * models and updates coded alike or updates alone, paired with the same flights uncoded over the same seeds.
 *
 *     npx windtunnel study simulations/codecs.ts --data ../shared/data/kuairand_pure
 *     npx windtunnel study simulations/codecs.ts --data ../shared/data/kuairand_pure --full --summary
 *
 * On KuaiRand-Pure where --data says where it lies: its small table, and with --full the whole of it. Without --data on
 * storefronts, and the reason is printed. One rate for all, which was not tuned: what is compared is the same training.
 */
import {
  adam, delta, eden, fedAvg, fp16, int8, mmoe, sign, study, synchronous, topK, type Patch, type Specification,
} from '@windtunnel/windtunnel'
import { kuairand, storefronts } from '@windtunnel/windtunnel/scenarios'

const worlds = (dir: string | undefined, full: boolean): Record<string, Patch> => {
  if (dir !== undefined) return { 'KuaiRand-Pure': { world: kuairand({ dir, table: full ? 'auto' : 'small' }) } }
  process.stderr.write('note: without --data there is no KuaiRand-Pure to fly on: storefronts take its place\n')
  return { storefronts: { world: storefronts({ scenarios: 5, impressions: full ? 10_000 : 2_000, divergence: 0.5, ids: 1_000 }) } }
}

const coded = (codec: NonNullable<Specification['codec']>): Patch => ({ codec })

export default study(({ full, data }) => ({
  name: 'codecs',
  question: 'How much AUC do codecs cost, and how many bytes do they save?',
  base: {
    model: mmoe({ embedding: 8, experts: 4, expert: full ? [64, 32] : [32, 16], tower: [16] }),
    strategy: fedAvg(),
    local: { epochs: 1, batch: full ? 256 : 128, optimizer: adam(3e-3) },
    rounds: synchronous({ count: full ? 30 : 8 }),
    evaluate: { start: false, answers: full },
  },
  conditions: worlds(data, full),
  variants: {
    fp32: {},
    'fp16, both ways': coded(fp16()),
    'int8, both ways': coded(int8()),
    'delta int8, both ways': coded(delta().then(int8())),
    'top 1 %, both ways': coded(topK({ share: 0.01 })),
    'fp16, up': coded({ up: fp16() }),
    'int8, up': coded({ up: int8() }),
    'top 1 %, up': coded({ up: topK({ share: 0.01 }) }),
    'top 1 % fp16, up': coded({ up: topK({ share: 0.01 }).then(fp16()) }),
    'sign, up': coded({ up: sign() }),
    'eden 4 bits, both ways': coded(eden({ bits: 4 })),
    'eden 1 bit, up': coded({ up: eden({ bits: 1 }) }),
  },
  baselines: ['fp32'],
  seeds: full ? 10 : 3,
}))
