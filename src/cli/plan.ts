import { exitCodes } from '../errors.js'
import { coreOf } from '../faults/core.js'
import type { Plan } from '../faults/plan.js'
import { streams } from '../random/streams.js'
import { loadSpecification } from '../runs/load.js'
import { prepare } from '../runs/simulate.js'
import { planTable, planTimeline, type TimelineOptions } from './plan-text.js'
import { type RunFlags, type Terminal, widthOf } from './run.js'

type PlanFlags = Pick<RunFlags, 'seed' | 'data' | 'set' | 'json'>

/** `windtunnel plan SCRIPT`: what the faults draw with this seed. Nothing is flown. Returns the exit code. */
export const plan = async (script: string, flags: PlanFlags, { out, cwd }: Terminal): Promise<number> => {
  const { specification, source, name } = await loadSpecification(script, cwd)
  const { seed, data, set } = flags
  const { resolved, participants, plan: drawn } = await prepare(specification, { seed, data, set, source, name, cwd })
  if (flags.json) out.write(`${JSON.stringify(drawn, null, 2)}\n`)
  else out.write(text(drawn, resolved.name, resolved.seed, {
    actors: participants.map((one) => one.name), rounds: roundsOf(resolved.rounds), width: out.isTTY ? widthOf(out) : 80, calm: resolved.calm,
    core: coreOf(resolved.calm, participants, streams(resolved.seeds.faults)),
  }))
  return exitCodes.ok
}

const roundsOf = (rounds: unknown): number | undefined => (rounds as { readonly count?: number } | undefined)?.count

const text = (drawn: Plan, name: string, seed: string, options: TimelineOptions): string => {
  const head = `${name}, seed ${seed}: ${drawn.faults.length === 0 ? 'no faults' : drawn.faults.length === 1 ? '1 fault' : `${drawn.faults.length} faults`}`
  if (drawn.faults.length === 0) return `${head}\n`
  return `${[head, planTable(drawn, options.width), ...planTimeline(drawn, options)].join('\n\n')}\n`
}
