/*
 * PMTRec's ablation (arXiv 2407.21364, figure 4 and table 3), in one place and not federated, as the paper has it:
 *
 *     npx tsx simulations/pmtrec-ablation.ts [--data DIR] [--encoder mf] [--seeds 5] [--tasks same-tag,long_view] [--full]
 *
 * --variants 'full,BPR alone' takes some of them; --untuned takes each variant's first configuration, without a search;
 * --decay 1 trains all of them with that weight decay (AdamW); --configurations 2 tries the first two of each variant's
 * four, and --epochs says when training stops at the latest.
 * Without --data on made-up tastes; with it on KuaiRand-Pure's clicks. --full is the paper's size: width 32, batch
 * 2048, all encoders, ten seeds. Every variant gets four configurations, chosen on validation with a seed of their own.
 * Popularity and item neighbours stand beside: they train nothing, and know nothing of seeds.
 */
import { parseArgs } from 'node:util'
import {
  adam, holm, itemNeighbours, meanRanking, meansBySeed, minimumDetectableEffect, openEngine, popularity, rankingEffect, rankPlainly,
  trainRanker, type BySeed, type Engine, type PlainScorer, type RankerTraining, type World,
} from '@windtunnel/windtunnel'
import { kuairandInteractions, loadWorld, syntheticInteractions } from '@windtunnel/windtunnel/scenarios'

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    encoder: { type: 'string' },
    seeds: { type: 'string' },
    tasks: { type: 'string', default: 'same-tag,long_view' },
    variants: { type: 'string' },
    untuned: { type: 'boolean', default: false },
    decay: { type: 'string', default: '0' },
    configurations: { type: 'string', default: '4' },
    epochs: { type: 'string' },
    full: { type: 'boolean', default: false },
  },
})
const { full } = flags
const seeds = Number(flags.seeds ?? (full ? 10 : 5))
const auxiliary = flags.tasks.split(',')
const encoders = (flags.encoder?.split(',') ?? (full ? ['mf', 'lightgcn', 'ngcf'] : ['mf'])) as
  RankerTraining['model']['encoder'][]
const longest = Number(flags.epochs ?? (full ? 200 : 60))
const tries = Number(flags.configurations)
if (![1, 2, 3, 4].includes(tries)) throw new Error(`--configurations ${flags.configurations}: from 1 to 4`)
const cutoffs = [5, 10, 20, 40]
const judge = 20

type Configuration = Pick<RankerTraining, 'optimizer' | 'balance'>
const decay = Number(flags.decay)
const descent = (rate: number): RankerTraining['optimizer'] => adam(rate, decay > 0 ? { weightDecay: decay } : {})
const pmtrec = (rate: number, alpha: number, temperature: number): Configuration =>
  ({ optimizer: descent(rate), balance: { kind: 'pmtrec', alpha, temperature } })
const equal = (rate: number): Configuration => ({ optimizer: descent(rate), balance: { kind: 'equal' } })

/** The search space: the same number of configurations each. */
const variants: Readonly<Record<string, { readonly alone?: true; readonly of: readonly Configuration[] }>> = {
  full: { of: [pmtrec(0.01, 1.1, 1e-3), pmtrec(0.01, 1.1, 1e-4), pmtrec(0.003, 1.1, 1e-3), pmtrec(0.003, 1.1, 1e-4)] },
  'no focusing (alpha 1)': {
    of: [pmtrec(0.01, 1, 1e-3), pmtrec(0.01, 1, 1e-4), pmtrec(0.003, 1, 1e-3), pmtrec(0.003, 1, 1e-4)],
  },
  'no balancing (tau 1)': {
    of: [pmtrec(0.01, 1.04, 1), pmtrec(0.01, 1.2, 1), pmtrec(0.003, 1.04, 1), pmtrec(0.003, 1.2, 1)],
  },
  'equal weights': { of: [equal(0.01), equal(0.03), equal(0.003), equal(0.001)] },
  'BPR alone': { alone: true, of: [equal(0.01), equal(0.03), equal(0.003), equal(0.001)] },
}

const plain: Readonly<Record<string, readonly PlainScorer[]>> = {
  popularity: [popularity],
  'item neighbours': [10, 40, 160, Infinity].map(itemNeighbours),
}

const names = [...Object.keys(variants), ...Object.keys(plain)]
const chosenVariants = flags.variants?.split(',') ?? names
const unknown = chosenVariants.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`--variants ${unknown.join()}: there are ${names.join(', ')}`)

