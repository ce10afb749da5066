import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { say } from './console.js'

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'windtunnel-cli-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

describe('help', () => {
  it('has an example for the program and for every command, and the exit codes', async () => {
    const whole = await say(['--help'])
    expect(whole).toMatchObject({ code: 0, err: '' })
    expect(whole.out).toContain('npx windtunnel run simulations/first-flight.ts')
    expect(whole.out).toContain('130 Ctrl-C')
    for (const command of ['run', 'plan', 'replay', 'show', 'verify', 'study', 'sweep', 'compare', 'blame', 'when', 'codecs', 'list', 'schema']) {
      const help = await say([command, '--help'])
      expect(help.code).toBe(0)
      expect(help.out).toContain(`Usage: windtunnel ${command}`)
      expect(help.out).toMatch(new RegExp(`Examples?:\\n {2}npx windtunnel ${command}`))
    }
  })

  it('names every flag of run', async () => {
    const { out } = await say(['run', '--help'])
    for (const flag of ['--seed', '--workers', '--engine', '--data', '--out', '--json', '--quiet', '--set', '--plan', '--check']) {
      expect(out).toContain(flag)
    }
  })

  it('is what a bare call gets, as an error', async () => {
    const { code, out, err } = await say([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Usage: windtunnel')
  })
})

describe('wrong arguments', () => {
  it.each([
    [['rnu', 'x.ts'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['run', 'x.ts', '--sede', '3'], "unknown option '--sede'\n(Did you mean --seed?)"],
    [['run', 'x.ts', '--workers', '0'], "argument '0' is invalid. It must be a whole number from 1 to 256."],
    [['run', 'x.ts', '--engine', 'onxn'], 'argument \'onxn\' is invalid. Did you mean "onnx"? Known: onnx, tfjs, tfjs-node, tfjs-node-eager, surrogate.'],
    [['run'], "missing required argument 'script'"],
    [['replay'], "missing required argument 'run'"],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await say(argv)
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })
})

describe('what cannot be flown', () => {
  it('says where in a YAML file', async () => {
    const cwd = folderWith({ 'plan.yaml': 'world: { kind: storefront }\nstrategy: { kind: fedavg }\n' })
    const { code, out, err } = await say(['run', 'plan.yaml'], cwd)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(
      [
        'windtunnel: plan.yaml:1:16: world.kind cannot be "storefront".',
        '  1 | world: { kind: storefront }',
        '    |                ^^^^^^^^^^',
        '  Did you mean "storefronts"? Known: ',
      ].join('\n'),
    )
    expect(err).toContain('model is missing')
  })

  it('says which file is missing or of no known kind', async () => {
    const cwd = folderWith({ 'plan.toml': '' })
    expect(await say(['run', 'nowhere.ts'], cwd)).toMatchObject({
      code: 2,
      err: 'windtunnel: nowhere.ts does not exist. Give a script (.ts, .js) or a document (.yaml, .json).\n',
    })
    expect((await say(['run', 'plan.toml'], cwd)).err).toContain('cannot run a ".toml" file. Known endings: .ts')
  })

  it.each([
    [['run', 'flihgt.yaml'], 'flihgt.yaml does not exist. Did you mean flight.yaml?'],
    [['study', 'flight.yml'], 'flight.yml does not exist. Did you mean flight.yaml?'],
    [['run', 'flight.yaml', '--plan', 'palns.json'], '--plan: palns.json does not exist. Did you mean plans.json? Write one with'],
    [['run', 'flight.yaml', '--data', 'stors'], 'there is no such folder. Did you mean '],
    [['verify', 'stors'], 'stors does not exist. Did you mean stores?'],
    [['blame', 'stors'], 'stors does not exist. Did you mean '],
  ])('says of %j what there is that is called much the same', async (argv, words) => {
    const cwd = folderWith({ 'flight.yaml': 'world: { kind: storefronts }', 'plans.json': '[]' })
    mkdirSync(join(cwd, 'stores'))
    expect((await say(argv, cwd)).err).toContain(words)
  })

  it('says what is wrong with --data', async () => {
    const cwd = folderWith({
      'plan.json': JSON.stringify({
        world: { kind: 'storefronts' },
        model: { kind: 'mlp', hidden: [4] },
        strategy: { kind: 'fedavg' },
        rounds: { kind: 'synchronous', count: 1 },
      }),
    })
    const missing = await say(['run', 'plan.json', '--data', join(cwd, 'no')], cwd)
    expect(missing).toMatchObject({ code: 3, out: '' })
    expect(missing.err).toContain('there is no such folder')
    const strange = await say(['run', 'plan.json', '--data', cwd], cwd)
    expect(strange.code).toBe(3)
    expect(strange.err).toMatch(/looks like no data that is known\. Known:\n {2}KuaiRand-Pure/)
  })

  it('refuses to replay what is not a run', async () => {
    expect(await say(['replay', '/nowhere/at/all'])).toMatchObject({ code: 7, out: '' })
    const cwd = folderWith({ 'manifest.json': '{}' })
    expect((await say(['replay', cwd])).err).toContain('manifest.json is not one that this version reads')
  })
})

describe('schema', () => {
  it('prints the JSON Schema that editors take', async () => {
    const { code, out } = await say(['schema'])
    expect(code).toBe(0)
    const schema = JSON.parse(out) as { properties: Record<string, unknown> }
    const required = ['world', 'model', 'strategy', 'rounds']
    expect(schema).toMatchObject({ anyOf: [{ required }, { required: ['sweep'] }], additionalProperties: false })
    expect(Object.keys(schema.properties)).toEqual([
      'name', 'world', 'labels', 'model', 'local', 'strategy', 'rounds', 'selection',
      'topology', 'network', 'codec', 'privacy', 'secureAggregation', 'delivery', 'devices', 'costs', 'schedule', 'faults', 'calm', 'checkpoint', 'evaluate', 'start', 'onDivergence', 'seeds', 'sweep',
    ])
    expect(schema.properties.sweep).toMatchObject({ type: 'object', additionalProperties: false, properties: { grid: { type: 'object' }, until: { type: 'object' } } })
  })

  it('prints that of a folder of data too', async () => {
    const { code, out } = await say(['schema', 'folder'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ required: ['files', 'tasks', 'split'], additionalProperties: false })
    expect((await say(['schema', 'fodler'])).err).toMatch(/folder/)
  })
})

it.each([
  ['run', 'nowhere.yaml'], ['replay', 'nowhere'], ['resume', 'nowhere'], ['study', 'nowhere.ts'], ['explore', 'nowhere.yaml'], ['shrink', 'nowhere'],
  ['blame', 'nowhere'], ['when', 'nowhere', 'auc < .6'], ['refute', 'nowhere.yaml', 'own > fedprox'],
])('%s gives Ctrl-C back where it is refused', async (...argv) => {
  const before = process.listenerCount('SIGINT')
  expect((await say(argv, folderWith({}))).code).not.toBe(0)
  expect(process.listenerCount('SIGINT')).toBe(before)
})
