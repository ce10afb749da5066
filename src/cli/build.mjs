/*
 * Builds dist/ from the sources when they are not what was built last. Plain JavaScript: it runs before all is built.
 *
 * The build goes into a folder of its own that takes dist's place when it is whole, so stale files never stay, and a
 * command that starts meanwhile waits for it. An installed package has neither sources nor TypeScript: its dist is used
 * as it is.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)
const packageRoot = dirname(dirname(dirname(here)))

/** What pages carry and browsers run is compiled apart: what a browser has is not there elsewhere. */
const browserProject = join('src', 'report', 'page', 'browser')

/** Everything that decides what is built. */
const sourceFiles = (root) => {
  const found = ['package.json', 'tsconfig.json', 'tsconfig.build.json', join(browserProject, 'tsconfig.json')]
    .map((name) => join(root, name))
    .filter((path) => fs.existsSync(path))
  const walk = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (entry.name.endsWith('.ts')) found.push(path)
    }
  }
  for (const folder of ['src', 'scenarios', 'bench']) if (fs.existsSync(join(root, folder))) walk(join(root, folder))
  return found.toSorted((a, b) => (a < b ? -1 : 1))
}

/** Changes when a source is edited, added or removed. */
const fingerprint = (root) => {
  const hash = createHash('sha256')
  for (const path of sourceFiles(root)) {
    const { mtimeMs, size } = fs.statSync(path)
    hash.update(`${relative(root, path)}\0${mtimeMs}\0${size}\n`)
  }
  return hash.digest('hex')
}

const built = (root) => {
  try {
    return fs.readFileSync(join(root, 'dist', '.built'), 'utf8')
  } catch {
    return undefined
  }
}

const alive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Only one command builds at a time; the lock of a command that died is taken over. */
const withLock = async (root, work) => {
  const lock = join(root, 'dist.lock')
  for (let waited = 0; ; waited += 50) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      let owner = NaN
      try {
        owner = Number(fs.readFileSync(lock, 'utf8'))
      } catch {
        continue
      }
      if (Number.isInteger(owner) && owner > 0 ? !alive(owner) : waited > 5000) fs.rmSync(lock, { force: true })
      else if (waited > 120_000) {
        throw new Error(`another command has been building for two minutes; remove ${lock}`, { cause: error })
      } else await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  try {
    return work()
  } finally {
    fs.rmSync(lock, { force: true })
  }
}

/** The files below a folder with one of these endings. */
const filesBelow = (folder, endings) =>
  fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path, endings)
    return endings.some((ending) => path.endsWith(ending)) ? [path] : []
  })

/** What models are written in: tensors, operations, and the methods of tensors. Its layers, loaders and browsers are not. */
const tensorFlowTypes = `import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops'
export * from '@tensorflow/tfjs-core'
`

/**
 * An ES module that gives by name what TensorFlow.js, which is CommonJS, exports. Imported itself it takes three times as
 * long, because Node then reads all of its files for the names: a quarter of a second for each process that starts.
 * `path` is where it lies now, `name` what the module is to call it.
 */
export const tensorFlowModule = (path, name = path) => {
  const names = Object.keys(createRequire(import.meta.url)(path)).filter((exported) => exported !== '__esModule')
  return [
    "import { createRequire } from 'node:module'",
    '',
    `export const { ${names.join(', ')} } =`,
    `  createRequire(import.meta.url)(${JSON.stringify(name)})`,
    '',
  ].join('\n')
}

