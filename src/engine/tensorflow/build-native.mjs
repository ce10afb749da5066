/*
 * Gives @tensorflow/tfjs-node its native library without the package's own download: libtensorflow and its C headers
 * come from TensorFlow's wheel on PyPI, and the addon is compiled against them and the headers of the running Node, so
 * that nothing else is fetched. About a minute and 0.7 GB. Plain JavaScript: it runs before all is built.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const addonName = '@tensorflow/tfjs-node'
const addonVersion = '4.22.0'

/**
 * It lies in a folder of its own: among the packages of the checkout the next `npm install` would remove it, since nothing
 * asks for it there. It is no dependency, because its install script downloads from a host of its own.
 */
const home = join(root, 'engine', 'native')

/** The TensorFlow whose C interface tfjs-node 4.22 is written for, so far as PyPI has it. */
const wheel = 'tensorflow-cpu==2.15.1'

/** From Node 23 on tfjs-node 4.22 calls a function that Node no longer has. */
const firstBrokenNode = 23

class Missing extends Error {}

const say = (words) => process.stdout.write(`native-tensorflow: ${words}\n`)

const run = (command, args, options = {}) => spawnSync(command, args, { encoding: 'utf8', ...options })

const works = (command, ...args) => run(command, args).status === 0

/** Runs a command that must succeed; a failure shows the end of what it said. */
const must = (purpose, command, args, options) => {
  const { error, status, stdout, stderr } = run(command, args, { maxBuffer: 1 << 28, ...options })
  if (error) throw new Missing(`${purpose} failed: ${error.message}`)
  if (status === 0) return stdout
  throw new Missing(`${purpose} failed:\n${`${stdout}${stderr}`.trimEnd().split('\n').slice(-30).join('\n')}`)
}

/** The folder that holds include/node of the running Node. */
const headersOfNode = () => {
  const prefixes = [process.env.npm_config_nodedir, dirname(dirname(fs.realpathSync(process.execPath)))]
  const found = prefixes.find((prefix) => prefix && fs.existsSync(join(prefix, 'include', 'node', 'node_api.h')))
  if (found) return found
  throw new Missing(
    `Node ${process.version} has no headers beside it (looked for include/node/node_api.h in ` +
      `${prefixes.filter(Boolean).join(' and ')}). Install Node with its headers, as its own archives do, or name a ` +
      'folder that has them: npm_config_nodedir=/path/to/node npm run native-tensorflow',
  )
}

const checkNode = () => {
  const [major] = process.versions.node.split('.').map(Number)
  if (major >= firstBrokenNode) {
    throw new Missing(
      `${addonName} 4.22 does not work on Node ${firstBrokenNode} and later, and this is ${process.version}. ` +
        'Use Node 20 or 22 for the engine tfjs-node; the engine onnx needs nothing of this.',
    )
  }
}

/** What is needed to build, of which all that is missing is named at once. */
const checkMachine = () => {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Missing(
      `this builds for Linux on x64 only, and this is ${process.platform} on ${process.arch}. There the package can ` +
        `only download its library itself: npm install ${addonName}@4.22.0 --no-save --foreground-scripts`,
    )
  }
  const lacking = []
  if (!works('python3', '--version')) lacking.push('python3')
  else if (!works('python3', '-m', 'pip', '--version')) lacking.push('pip for python3 (python3 -m pip)')
  if (!works('make', '--version')) lacking.push('make')
  const compiler = process.env.CXX ?? 'c++ or g++'
  if (!compiler.split(' or ').some((name) => works(name, '--version'))) lacking.push(`a C++ compiler (${compiler})`)
  if (lacking.length > 0) throw new Missing(`needs ${lacking.join(', ')}, which could not be run`)
}

