import { describe, expect, it } from 'vitest'
import { SpecificationError } from '../../src/errors.js'
import type { World } from '../../src/data/world.js'
import { faultEntries } from '../../src/faults/registry.js'
import { adam } from '../../src/engine/program/optimizer.js'
import { checkWorld, reseed, resolve, type ResolveOptions } from '../../src/simulation/resolve.js'
import { readDocument } from '../../src/documents/source.js'
import type { Specification } from '../../src/simulation/specification.js'

/** A world with so many scenarios. */
const of = (scenarios: number): World => ({ scenarios: Array.from({ length: scenarios }) }) as unknown as World

const yaml = `world: { kind: storefronts, scenarios: 3 }
model: { kind: mmoe, embedding: 8, experts: 4, expert: [64, 32], tower: [16] }
strategy: { kind: fedavg }
rounds:
  kind: deadline
  count: 4
  after: 5 min
`

const from = (text: string, options: ResolveOptions = {}) => {
  const { value, source } = readDocument(text, 'plan.yaml')
  return resolve(value as Specification, { source, workers: 1, ...options })
}

const link = (envelopes$: unknown) => envelopes$
const synchronous = () => ({ kind: 'synchronous' as const, count: 1 })
const set = (...settings: string[]) => from(yaml, { set: settings })

const complaint = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SpecificationError)
    return (error as Error).message
  }
  throw new Error('nothing was thrown')
}

describe('another kind by --set', () => {
  const adamed = `${yaml}local: { optimizer: { kind: adam, rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-7 } }\n`

  it.each([
    ['all of a group that nobody wrote', yaml, ['local.optimizer.kind=sgd'], { kind: 'sgd', rate: 0.05, momentum: 0 }],
    ['but not what was set in it', yaml, ['local.optimizer.rate=0.3', 'local.optimizer.kind=sgd'], { kind: 'sgd', rate: 0.3, momentum: 0 }],
    ['nor what is set after it', yaml, ['local.optimizer.kind=adagrad', 'local.optimizer.rate=0.3'], { kind: 'adagrad', rate: 0.3, epsilon: 1e-10 }],
    ['defaults of the old kind that were written out', adamed, ['local.optimizer.kind=sgd'], { kind: 'sgd', rate: 0.02, momentum: 0 }],
    ['nothing where the kind is the same', adamed, ['local.optimizer.kind=adam'], { kind: 'adam', rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }],
  ])('takes away %s', (_, text, settings, optimizer) => {
    expect(from(text, { set: settings }).local.optimizer).toEqual(optimizer)
  })

  it('in a script, whose constructors write defaults', () => {
    const plan = { ...(readDocument(yaml, 'plan.yaml').value as Specification), local: { optimizer: adam(0.02) } }
    expect(resolve(plan, { set: ['local.optimizer.kind=sgd'] }).local.optimizer).toEqual({ kind: 'sgd', rate: 0.02, momentum: 0 })
  })

  it.each([
    ['rounds.kind=synchronous', 'rounds.after is not a field', "--set 'rounds={ kind: synchronous, ... }'", '--set rounds.after=null'],
    ['local.optimizer.kind=sgd', 'local.optimizer.beta1 is not a field', "--set 'local.optimizer={ kind: sgd, ... }'", 'beta1=null'],
    ['model.kind=ple', 'model.shared is missing', "--set 'model={ kind: ple, ... }'", '--set model.shared=...'],
  ])('%s says what to do about what was written', (setting, ...parts) => {
    const text = `${yaml}local: { optimizer: { kind: adam, rate: 0.02, beta1: 0.8 } }\n`
    const said = complaint(() => from(text, { set: [setting] }))
    for (const part of parts) expect(said).toContain(part)
  })
})

