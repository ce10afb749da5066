import { readdirSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { CohortEngine } from '../../src/engine/workers/cohort-engine.js'
import { Processes } from '../../src/engine/workers/processes.js'
import { compileOnnx } from '../../src/engine/onnx/compile.js'
import { Programs } from '../../src/engine/program/programs.js'
import { jobsOf, trainingOf } from './flight.js'

/* Ends this process while two child processes train; says first whether their tables lie in files. */

const programs: Programs = new Programs('onnx', (graph) => compileOnnx(graph))
const engine = new CohortEngine('onnx', programs, new Processes(2, 'onnx', programs))
const jobs = await jobsOf(engine, trainingOf({ cohort: 1 }), 6, 200)
void engine.train(jobs)
await engine.train([jobs[0]])[0]
writeSync(1, readdirSync(tmpdir()).some((name) => name.startsWith('windtunnel-tables-')) ? 'there' : 'nowhere')
if (process.argv[2] === 'exits') process.exit(3)
process.kill(process.pid, 'SIGKILL')