const imports = /(from |import\(|import )(['"])@tensorflow\/tfjs\2/g

/**
 * What is built has TensorFlow.js's own bundle for Node beside it, and imports that: the package `@tensorflow/tfjs` is
 * this bundle, the parts that it requires, and core-js, which nothing of it uses in Node, and whose install script npm
 * runs or complains of wherever it is installed.
 */
const bringTensorFlow = (root, next) => {
  const bundle = join(root, 'node_modules', '@tensorflow', 'tfjs', 'dist')
  const code = join(bundle, 'tf.node.js')
  if (!fs.existsSync(code)) return
  const vendor = join(next, 'vendor')
  fs.mkdirSync(vendor)
  const withoutMap = (path) => fs.readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '')
  fs.writeFileSync(join(vendor, 'tensorflow.cjs'), withoutMap(code))
  fs.writeFileSync(join(vendor, 'tensorflow.d.cts'), tensorFlowTypes)
  fs.writeFileSync(join(vendor, 'tensorflow.js'), tensorFlowModule(join(vendor, 'tensorflow.cjs'), './tensorflow.cjs'))
  fs.writeFileSync(join(vendor, 'tensorflow.d.ts'), "export * from './tensorflow.cjs'\n")
  for (const path of filesBelow(next, ['.js', '.d.ts'])) {
    const text = fs.readFileSync(path, 'utf8')
    const way = relative(dirname(path), join(vendor, 'tensorflow.js')).replaceAll('\\', '/')
    const changed = text.replace(imports, (_, keyword) => `${keyword}'${way.startsWith('.') ? way : `./${way}`}'`)
    if (changed !== text) fs.writeFileSync(path, changed)
  }
}

const compile = (root, typescript, mark) => {
  const next = join(root, `dist.${process.pid}.new`)
  const old = join(root, `dist.${process.pid}.old`)
  fs.rmSync(next, { recursive: true, force: true })
  const pages = join(root, browserProject)
  const projects = [[join(root, 'tsconfig.build.json')], ...(fs.existsSync(pages) ? [[pages, '--noEmit', 'false', '--rootDir', root]] : [])]
  const results = projects.map((project) => {
    const options = ['-p', ...project, '--outDir', next, '--pretty', 'false']
    const result = spawnSync(process.execPath, [typescript, ...options], { cwd: root, encoding: 'utf8' })
    if (result.error) throw result.error
    return result
  })
  const said = results.map(({ stdout, stderr }) => `${stdout}${stderr}`).join('')
  // Of syntax (TS1...) and configuration (TS5..., TS6..., TS18...) nothing that runs can come; types do not hinder.
  const broken = /error TS(1|5|6|18)\d{3}:/.test(said)
  if (broken || !fs.existsSync(join(next, 'src', 'cli', 'main.js'))) {
    fs.rmSync(next, { recursive: true, force: true })
    throw new Error(`the build failed:\n${said}`)
  }
  if (results.some(({ status }) => status !== 0)) process.stderr.write(`${said}windtunnel: built in spite of these type errors\n`)
  bringTensorFlow(root, next)
  fs.writeFileSync(join(next, '.built'), mark)
  if (fs.existsSync(join(root, 'dist'))) fs.renameSync(join(root, 'dist'), old)
  fs.renameSync(next, join(root, 'dist'))
  fs.rmSync(old, { recursive: true, force: true })
}

/** Builds if it must; true if it did. Throws an Error whose message is for people. */
export const ensureBuilt = async ({ root = packageRoot, force = false, quiet = false } = {}) => {
  const typescript = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc')
  const checkout = fs.existsSync(join(root, 'src', 'cli', 'main.ts'))
  if (!checkout || !fs.existsSync(typescript)) {
    if (fs.existsSync(join(root, 'dist', 'src', 'cli', 'main.js'))) return false
    const missing = 'dist/ is missing; install windtunnel again'
    throw new Error(checkout ? 'TypeScript is not installed here; run npm install' : missing)
  }
  if (!force && built(root) === fingerprint(root)) return false
  return withLock(root, () => {
    const mark = fingerprint(root)
    if (!force && built(root) === mark) return false
    const start = performance.now()
    compile(root, typescript, mark)
    const seconds = ((performance.now() - start) / 1e3).toFixed(1)
    if (!quiet) process.stderr.write(`windtunnel: sources changed, built in ${seconds} s\n`)
    return true
  })
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === here) {
  try {
    await ensureBuilt({ force: process.argv.includes('--force') })
  } catch (error) {
    process.stderr.write(`windtunnel: ${error.message}\n`)
    process.exitCode = 1
  }
}
