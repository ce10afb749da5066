import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// @ts-expect-error plain JavaScript, which runs before all is built
import { ensureBuilt } from '../../src/cli/build.mjs'

/*
 * Scripts where they are written: outside the checkout, in folders that say nothing of modules, or that say CommonJS. One
 * process of the built command loads all of them.
 */

const built = new URL('../../dist/src/', import.meta.url)

const simulation = (more = ''): string => `
export default simulation({
  world: storefronts({ scenarios: 2 }), model: mlp({ hidden: [4] }), strategy: fedAvg(), rounds: synchronous({ count: 1 }), ${more}
})
`
const imports = `import { fedAvg, mlp, simulation, synchronous } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'
`

/** By name: the script `mine.ts` or what `file` says, and the files beside it. */
const right: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a helper that imports TensorFlow.js': {
    'mine.ts': `${imports}import { scale } from './parts/scale.js'\n${simulation('name: `n${scale(2)}`')}`,
    'parts/scale.ts': `import * as tf from '@tensorflow/tfjs'\nimport { relu } from '@windtunnel/windtunnel/tensorflow'\nif (relu !== tf.relu) throw new Error('two copies')\nimport { twice } from './twice'\nexport const scale = (x: number): number => twice(tf.scalar(x).dataSync()[0])\n`,
    'parts/twice.ts': 'export const twice = (x: number): number => 2 * x\n',
  },
  'a top-level await': {
    'mine.ts': `${imports}const n: number = await Promise.resolve(4)\n${simulation('name: `n${n}`')}`,
  },
  'types without the word type, enums, parameter properties': {
    'mine.ts': `${imports}import { Size, Sized } from './size.js'\nimport { Specification } from '@windtunnel/windtunnel'
class Own { constructor(readonly n: number) {} }\nconst sized: Sized = new Own(Size.four)\nconst made: Specification = simulation({} as never)\nvoid made${simulation('name: `n${sized.n}`')}`,
    'size.ts': 'export enum Size { four = 4 }\nexport interface Sized { n: number }\n',
  },
  'JavaScript, CommonJS and JSON beside it': {
    'mine.js': `${imports}import { two } from './two.js'\nimport old from './old.js'\nimport { n } from './n.json.js'\nimport json from './n.json'\n${simulation('name: `n${two * old.two * n * json.n}`')}`,
    'two.js': 'export const two = 2\n',
    'old.js': 'module.exports = { two: 2 }\n',
    'n.json.js': 'export const n = 1\n',
    'n.json': '{ "n": 1 }',
  },
  'an operator of rxjs for a link': {
    'mine.ts': `${imports}import { map } from 'rxjs'\nconst links: unknown[] = [map]\n${simulation('name: `n${3 + links.length}`')}`,
  },
}

