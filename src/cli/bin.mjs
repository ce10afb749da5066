#!/usr/bin/env node
import { ensureBuilt } from './build.mjs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`windtunnel needs Node 20.19 or later; this is ${process.versions.node}.\n`)
  process.exit(2)
}

try {
  await ensureBuilt()
} catch (error) {
  process.stderr.write(`windtunnel: ${error.message}\n`)
  process.exit(1)
}

const { start } = await import('../../dist/src/cli/start.js')
process.exitCode = await start(process.argv.slice(2))
