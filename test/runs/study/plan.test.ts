import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

import { SpecificationError } from '../../../src/errors.js'
import { flyStudy } from '../../../src/runs/study/fly-study.js'
import { checkCells, readPlan } from '../../../src/runs/study/plan.js'
import { study, type StudyPlan } from '../../../src/runs/study/study.js'
import { say } from '../../cli/console.js'

const right: StudyPlan = {
  name: 'small',
  question: 'Does anything differ?',
  base: { model: { kind: 'mlp', hidden: [4] }, rounds: { kind: 'synchronous', count: 1 } },
  conditions: { calm: { world: { kind: 'storefronts', scenarios: 2, impressions: 300 } } },
  variants: { fedavg: { strategy: { kind: 'fedavg' } }, prox: { strategy: { kind: 'fedprox' } } },
  baselines: ['fedavg'],
  seeds: 1,
  tuning: { configurations: 2, space: { 'local.optimizer.rate': [0.001, 0.01] }, seeds: 1 },
}

const without = (field: keyof StudyPlan): object => Object.fromEntries(Object.entries(right).filter(([name]) => name !== field))

/** A wrong plan, and the message that it gets: file, path, and what was meant. */
const wrong: Readonly<Record<string, readonly [unknown, string]>> = {
  'no baselines': [without('baselines'), 'mine.ts: baselines is missing.\n  Give a list.'],
  'no name': [without('name'), 'mine.ts: name is missing.\n  Give a text.'],
  'variant for variants': [
    { ...without('variants'), variant: right.variants },
    'mine.ts: variants is missing.\n  Give a group of fields.\nmine.ts: variant is not a field.\n  Did you mean "variants"? Known here: ' +
      'at, base, baselines, byRows, conditions, gain, levels, metric, name, pairs, question, seeds, tuning, until, variants, within.',
  ],
  'condition for conditions': [{ ...right, condition: {} }, 'mine.ts: condition is not a field.\n  Did you mean "conditions"?'],
  'tunning for tuning': [{ ...right, tunning: right.tuning }, 'mine.ts: tunning is not a field.\n  Did you mean "tuning"?'],
  'a misspelt field of tuning': [
    { ...right, tuning: { ...right.tuning, configuration: 2 } }, 'mine.ts: tuning.configuration is not a field.\n  Did you mean "configurations"?',
  ],
  'seeds in words': [{ ...right, seeds: 'ten' }, 'mine.ts: seeds must be a number, got "ten".'],
  'a round that is not known': [{ ...right, at: 'lsat' }, 'mine.ts: at cannot be "lsat".\n  Did you mean "last"?'],
  'a misspelt field of a variant': [
    { ...right, variants: { ...right.variants, prox: { stategy: { kind: 'fedprox' } } } },
    'mine.ts: variants.prox.stategy is not a field of a simulation.\n  Did you mean "strategy"?',
  ],
  'a misspelt field of a condition': [
    { ...right, conditions: { calm: { wrold: {} } } }, 'mine.ts: conditions.calm.wrold is not a field of a simulation.\n  Did you mean "world"?',
  ],
  'a level of no metric': [{ ...right, until: { task: 'click', acu: 0.7 } }, 'mine.ts: until.acu is no metric of every round.\n  Did you mean "auc"?'],
  'a level of two metrics': [{ ...right, until: { auc: 0.7, 'log-loss': 0.4 } }, 'mine.ts: until names 2 metrics (auc, log-loss).\n  Give one and what it is to reach'],
  'a level in words': [{ ...right, until: { auc: 'high' } }, 'mine.ts: until.auc must be a number.'],
  'a level beside a metric': [{ ...right, metric: 'auc', until: { auc: 0.7 } }, 'mine.ts: until is given beside metric'],
  'no plan at all': [undefined, 'mine.ts: the study must be a group of fields.'],
}

describe('a study that is written wrongly', () => {
  it.each(Object.entries(wrong))('%s is told with file, path and what was meant', (_, [plan, words]) => {
    const read = (): unknown => readPlan(plan, 'mine.ts')
    expect(read).toThrow(SpecificationError)
    expect(read).toThrow(words)
  })

  it('and one that is right is taken as it is', () => {
    expect(readPlan(right, 'mine.ts')).toBe(right)
    expect(() => checkCells(right, 'mine.ts')).not.toThrow()
    const size = { full: false, data: undefined }
    expect(study(right).plan(size)).toBe(right)
    expect(study(({ full }) => ({ ...right, seeds: full ? 10 : 1 })).plan({ ...size, full: true }).seeds).toBe(10)
  })
})

describe('a typo within a variant', () => {
  const told = (about: Partial<StudyPlan>): string => {
    try {
      checkCells({ ...right, ...about }, 'mine.ts')
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }

  it('is told where it was written, of every variant and condition', () => {
    const last = { ...right.variants, last: { strategy: { kind: 'fedprx' } as never } }
    expect(told({ variants: last })).toContain('mine.ts: variants.last: strategy.kind cannot be "fedprx".\n  Did you mean "fedprox"?')
    const harsh = { ...right.conditions, harsh: { ...right.conditions.calm, faults: [{ kind: 'slow', who: 'client', bye: 2 } as never] } }
    expect(told({ conditions: harsh })).toContain('mine.ts: conditions.harsh: faults.0.bye is not a field.')
    expect(told({ base: { ...right.base, rounds: { kind: 'synchronous' } as never } })).toContain('mine.ts: base: rounds.count is missing.')
    expect(told({ conditions: { calm: {} } })).toContain('mine.ts: fedavg under calm: world is missing.')
  })

  it('of the search is told too', () => {
    const space = { 'local.optimzer.rate': [0.001, 0.01] }
    expect(told({ tuning: { ...right.tuning!, space } })).toMatch(/mine\.ts: tuning of fedavg under calm: [^]*local\.optimzer is not a field/)
    expect(told({ tuning: { ...right.tuning!, configurations: 3 } })).toContain('has 2 configurations, fewer than the 3')
  })

  it('stops a study before anything has flown', async () => {
    const out = mkdtempSync(join(tmpdir(), 'windtunnel-plan-'))
    const variants = { ...right.variants, last: { strategy: { kind: 'fedprx' } as never } }
    await expect(flyStudy({ ...right, variants }, { out, cwd: out, workers: 1 })).rejects.toThrow('variants.last: strategy.kind')
    expect(readdirSync(out)).toEqual([])
  })
})

it('the command says the same, with exit code 2, also of what the plan’s function throws', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-plan-'))
  const library = JSON.stringify(pathToFileURL(join(process.cwd(), 'src/runs/study/study.ts')).href)
  const write = (name: string, text: string): void => writeFileSync(join(cwd, name), `import { study } from ${library}\n${text}\n`)
  write('typo.ts', `export default study(${JSON.stringify({ ...right, tunning: {} })})`)
  const typo = await say(['study', 'typo.ts'], cwd)
  expect(typo).toMatchObject({ code: 2, out: '' })
  expect(typo.err).toContain('windtunnel: typo.ts: tunning is not a field.\n  Did you mean "tuning"?')
  write('throws.ts', 'export default study(({ data }) => ({ name: data.toUpperCase() }))')
  const throws = await say(['study', 'throws.ts'], cwd)
  expect(throws.code).toBe(2)
  expect(throws.err).toMatch(/throws\.ts(?::\d+)?: the script failed: TypeError: /)
})