const wrong: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string]>> = {
  'a misspelt name, on its own line of the import': [
    { 'mine.ts': `import {\n  fedAvgg, simulation,\n} from '@windtunnel/windtunnel'\nexport default simulation({ strategy: fedAvgg() } as never)\n` },
    'mine.ts:2:3: "@windtunnel/windtunnel" exports no "fedAvgg".\n  2 |   fedAvgg, simulation,\n    |   ^^^^^^^\n  Did you mean "fedAvg"?',
  ],
  'a misspelt name in a helper': [
    { 'mine.ts': `import { two } from './two.js'\nexport default two\n`, 'two.ts': `import { storefront } from '@windtunnel/windtunnel/scenarios'\nexport const two = storefront()\n` },
    'two.ts:1:10: "@windtunnel/windtunnel/scenarios" exports no "storefront".\n  1 | import { storefront } from \'@windtunnel/windtunnel/scenarios\'\n    |          ^^^^^^^^^^\n  Did you mean "storefronts"?',
  ],
  'a misspelt name of a helper': [
    { 'mine.ts': `import { too } from './two.js'\nexport default too\n`, 'two.ts': `export const two = 2\n` },
    'mine.ts:1:10: "./two.js" exports no "too".\n  1 | import { too } from \'./two.js\'\n    |          ^^^\n  Did you mean "two"?',
  ],
  'a default that a module has not': [
    { 'mine.ts': `import windtunnel from 'windtunnel'\nexport default windtunnel\n` },
    'mine.ts:1:8: "windtunnel" has no default export.\n  1 | import windtunnel from \'windtunnel\'\n    |        ^^^^^^^^^^\n  Import names from it: { ... }.',
  ],
  'a misspelt module': [
    { 'mine.ts': `import { storefronts } from 'windtunnel/scenario'\nexport default storefronts()\n` },
    'mine.ts:1:30: there is no "windtunnel/scenario" to import.\n  1 | import { storefronts } from \'windtunnel/scenario\'\n    |                              ^^^^^^^^^^^^^^^^^^^\n  Did you mean "windtunnel/scenarios"?',
  ],
  'a misspelt file': [
    { 'mine.ts': `import { two } from './tow.js'\nexport default two\n`, 'two.ts': `export const two = 2\n` },
    'mine.ts:1:22: there is no "./tow.js" to import.\n  1 | import { two } from \'./tow.js\'\n    |                      ^^^^^^^^\n  Did you mean two.ts?',
  ],
  'a module that is not installed': [
    { 'mine.ts': `import lodash from 'lodash-of-nobody'\nexport default lodash\n` },
    'mine.ts:1:21: there is no "lodash-of-nobody" to import.\n  1 | import lodash from \'lodash-of-nobody\'\n    |                     ^^^^^^^^^^^^^^^^\n  Without installing any, a script has: @windtunnel/windtunnel, @windtunnel/windtunnel/scenarios, @windtunnel/windtunnel/tensorflow, @tensorflow/tfjs, rxjs.',
  ],
  'TypeScript that does not parse': [
    { 'mine.ts': `const a: number = 1\nexport default { a: a b: 2 }\n` },
    'mine.ts:2:23: Unexpected token, expected ",".\n  2 | export default { a: a b: 2 }\n    |                       ^',
  ],
  'JavaScript that does not parse': [
    { 'mine.mjs': `const a = 1\nexport default { a: a b: 2 }\n` },
    'mine.mjs:2:23: Unexpected token, expected ",".\n  2 | export default { a: a b: 2 }\n    |                       ^',
  ],
  'a namespace, of which nothing would be left': [
    { 'mine.ts': `const a = 1\nnamespace N { export const two = 2 }\nexport default { a, two: N.two }\n` },
    'mine.ts:2:1: A namespace cannot be run, write an object.\n  2 | namespace N { export const two = 2 }\n    | ^',
  ],
  'a name that stands for nothing': [
    { 'mine.ts': `import { deadline } from 'windtunnel'\nconst of: number = 3\nexport default { rounds: deadline({ count: of as number, after: minute(5) }) }\n` },
    'mine.ts:3:65: the script failed: ReferenceError: minute is not defined.\n  3 | export default { rounds: deadline({ count: of as number, after: minute(5) }) }\n    |                                                                 ^^^^^^\n  Did you mean "minutes"?',
  ],
  'a name that is not imported': [
    { 'mine.ts': `import { world } from './world.js'\nexport default { world }\n`, 'world.ts': 'export const world = storefronts()\n' },
    "world.ts:1:22: the script failed: ReferenceError: storefronts is not defined.\n  1 | export const world = storefronts()\n    |                      ^^^^^^^^^^^\n  Import it: import { storefronts } from '@windtunnel/windtunnel/scenarios'",
  ],
  'a helper that throws': [
    { 'mine.ts': `import { two } from './two.js'\nexport default two\n`, 'two.ts': `const no = undefined as unknown as { a: number }\n\nexport const two = no.a\n` },
    "two.ts:3: the script failed: TypeError: Cannot read properties of undefined (reading 'a').",
  ],
  'a script that throws': [
    { 'mine.ts': `interface Long {\n  a: number\n}\nconst a = (null as unknown as Long).a\nexport default a\n` },
    "mine.ts:4: the script failed: TypeError: Cannot read properties of null (reading 'a').",
  ],
}

interface Answer {
  readonly name?: string
  readonly error?: string
  readonly kind?: string
}

const folder = mkdtempSync(join(tmpdir(), 'windtunnel-scripts-'))
const places = { nothing: undefined, commonjs: '{ "type": "commonjs" }', module: '{ "type": "module" }' } as const

/** Writes the files of a case into a folder of their own, and gives the script's path. */
const lay = (place: keyof typeof places, number: number, files: Readonly<Record<string, string>>): string => {
  // A path that an address writes in another way.
  const own = join(folder, `${place} 100% ü`, String(number))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(own, name)), { recursive: true })
    writeFileSync(join(own, name), text)
  }
  if (places[place] !== undefined) writeFileSync(join(own, 'package.json'), places[place])
  return join(own, Object.keys(files)[0])
}

const loader = `
import { dirname } from 'node:path'
import { loadSpecification } from '${new URL('runs/load.js', built).href}'
const said = {}
for (const path of JSON.parse(process.argv[2])) {
  said[path] = await loadSpecification(path, dirname(path)).then(
    ({ specification }) => ({ name: specification.name }), (error) => ({ kind: error.name, error: error.message }))
}
process.stdout.write(JSON.stringify(said))
`

let said: Readonly<Record<string, Answer>>
const paths = new Map<string, string>()

beforeAll(async () => {
  await (ensureBuilt as (options: object) => Promise<boolean>)({ quiet: true })
  for (const place of Object.keys(places) as (keyof typeof places)[]) {
    Object.entries(right).forEach(([name, files], i) => {
      // CommonJS without a word is only told apart where no package says `module`.
      const fits = place === 'module' ? Object.fromEntries(Object.entries(files).map(([file, text]) =>
        file === 'old.js' ? [file, 'export default { two: 2 }\n'] : [file, text])) : files
      paths.set(`${place}: ${name}`, lay(place, i, fits))
    })
  }
  Object.entries(wrong).forEach(([name, [files]], i) => paths.set(name, lay('nothing', 100 + i, files)))
  const program = join(folder, 'loader.mjs')
  writeFileSync(program, loader)
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify([...paths.values()])])
  said = JSON.parse(stdout) as Record<string, Answer>
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const answer = (name: string): Answer => said[paths.get(name)!]

describe.each(Object.keys(places))('in a folder that says %s of modules', (place) => {
  it.each(Object.keys(right))('%s', (name) => {
    expect(answer(`${place}: ${name}`)).toEqual({ name: 'n4' })
  })
})

it.each(Object.entries(wrong))('%s is told with its line', (name, [, words]) => {
  expect(answer(name)).toEqual({ kind: 'SpecificationError', error: words })
})
