import { openEngine } from '../../src/engine/open.js'
import { jobsOf, trainingOf } from './flight.js'

/* A process of its own for pool.test.ts: it exits while both workers are deep in a cohort. */

const engine = await openEngine({ workers: 2 })
const jobs = await jobsOf(engine, trainingOf({ cohort: 2 }), 4, 400)
const short = jobs.map((job) => ({ ...job, plan: { ...job.plan, epochs: 1 } }))
await Promise.all(engine.train(short))
void Promise.all(engine.train(jobs))
// Long enough for both workers to have begun, short against what they have begun with.
setTimeout(() => process.exit(3), 20)
