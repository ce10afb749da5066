import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { blocksOf } from '../docs/pages.js'
import { pack, root, said } from './pack.js'

/*
 * What somebody does who has no checkout: packs, installs the tarball in an empty folder with npm 10 and with npm 11, type
 * checks the script of the guide as the guide says, flies it, and replays it. A warning of npm is a failure. Two minutes;
 * it needs the registry and nothing else.
 *
 *     npm run pack-trial [-- 10 11]
 */

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['10', '11']

const fail = (what: string): never => {
  throw new Error(what)
}

const step = (words: string): void => void process.stdout.write(`${words}\n`)

/** The blocks of the guide's section on scripts of one's own: the script and the tsconfig. */
const guide = blocksOf('docs/guide.md')
const script = guide.find(({ language, text }) => language === 'ts' && text.includes('export default simulation'))!.text
const project = guide.find(({ language, text }) => language === 'json' && text.includes('compilerOptions'))!.text

/** Compiler errors by the file that they are in, without those of files that are not ours. */
const errorsOf = async (folder: string, args: readonly string[]): Promise<string[]> => {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc')
  const words = await said(process.execPath, [tsc, '-p', folder, '--pretty', 'false', ...args], folder).catch(
    (error: { stdout: string }) => error.stdout)
  return words.split('\n').filter((line) => /error TS/.test(line))
}

const trial = async (npm: string, tarball: string, work: string): Promise<void> => {
  const folder = join(work, `npm ${npm}`)
  mkdirSync(folder)
  copyFileSync(tarball, join(folder, 'windtunnel.tgz'))
  // Nothing of the npm that runs this, and a cache of the engine that is empty.
  const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?:config|lifecycle|package)_/.test(name)))
  const env = { ...bare, WINDTUNNEL_CACHE: join(work, `cache ${npm}`) }
  const installed = await said('npx', ['-y', `npm@${npm}`, 'install', './windtunnel.tgz'], folder, env)
  if (/warn|error/i.test(installed)) fail(`npm ${npm} complains:\n${installed}`)
  step(`npm ${npm}: installed without a warning: ${installed.trim().split('\n')[0]}`)

  writeFileSync(join(folder, 'mine.ts'), script)
  writeFileSync(join(folder, 'tsconfig.json'), project)
  const strict = await errorsOf(folder, [])
  if (strict.length > 0) fail(`tsc, as the guide says:\n${strict.join('\n')}`)
  const all = await errorsOf(folder, ['--skipLibCheck', 'false'])
  const ours = all.filter((line) => /^(?!.*node_modules)|node_modules\/@windtunnel\//.test(line) && !/lib\.dom\.d\.ts/.test(line))
  if (ours.length > 0) fail(`tsc without skipLibCheck:\n${ours.join('\n')}`)
  writeFileSync(join(folder, 'mine.ts'), script.replace('count: 8', 'cuont: 8'))
  if ((await errorsOf(folder, [])).length === 0) fail('the compiler knows no types')
  writeFileSync(join(folder, 'mine.ts'), script)
  step(`npm ${npm}: the guide's script is type checked; without skipLibCheck ${all.length} errors, all in others' declarations`)

  const flown = await said('npx', ['windtunnel', 'run', 'mine.ts', '--json', '--set', 'rounds.count=2'], folder, env)
  const summary = JSON.parse(flown.slice(flown.indexOf('{'), flown.lastIndexOf('}') + 1)) as { status: string; digest: string }
  if (summary.status !== 'complete') fail(flown)
  const replayed = await said('npx', ['windtunnel', 'replay', 'runs/mine-1'], folder, env)
  // The engine is there now: a second flight fetches nothing.
  const again = await said('npx', ['windtunnel', 'run', 'mine.ts', '--quiet', '--set', 'rounds.count=2'], folder, env)
  if (again !== '') fail(`a second flight says: ${again}`)
  step(`npm ${npm}: flown (${summary.digest.slice(0, 12)}), ${replayed.trim().split('\n').at(-1)}`)

  writeFileSync(join(folder, 'program.mjs'), `
import { simulate } from '@windtunnel/windtunnel'
import { scalar } from '@windtunnel/windtunnel/tensorflow'
import { storefronts } from '@windtunnel/windtunnel/scenarios'
const run = await simulate({ world: storefronts({ scenarios: 2, impressions: 200 }), model: { kind: 'mlp', hidden: [4] },
  strategy: { kind: 'fedavg' }, rounds: { kind: 'synchronous', count: 1 },
  codec: { up: [{ kind: 'delta' }, { kind: 'zstd', planes: true }], down: { kind: 'deflate' } } })
console.log(run.status, scalar(2).dataSync()[0])
`)
  const program = await said(process.execPath, ['program.mjs'], folder, env)
  // TensorFlow.js greets, below it, whoever computes with its own backend.
  if (!program.startsWith('complete 2\n')) fail(program)
  if (existsSync(join(folder, 'node_modules/onnxruntime-node'))) fail('onnxruntime-node was installed with the package')
  step(`npm ${npm}: a program that imports it flies too`)
}

const work = mkdtempSync(join(tmpdir(), 'windtunnel-pack-'))
try {
  await said(process.execPath, ['src/cli/build.mjs'], root)
  const { filename, size, files } = await pack(work)
  step(`packed ${files.length} files, ${(size / 1e6).toFixed(2)} MB`)
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name: string }
  for (const npm of versions) await trial(npm, join(work, filename), work)
  step(`${name} installs and flies in an empty folder`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
