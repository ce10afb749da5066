/*
 * Completions of flows under fair sharing, to compare with another simulator of flows: no latency, no faults, no messages.
 * `npx tsx simulations/validation/flows.ts FILE.json` prints one JSON list: for each flow the microsecond at which its last
 * byte has left, or null where it never does. FILE.json holds lines by name, in bytes per second, and flows:
 *
 *   { "lines": { "a": 1e6, "s": 2e6 }, "flows": [{ "at": 0, "over": ["a", "s"], "bytes": 1000, "weight": 1 }] }
 *
 * SimGrid is such a simulator: with its `raw` network model, and routes of equal latency (its default model has factors of
 * its own for latency and bandwidth).
 */
import { readFileSync } from 'node:fs'

import { completions, type Flows } from '@windtunnel/windtunnel'

const [path] = process.argv.slice(2)
if (path === undefined) {
  process.stderr.write('npx tsx simulations/validation/flows.ts FILE.json: which flows?\n')
  process.exit(2)
}
process.stdout.write(`${JSON.stringify(await completions(JSON.parse(readFileSync(path, 'utf8')) as Flows))}\n`)