const worldOf = (tasks: readonly string[]): Promise<World> => {
  const options = { split: 'random' as const, tasks: [...tasks] }
  const made = syntheticInteractions({ ...options, users: full ? 3_000 : 600, items: full ? 1_000 : 300, each: 15 })
  const spec = flags.data === undefined ? made : kuairandInteractions({ ...options, dir: flags.data })
  return loadWorld(spec, { seed: '1', cwd: process.cwd() })
}

const train = (engine: Engine, world: World, encoder: RankerTraining['model']['encoder'], of: Configuration, seed: string) =>
  trainRanker(engine, {
    world, ...of, seed, cutoffs, judge,
    model: { encoder, embedding: full ? 32 : 16, layers: full ? 3 : 2 },
    batch: full || flags.data !== undefined ? 2_048 : 512, epochs: longest, patience: 10,
  })

const best = (validation: readonly ({ readonly ndcg: number } | null)[][]): number =>
  Math.max(...validation.map((at) => at[cutoffs.indexOf(judge)]?.ndcg ?? 0))

const [main, all] = [await worldOf(['bpr']), await worldOf(['bpr', ...auxiliary])]

/** Chooses on validation; every seed has the same test scores. */
const runPlain = (name: string): BySeed => {
  const tried = plain[name].map((scorer) => rankPlainly(main, scorer, cutoffs))
  const scores = tried.map(({ validation }) => meanRanking(validation, cutoffs.indexOf(judge))?.ndcg ?? 0)
  const at = scores.indexOf(Math.max(...scores))
  console.error(`${name}: configuration ${at + 1} of ${tried.length}`)
  return Array.from({ length: seeds }, () => tried[at].test)
}

/** Chooses on validation, then trains once per seed. */
const run = async (engine: Engine, name: string, encoder: RankerTraining['model']['encoder']) => {
  const { alone, of } = variants[name]
  const world = alone ? main : all
  let chosen = { configuration: of[0], score: -1 }
  for (const configuration of flags.untuned ? [] : of.slice(0, tries)) {
    const { epochs } = await train(engine, world, encoder, configuration, 'tuning')
    const score = best(epochs.map(({ validation }) => [...validation]))
    if (score > chosen.score) chosen = { configuration, score }
  }
  const tests: BySeed[number][] = []
  for (let seed = 1; seed <= seeds; seed++) {
    tests.push((await train(engine, world, encoder, chosen.configuration, String(seed))).test)
  }
  const { optimizer, balance } = chosen.configuration
  console.error(`${encoder}, ${name}: rate ${optimizer.rate}, ${JSON.stringify(balance)}`)
  return tests
}

const percent = (x: number): string => (100 * x).toFixed(2)
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const report = (encoder: string, tests: Readonly<Record<string, BySeed>>): void => {
  const columns = [[5, 'recall'], [20, 'recall'], [5, 'ndcg'], [20, 'ndcg']] as const
  const place = (k: number): number => cutoffs.indexOf(k)
  const reading = { place: place(judge), of: 'ndcg' } as const
  const flown = Object.keys(tests)
  const others = 'full' in tests ? flown.filter((name) => name !== 'full') : []
  const effects = others.map((name) => rankingEffect(tests[name], tests.full, reading))
  const adjusted = holm(effects.map(({ p }) => p))
  const heads = ['R@5', 'R@20', 'N@5', 'N@20', `full minus it, N@${judge} [95%]`, 'p (Holm)', 'detectable']
  console.log(`\n${encoder}, ${seeds} seeds, in percent\n`)
  console.log(row(['variant', ...heads]))
  console.log(row(['---', ...heads.map(() => '---')]))
  for (const name of flown) {
    const means = columns.map(([k, of]) => {
      const values = meansBySeed(tests[name], { place: place(k), of })
      return percent(values.reduce((a, b) => a + b, 0) / values.length)
    })
    const at = others.indexOf(name)
    if (at < 0) {
      console.log(row([name, ...means, '', '', '']))
      continue
    }
    const { estimate, interval: [low, high] } = effects[at]
    const least = minimumDetectableEffect(effects[at], 0.05 / others.length)
    const difference = `${percent(estimate)} [${percent(low)}, ${percent(high)}]`
    console.log(row([name, ...means, difference, adjusted[at].toFixed(3), percent(least)]))
  }
}

for (const note of main.notes) console.log(`- ${note}`)
for (const encoder of encoders) {
  const engine = await openEngine({ workers: 0 })
  const tests: Record<string, BySeed> = {}
  for (const name of chosenVariants) tests[name] = name in plain ? runPlain(name) : await run(engine, name, encoder)
  report(encoder, tests)
  await engine.close()
}
