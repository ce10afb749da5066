import { join, relative, sep } from 'node:path'
import type { EngineName } from '../engine/open.js'
import { exitCodes, SpecificationError, StorageError } from '../errors.js'
import type { CalmRound } from '../flight/calm-round.js'
import { loadSpecification } from '../runs/load.js'
import { conduct, type Run } from '../runs/simulate.js'
import { quoted } from '../runs/quoted.js'
import { nothingLearnt } from '../runs/warnings.js'
import type { Resolved } from '../simulation/specification.js'
import { jobsFile } from '../runs/jobs/job-log.js'
import type { CostKind } from '../report/costs.js'
import { formatBytes, formatTime, plural, wrap } from '../report/format.js'
import { onInterrupt } from './interrupt.js'
import { readPlanFile } from './plan-file.js'
import { showProgress, silent, type Output, type Progress } from './progress.js'
import { summarise } from './summary.js'
import { report } from './tables.js'

/** Where a command reads and writes. */
export interface Terminal {
  readonly out: Output
  readonly err: Output
  readonly cwd: string
}

export interface RunFlags {
  readonly seed?: string
  readonly workers?: number
  readonly engine?: EngineName
  readonly data?: string
  readonly out?: string
  readonly force?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
  readonly set?: readonly string[]
  readonly plan?: string
  readonly check?: readonly string[]
  /** `--no-job-log`. */
  readonly jobLog?: boolean
  readonly cost?: readonly CostKind[]
  readonly keepJobs?: boolean
  readonly parquet?: boolean
}

export const countOf = ({ rounds }: Resolved): number | undefined =>
  typeof rounds !== 'function' && 'count' in rounds ? rounds.count : undefined

/** Progress goes to standard output, unless that is for JSON: then to a terminal on standard error, or nowhere. */
export const progressFor = (
  streams: Terminal,
  flags: Pick<RunFlags, 'json' | 'quiet'>,
  resolved: Resolved,
): Progress => {
  if (flags.quiet) return silent
  if (!flags.json) return showProgress(streams.out, resolved.name, countOf(resolved))
  return streams.err.isTTY ? showProgress(streams.err, resolved.name, countOf(resolved)) : silent
}

export const widthOf = (out: Output): number => Math.min(120, out.isTTY ? Math.max(60, out.columns ?? 100) : 100)

export const shortest = (cwd: string, path: string): string => {
  const way = relative(cwd, path) || '.'
  return way.startsWith('..') ? path : way
}

export const show = (run: Run, flags: Pick<RunFlags, 'json' | 'quiet' | 'cost'>, { out, cwd }: Terminal): void => {
  if (flags.json) out.write(`${JSON.stringify(summarise(run, { cost: flags.cost }))}\n`)
  else if (!flags.quiet) {
    const folder = run.folder === undefined ? '' : shortest(cwd, run.folder)
    // A view and not a copy: copying would write out the canonical events.
    const view = Object.create(run, { folder: { value: folder || undefined } }) as Run
    out.write(report(view, widthOf(out), `npx windtunnel replay ${quoted(folder)}`, { cost: flags.cost }))
  }
}

/** What is to be known of the log of finished jobs where it stays: nothing where it does not. */
export const jobsLine = ({ manifest: { jobLog, status }, folder }: Run, cwd: string): string => {
  if (jobLog?.jobs === undefined || folder === undefined) return ''
  const held = `${plural(jobLog.jobs, 'finished job')} (${formatBytes(jobLog.bytes ?? 0)}) in ${jobsFile}`
  const where = shortest(cwd, folder)
  return status === 'complete'
    ? `note: ${held}, for npx windtunnel replay ${quoted(where)} --jobs\n`
    : `note: ${held}: npx windtunnel resume ${quoted(where)} goes on from there\n`
}

/** Where a round's time goes when nothing disturbs it: whoever sets deadlines or slows devices down wants to know. */
export const calmLine = ([slowest]: readonly CalmRound[], { rounds, network, codec }: Pick<Resolved, 'rounds' | 'network' | 'codec'>): string => {
  const { client, down, training, up, total } = slowest
  const ends = typeof rounds !== 'function' && 'after' in rounds && typeof rounds.after === 'number' ? rounds.after : undefined
  const deadline = ends === undefined ? '' : `; a round ends after ${formatTime(ends)}`
  // It is reckoned as if nobody else were on its lines; what is coded may be shorter than that.
  const atLeast = network.sharing === 'fifo' ? '' : codec === undefined ? 'at least ' : 'with its lines to itself, '
  const late = ends !== undefined && total > ends ? ', which it cannot meet' : ''
  return (
    `undisturbed, a first round takes ${client}, the slowest, ${atLeast}${formatTime(total)}: model ${formatTime(down)}, ` +
    `training ${formatTime(training)}, answer ${formatTime(up)}${deadline}${late}`
  )
}

/** `windtunnel run SCRIPT`. Returns the exit code. */
export const run = async (script: string, flags: RunFlags, streams: Terminal): Promise<number> => {
  const { cwd } = streams
  if (flags.jobLog === false && flags.keepJobs) throw new SpecificationError('--no-job-log and --keep-jobs: give one of them.')
  const loaded = await loadSpecification(script, cwd)
  let progress: Progress = silent
  const interrupt = onInterrupt((text) => {
    progress.clear()
    streams.err.write(`\n${text}\n`)
  })
  try {
    const flown = await conduct(
      loaded.specification,
      {
        seed: flags.seed,
        workers: flags.workers,
        engine: flags.engine,
        data: flags.data,
        set: flags.set,
        source: loaded.source,
        name: loaded.name,
        script: loaded.script,
        ...(flags.plan !== undefined && { plan: readPlanFile(flags.plan, cwd) }),
        ...(flags.check && { watch: flags.check }),
        out: ({ name, seed }) => flags.out ?? join(cwd, 'runs', `${name}-${seed}`.replace(/[^\w.-]/g, '_')),
        jobs: flags.jobLog === false ? 'none' : flags.keepJobs ? 'keep' : 'until-complete',
        tables: flags.parquet,
        ifTaken: flags.force ? 'replace' : flags.out === undefined ? 'next' : 'refuse',
        cwd,
        signal: interrupt.signal,
      },
      {
        async onReady({ resolved, note, lab }) {
          if (!flags.quiet && !flags.json) streams.out.write(`${wrap(calmLine(await lab.calmRounds(), resolved), widthOf(streams.out))}\n`)
          if (note !== undefined && !flags.quiet) streams.err.write(`note: ${note.replaceAll(`${cwd}${sep}`, '')}\n`)
          progress = progressFor(streams, flags, resolved)
        },
        onEvent: (event) => progress.event(event),
      },
    )
    progress.end()
    show(flown, flags, streams)
    if (!flags.quiet) streams.err.write(jobsLine(flown, cwd))
    if (flown.status === 'interrupted') return exitCodes.interrupted
    const why = nothingLearnt(flown)
    // Its tables say so among their warnings.
    if (why !== undefined && (flags.quiet || flags.json)) streams.err.write(`windtunnel: ${why}\n`)
    return why === undefined ? exitCodes.ok : exitCodes.liveness
  } catch (error) {
    progress.end()
    const kept = error instanceof StorageError ? (error as { run?: Run }).run : undefined
    if (kept) show(kept, flags, streams)
    throw error
  } finally {
    interrupt.release()
  }
}