/** The package's folder. Of TensorFlow.js itself it takes that of the checkout, further up: there is one copy. */
const addonFolder = () => {
  const scope = join(home, 'node_modules', '@tensorflow')
  const folder = join(scope, 'tfjs-node')
  if (fs.existsSync(join(folder, 'package.json'))) return folder
  say(`fetching ${addonName}@${addonVersion} without its own download`)
  fs.mkdirSync(home, { recursive: true })
  fs.writeFileSync(join(home, 'package.json'), '{ "name": "windtunnel-native", "version": "0.0.0", "private": true }\n')
  const args = ['install', '--prefix', home, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = process.env.npm_execpath
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []]
  must('npm install', command, [...first, ...args, `${addonName}@${addonVersion}`], { cwd: home })
  for (const name of fs.readdirSync(scope)) if (name !== 'tfjs-node') fs.rmSync(join(scope, name), { recursive: true })
  return folder
}

/** Asks a process of its own, since a library that does not fit may take the process down. */
const isNative = () => {
  const program = `process.exitCode = require('${addonName}').getBackend() === 'tensorflow' ? 0 : 1`
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }
  return [home, root].some((cwd) => fs.existsSync(cwd) && run(process.execPath, ['-e', program], { cwd, env }).status === 0)
}

/** Takes the two libraries and the C headers out of the wheel. */
const extraction = `
import pathlib, sys, zipfile
wheel, deps = sys.argv[1], pathlib.Path(sys.argv[2])
folders = 'tensorflow/c/', 'tensorflow/core/platform/', 'tsl/c/', 'tsl/platform/'
headers = tuple('tensorflow/include/' + folder for folder in folders)
libraries = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2')
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries: out = deps / 'lib' / pathlib.Path(name).name
        elif name.startswith(headers) and name.endswith('.h'): out = deps / name.removeprefix('tensorflow/')
        else: continue
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(archive.read(name))
`

/** Fills `deps` of the package; it appears only when it is whole. */
const fetchLibrary = (addon) => {
  const deps = join(addon, 'deps')
  if (fs.existsSync(join(deps, 'lib', 'libtensorflow.so')) && fs.existsSync(join(deps, 'include'))) return
  const work = fs.mkdtempSync(join(tmpdir(), 'native-tensorflow-'))
  const next = `${deps}.${process.pid}.new`
  try {
    say(`fetching ${wheel} from PyPI`)
    // The libraries are the same for every version of Python; this is one that has wheels.
    const target = ['--only-binary=:all:', '--python-version', '3.11', '--platform', 'manylinux2014_x86_64']
    must('pip', 'python3', ['-m', 'pip', 'download', '-q', '--no-deps', ...target, '-d', work, wheel])
    const [file] = fs.readdirSync(work)
    must('unpacking the wheel', 'python3', ['-c', extraction, join(work, file), next])
    for (const [link, library] of [['libtensorflow', 'libtensorflow_cc'], ['libtensorflow_framework']]) {
      fs.symlinkSync(`${library ?? link}.so.2`, join(next, 'lib', `${link}.so`))
    }
    fs.rmSync(deps, { recursive: true, force: true })
    fs.renameSync(next, deps)
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
    fs.rmSync(next, { recursive: true, force: true })
  }
}

const compileAddon = (addon, nodedir) => {
  say(`compiling the addon against Node's headers in ${nodedir}`)
  const tool = createRequire(join(addon, 'package.json')).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp')
  const env = { ...process.env, npm_config_nodedir: nodedir }
  must('compiling', process.execPath, [tool, 'install', '--build-from-source'], { cwd: addon, env })
}

try {
  checkNode()
  if (isNative()) say('tfjs-node is already native')
  else {
    checkMachine()
    const nodedir = headersOfNode()
    const addon = addonFolder()
    fetchLibrary(addon)
    compileAddon(addon, nodedir)
    if (!isNative()) {
      throw new Missing(`the addon was compiled, but does not load: remove deps and lib in ${addon}, and try again`)
    }
    say('tfjs-node is native now')
  }
} catch (error) {
  if (!(error instanceof Missing)) throw error
  process.stderr.write(`native-tensorflow: ${error.message}\n`)
  process.exitCode = 1
}