describe('--set', () => {
  it.each(['devices.gflops=2', 'network.up=5 Mbps', 'evaluate.until=auc .9', 'local.clip={ norm: 1 }'])(
    '%s starts from defaults, of which no unit is asked', (setting) => {
      expect(() => from(yaml, { set: [setting] })).not.toThrow()
    })

  it.each([['nonsense.b.c=1', 'nonsense'], ['.=1', '""'], ['world.=1', 'world.""']])('%s is what names the field %s', (setting, field) => {
    expect(complaint(() => from(yaml, { set: [setting] }))).toContain(`--set ${setting}: ${field} is not a field`)
  })

  it.each(['toString', 'constructor', 'valueOf', 'hasOwnProperty'])('%s is no field because every object has one', (name) => {
    expect(complaint(() => from(yaml, { set: [`${name}=1`] }))).toContain(`${name} is not a field`)
    expect(complaint(() => from(`${yaml}${name}: 1\n`))).toContain(`plan.yaml:8:1: ${name} is not a field`)
  })
})

describe('resolve', () => {
  it('fills in defaults and derives a seed per purpose', () => {
    const resolved = from(yaml, { seed: 7 })
    expect(resolved.local).toEqual({
      balance: { kind: 'equal' },
      epochs: 1,
      batch: 256,
      optimizer: { kind: 'adam', rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
      optimizerState: 'reset',
      chunk: 4,
      clients: [],
    })
    expect(resolved.evaluate).toEqual({ models: false, start: true, every: 1, on: ['validation', 'test'], final: true, answers: false })
    expect(resolved.seeds).toEqual({
      world: '7/world',
      initialisation: '7/initialisation',
      batches: '7/batches',
      selection: '7/selection',
      faults: '7/faults',
    })
    expect(resolved.rounds).toEqual({
      kind: 'deadline',
      count: 4,
      after: 300_000_000,
      quorum: 1,
      overSelect: 0,
      missing: 'last',
    })
  })

  it('reads a clip by norm or by value, a model to start from, and says what else they cannot be', () => {
    const set = (...settings: string[]) => from(yaml, { set: settings })
    expect(set('local.clip={ norm: 1 }').local.clip).toEqual({ norm: 1 })
    expect(set('local.clip.value=0.5').local.clip).toEqual({ value: 0.5 })
    expect(() => set('local.clip={ norm: 0 }')).toThrow('local.clip.norm must be above 0, got 0')
    expect(() => set('local.clip={ norm: 1, value: 1 }')).toThrow(/local\.clip\.\w+ is not a field/)
    expect(() => set('local.clip={ nrom: 1 }')).toThrow('Did you mean "norm"?')
    expect(set('start.from=runs/x').start).toEqual({ from: 'runs/x', model: 'selected' })
    expect(() => set('start={ from: runs/x, model: best }')).toThrow('start.model cannot be "best"')
    expect(() => set('start={ model: last }')).toThrow('start.from is missing')
  })

  it('keeps a seed that is given, as text', () => {
    expect(from(`${yaml}seeds: { world: 11 }`, { seed: 7 }).seeds).toMatchObject({ world: '11', batches: '7/batches' })
    // What is given is so by any seed, also where it is written as one would derive it.
    const given = reseed(from(`${yaml}seeds: { world: 7/world }`, { seed: 7 }), 8)
    expect(given).toMatchObject({ seed: '8', seeds: { world: '7/world', batches: '8/batches' }, ownSeeds: { world: '7/world' } })
    expect(reseed(given, 9, { faults: 'kept' }).seeds).toMatchObject({ world: '7/world', faults: 'kept', batches: '9/batches' })
  })

  it('reads what it wrote: resolving a resolved specification changes nothing', () => {
    const first = from(`${yaml}seeds: { world: 11 }`)
    const { seed, seeds: _, ownSeeds, engine, workers, warnings: __, ...settled } = first
    expect(resolve({ ...settled, seeds: ownSeeds }, { seed, engine, workers })).toEqual(first)
  })

  it('means the same in YAML, JSON and a script', () => {
    const data: Specification = {
      world: { kind: 'storefronts', scenarios: 3 },
      model: { kind: 'mmoe', embedding: 8, experts: 4, expert: [64, 32], tower: [16] },
      strategy: { kind: 'fedavg' },
      rounds: { kind: 'deadline', count: 4, after: 300_000_000 },
    }
    const json = readDocument(JSON.stringify(data, null, 2), 'plan.json')
    expect(resolve(json.value as Specification, { workers: 1, source: json.source })).toEqual(from(yaml))
    expect(resolve(data, { workers: 1 })).toEqual(from(yaml))
  })

  it('lets functions stand in the four fields, and nowhere else', () => {
    const { value } = readDocument(yaml, 'plan.yaml')
    const model = { name: 'mine', segments: () => [], forward: () => ({ heads: {} }) }
    const resolved = resolve({ ...(value as Specification), model, link: link as never })
    expect(resolved.model).toBe(model)
    expect(resolved.link).toBe(link)
    expect(complaint(() => resolve({ ...(value as object), world: () => 1 } as never))).toContain('world must be')
  })
})

describe('a time without a unit', () => {
  const script: Specification = {
    world: { kind: 'storefronts' }, model: { kind: 'mlp', hidden: [2] }, strategy: { kind: 'fedavg' },
    rounds: { kind: 'deadline', count: 4, after: 60 },
  }

  it.each([
    ['rounds.after=60', 'rounds.after is a time without a unit, got 60.'],
    ['network.latency=40', 'network.latency is a time without a unit, got 40.'],
    ['network.jitter={ kind: uniform, upTo: 5 }', 'network.jitter.upTo is a time without a unit, got 5.'],
    ['devices.stepOverhead=200', 'devices.stepOverhead is a time without a unit, got 200.'],
    ['schedule={ kind: windows, windows: [[0, 30]], every: 24 h }', 'schedule.windows.0.1 is a time without a unit, got 30.'],
    ['faults=[{ kind: slow, who: { select: one }, profile: [[5, 2]] }]', 'faults.0.profile.0.0 is a time without a unit, got 5.'],
    ['faults=[{ kind: delay, link: { from: client }, by: 3 }]', 'faults.0.by is a time without a unit, got 3.'],
  ])('is refused on the command line: %s', (setting, message) => {
    expect(complaint(() => from(yaml, { set: [setting] }))).toContain(message)
  })

  it('is refused in YAML, with its line and what may be meant', () => {
    expect(complaint(() => from(yaml.replace(/after: .*/, 'after: 60')))).toBe([
      'plan.yaml:7:10: rounds.after is a time without a unit, got 60.',
      '  7 |   after: 60',
      '    |          ^^',
      '  Write "60 s", "60 min" or "60 us", as it is meant.',
    ].join('\n'))
  })

  it('is none in a setting that nobody typed, such as those of a grid', () => {
    expect(from(yaml, { set: ['rounds.after=60000000'], typed: false }).rounds).toMatchObject({ after: 60e6 })
  })

  it('is none where it is 0, where the number counts something, and in a script, whose constants are numbers', () => {
    const set = ['network.latency=0', 'rounds.count=60', 'local.epochs=2', 'seeds.world=7', 'network.up=5000000', 'model.embedding=4']
    expect(from(yaml, { set }).network.latency).toBe(0)
    expect(resolve(script).rounds).toMatchObject({ after: 60 })
  })
})

describe('a broken specification', () => {
  it('gives file, line, column, the nearest name and all known ones for an unknown field', () => {
    expect(complaint(() => from(yaml.replace('count', 'cuont')))).toBe(
      [
        'plan.yaml:4:1: rounds.count is missing.',
        '  4 | rounds:',
        '    | ^^^^^^',
        '  Give a number.',
        'plan.yaml:6:3: rounds.cuont is not a field.',
        '  6 |   cuont: 4',
        '    |   ^^^^^',
        '  Did you mean "count"? Known here: after, count, kind, late, leftBehind, missing, overSelect, patience, quorum, select.',
      ].join('\n'),
    )
  })

  it('knows the fields of the variant that is meant, not those of its neighbours', () => {
    expect(complaint(() => from(`${yaml}local:\n  optimizer: { kind: sgd, momentun: .9 }`))).toBe(
      [
        'plan.yaml:9:27: local.optimizer.momentun is not a field.',
        '  9 |   optimizer: { kind: sgd, momentun: .9 }',
        '    |                           ^^^^^^^^',
        '  Did you mean "momentum"? Known here: kind, momentum, rate, weightDecay.',
      ].join('\n'),
    )
  })

  it('names the variants for an unknown kind', () => {
    expect(complaint(() => from(yaml.replace('kind: deadline', 'kind: dedline')))).toBe(
      [
        'plan.yaml:5:9: rounds.kind cannot be "dedline".',
        '  5 |   kind: dedline',
        '    |         ^^^^^^^',
        '  Did you mean "deadline"? Known: asynchronous, buffered, deadline, quorum, semi-asynchronous, synchronous, tiers.',
      ].join('\n'),
    )
  })

  it('tells types and limits in words', () => {
    const none = yaml.replace('count: 4', 'count: 0')
    expect(complaint(() => from(none))).toContain('rounds.count must be at least 1, got 0.')
    expect(complaint(() => from(yaml.replace('count: 4', 'count: many')))).toContain(
      'plan.yaml:6:10: rounds.count must be a number, got "many".',
    )
    expect(complaint(() => from(`${yaml}local: { batch: 0 }`))).toContain('local.batch must be at least 1, got 0.')
    expect(complaint(() => from(`${yaml}evaluate: { on: [train] }`))).toContain(
      'evaluate.on.0 cannot be "train".',
    )
    expect(complaint(() => from('- 1'))).toContain('plan.yaml:1:1: the specification must be a group of fields.')
    expect(complaint(() => from('a: [1'))).toMatch(/^plan\.yaml:\d+:\d+: /)
  })

  it('says at once what is missing', () => {
    expect(complaint(() => resolve({} as Specification))).toMatch(
      /world is missing[^]*model is missing[^]*strategy is missing[^]*rounds is missing/,
    )
    expect(complaint(() => from(yaml.replace('  after: 5 min\n', '')))).toContain('rounds.after is missing.')
  })

  it('refuses a buffer above the clients, and warns where a lost update would hold a place for ever', () => {
    const terms = (more = '') => yaml.replace(/rounds:[^]*/, `rounds:\n  kind: buffered\n  count: 2\n  buffer: 9\n${more}`)
    expect(complaint(() => checkWorld(from(terms()), of(5)))).toMatch(/rounds\.buffer is 9, above the 5[^]*trains twice/)
    const lossy = 'faults:\n  - { kind: lose, link: { from: client, to: aggregator }, probability: 0.5 }\n'
    expect(from(terms(lossy)).warnings.join()).toMatch(/rounds are buffered without a timeout/)
    expect(from(terms(`  timeout: 5 min\n${lossy}`)).warnings).toEqual([])
  })

  it('refuses a quorum above the selection, and a selection or quorum above the clients', () => {
    expect(complaint(() => from(`${yaml}  select: 2\n  quorum: 3`))).toBe(
      [
        'plan.yaml:9:11: rounds.quorum is 3, above the 2 clients that rounds.select asks: no round could close.',
        '  9 |   quorum: 3',
        '    |           ^',
        '  Lower the quorum or raise rounds.select.',
      ].join('\n'),
    )
    const wide = from(`${yaml}  select: 9\n  quorum: 8`)
    expect(complaint(() => checkWorld(wide, of(5)))).toMatch(/rounds\.select is 9, above the 5[^]*rounds\.quorum is 8/)
    expect(() => checkWorld(wide, of(9))).not.toThrow()
  })

  it('tells what is impossible in a fault, where it stands', () => {
    const lost = '{ kind: lose, link: { from: client }, probability: 1.2 }'
    const faults = `faults:\n  - ${lost}\n  - { kind: slwo, who: client }\n`
    expect(complaint(() => from(yaml + faults))).toBe(
      [
        'plan.yaml:9:56: faults.0.probability must be at most 1, got 1.2.',
        '  9 |   - { kind: lose, link: { from: client }, probability: 1.2 }',
        '    |                                                        ^^^',
        'plan.yaml:10:13: faults.1.kind cannot be "slwo".',
        '  10 |   - { kind: slwo, who: client }',
        '     |             ^^^^',
        `  Did you mean "slow"? Known: ${faultEntries.map(({ kind }) => kind).join(', ')}.`,
      ].join('\n'),
    )
  })

  it('explains durations and bandwidths', () => {
    expect(complaint(() => from(yaml.replace('5 min', '5 minutes')))).toBe(
      [
        'plan.yaml:7:10: rounds.after cannot be "5 minutes".',
        '  7 |   after: 5 minutes',
        '    |          ^^^^^^^^^',
        '  Expected integer microseconds or a text such as "5 min" (units: us, ms, s, min, h, d).',
      ].join('\n'),
    )
  })

  it('warns of rounds that a fault can keep open for ever', () => {
    const rounds = '{ kind: synchronous, count: 3 }'
    const { warnings } = from(yaml, { set: [`rounds=${rounds}`, 'faults=[{ kind: lose, link: {} }]'] })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('rounds are synchronous without a deadline, and the faults (lose)')
    expect(from(yaml, { set: [`rounds=${rounds}`] }).warnings).toEqual([])
  })

  it('refuses a link in a file', () => {
    expect(complaint(() => from(`${yaml}link: fast`))).toContain('plan.yaml:8:1: link must be a function')
  })

  it('proposes link to a script that misspells it', () => {
    const { value } = readDocument(yaml, 'plan.yaml')
    expect(complaint(() => resolve({ ...(value as object), lnik: 1 } as never))).toContain('Did you mean "link"?')
  })
})

describe('--set', () => {
  it('sets any field, starting from the defaults where a group is left out', () => {
    expect(set('rounds.count=5').rounds).toMatchObject({ count: 5, quorum: 1 })
    expect(set('local.optimizer.rate=1e-2').local.optimizer).toMatchObject({ kind: 'adam', rate: 0.01 })
    expect(set('faults=[]').faults).toEqual([])
    expect(set('strategy={kind: fedprox, mu: .1}').strategy).toEqual({ kind: 'fedprox', mu: 0.1 })
    expect(set('evaluate.on[0]=test').evaluate.on).toEqual(['test', 'test'])
  })

  it('takes a field away with null, and later settings win', () => {
    expect(set('rounds.select=2', 'rounds.select=null').rounds).not.toHaveProperty('select')
    expect(set('rounds.count=5', 'rounds.count=6').rounds).toMatchObject({ count: 6 })
  })

  it('leaves the specification it was given alone', () => {
    const { value } = readDocument(yaml, 'plan.yaml')
    const before = JSON.stringify(value)
    resolve(value as Specification, { set: ['rounds.count=5'] })
    expect(JSON.stringify(value)).toBe(before)
  })

  describe('in a list', () => {
    const three = `${yaml}\nfaults:\n  - { kind: delay, id: late, link: {}, by: 1 s }\n  - { kind: lose, link: {}, probability: .1 }\n  - { kind: slow, who: all, by: 2 }\n`
    const among = (...settings: string[]) => from(three, { set: settings })
    const there = 'faults has 3 entries, 0 to 2 (0 late, 1 lose, 2 slow). Give a number from 0 to 2'

    it.each(['faults.9.by=3', 'faults.4.link.from=x', 'faults.9={ kind: slow, who: all, by: 2 }', 'faults.-1.by=3', 'faults.late.by=3', 'faults.1e0.by=3', 'faults..by=3', 'faults.length=0', 'faults.=3'])(
      'says of %s how many entries there are, and what to do', (setting) => {
        const [path] = setting.split('=')
        const entry = path.split('.')[1]
        expect(complaint(() => among(setting))).toBe(`--set ${setting}: there is no faults.${entry || '""'}: ${there}, or 3, which adds one.`)
      })

    it.each(['faults.3=null', 'faults.9=null', 'faults.3.by=null', 'faults.x=null'])('takes away with %s what is there alone', (setting) => {
      expect(complaint(() => among(setting))).toBe(`--set ${setting}: there is no faults.${setting.slice(7, 8)}: ${there}.`)
    })

    it('says so of one that is empty, also where it is so by default', () => {
      expect(complaint(() => set('local.clients.7.epochs=2'))).toBe('--set local.clients.7.epochs=2: there is no local.clients.7: local.clients has no entries. Give 0, which adds one.')
      expect(complaint(() => set('faults.0=null'))).toBe('--set faults.0=null: there is no faults.0: faults has no entries. There is nothing to take away.')
      expect(complaint(() => set('local.clients.0.epochs=2'))).toContain("local.clients has no entries, and --set local.clients.0.epochs=2 adds one. Give all of it, --set 'local.clients.0={ ... }'.")
    })

    it('adds the next one, of which several settings may say something, and what is missing in it is theirs', () => {
      expect(among('faults.3.kind=slow', 'faults.3.who=one', 'faults.3.by=5').faults[3]).toMatchObject({ kind: 'slow', by: 5 })
      expect(among('faults.0=null', 'faults.0=null').faults.map(({ kind }) => kind)).toEqual(['slow'])
      const said = complaint(() => among('faults.3.by=3'))
      expect(said).toMatch(/^--set faults\.3\.by=3: faults\.3\.kind is missing\.\n/)
      expect(said).toContain("faults has 3 entries, 0 to 2 (0 late, 1 lose, 2 slow), and --set faults.3.by=3 adds another. Give all of it, --set 'faults.3={ ... }', or a number of one that is there.")
    })

    it('names no more of a long one than anybody reads', () => {
      const many = Array.from({ length: 40 }, (_, i) => `--- ${'x'.repeat(80)} ${i}`)
      expect(complaint(() => among('faults=[]', `evaluate.on=${JSON.stringify(many)}`, 'evaluate.on.99=test')).length).toBeLessThan(600)
    })
  })

  it('takes no field away that nobody knows', () => {
    expect(complaint(() => set('rounds.quorm=null'))).toContain('--set rounds.quorm=null: rounds.quorm is not a field, and cannot be taken away.\n  Did you mean "quorum"?')
    expect(set('rounds.select=null', 'link=null').rounds).not.toHaveProperty('select')
  })

  it('names the setting in errors', () => {
    expect(complaint(() => set('rounds.cuont=5'))).toBe(
      '--set rounds.cuont=5: rounds.cuont is not a field.\n' +
        '  Did you mean "count"? Known here: after, count, kind, late, leftBehind, missing, overSelect, patience, quorum, select.',
    )
    expect(complaint(() => set('rounds.count=0'))).toBe('--set rounds.count=0: rounds.count must be at least 1, got 0.')
    expect(complaint(() => set('rounds'))).toContain('expected PATH=VALUE')
    expect(complaint(() => set('rounds.count.x=1'))).toContain('rounds.count is 4 and has no fields')
    expect(complaint(() => set('evaluate.on.5=test'))).toBe(
      '--set evaluate.on.5=test: there is no evaluate.on.5: evaluate.on has 2 entries, 0 to 1 (0 "validation", 1 "test"). Give a number from 0 to 1, or 2, which adds one.',
    )
    expect(complaint(() => set('rounds.count={'))).toContain('the value is not YAML')
  })

  it('cannot reach into a function', () => {
    const { value } = readDocument(yaml, 'plan.yaml')
    const spec = { ...(value as Specification), rounds: synchronous }
    expect(complaint(() => resolve(spec, { set: ['rounds.count=5'] }))).toContain('rounds is a function of the script')
    expect(resolve(spec, { set: ['rounds={kind: synchronous, count: 2}'] }).rounds).toMatchObject({ count: 2 })
  })
})
