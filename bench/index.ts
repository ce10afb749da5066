import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'

/** Every benchmark by name: what it measures, and where it lives. Each prints a table and returns one JSON object. */
const benches = {
  mb1: { measures: 'client updates per CPU-second on MB-1, bare and through the whole simulator', load: () => import('./mb1.js') },
  mmoe: { measures: 'CPU milliseconds per training step of MMoE, per engine', load: () => import('./mmoe.js') },
  models: { measures: 'CPU milliseconds per training step of every model, and of every balancer on MMoE', load: () => import('./models.js') },
  cohorts: { measures: 'CPU microseconds per training step, by how many clients share a run', load: () => import('./cohorts.js') },
  crossover: { measures: 'from which size of model native TensorFlow is the faster engine', load: () => import('./crossover.js') },
  checks: { measures: 'what checks add to the CPU time of a client-round, without training', load: () => import('./checks.js') },
  kernel: { measures: 'events per CPU-second, bare and through nact; memory of 10,000 clients', load: () => import('./kernel.js') },
  round: { measures: 'the share of CPU time that training takes in one KuaiRand round', load: () => import('./round.js') },
  growth: { measures: 'time and memory per client-round, as rounds and clients grow', load: () => import('./growth.js') },
  explore: { measures: 'cases that are drawn and flown per CPU-second, without training', load: () => import('./explore.js') },
  flows: { measures: 'CPU microseconds per flow event under fair sharing, by concurrent flows', load: () => import('./flows.js') },
  workers: { measures: 'two workers against one on eight equal clients', load: () => import('./workers.js') },
  study: { measures: 'a study flown one run after the other, and as many at once as there are cores: wall and CPU seconds', load: () => import('./study.js') },
  'job-log': { measures: 'what the log of finished jobs costs a flight, and what it saves', load: () => import('./job-log.js') },
  'secure-aggregation': { measures: 'bytes and virtual seconds of rounds under secure aggregation, per client, beside plain ones and the formula of its paper', load: () => import('./secure-aggregation.js') },
  codecs: { measures: 'megabytes of float32 that each codec encodes and decodes per CPU-second, on 10 MB that look like updates', load: () => import('./codecs.js') },
  seeing: { measures: 'CPU seconds and memory of a timeline, as its events grow; what a report takes', load: () => import('./seeing.js') },
  reading: { measures: 'memory over the size of the columns, and rows per CPU-second, of an AliExpress country', load: () => import('./reading.js') },
} as const

const { positionals } = parseArgs({ allowPositionals: true, strict: false })
const name = positionals[0] as keyof typeof benches | undefined

if (name === undefined || !(name in benches)) {
  if (name !== undefined) process.stderr.write(`There is no benchmark '${name}'.\n\n`)
  process.stderr.write('npm run bench -- NAME, where NAME is one of\n')
  for (const [known, { measures }] of Object.entries(benches)) process.stderr.write(`  ${known.padEnd(10)} ${measures}\n`)
  process.exit(name === undefined ? 0 : 2)
}

console.log(`${name}: ${benches[name].measures}`)
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}\n`)
const result = await (await benches[name].load()).run()
console.log(JSON.stringify(result))
process.exit(0)
