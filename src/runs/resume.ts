import { checkWorld, flightOf } from './again.js'
import { realDisk } from './disk.js'
import { type Manifest, readManifest } from './manifest.js'
import { demandFree } from './place.js'
import { type Callbacks, conduct, type Run, type SimulateOptions } from './simulate.js'

/** How a run is resumed. */
export type ResumeOptions = Pick<SimulateOptions, 'workers' | 'cwd' | 'signal' | 'jobs' | 'tables'>

/** What was done of a run that was to be resumed: nothing, where it was complete. */
export type Resumption = { readonly had: Manifest } | { readonly run: Run }

/**
 * Ends a run that was killed, interrupted, or that failed: flies it again from time 0, with the jobs that it had finished
 * read from its log, into the same folder. The digest is that of the run that nothing broke off. Refuses a run that
 * somebody flies still, a script, data, traces or a model to start from that changed, and a log of another engine,
 * processor or version.
 */
export const resume = async (folder: string, options: ResumeOptions = {}, watch: Callbacks = {}): Promise<Resumption> => {
  const { cwd = process.cwd() } = options
  const disk = watch.disk ?? realDisk
  const manifest = readManifest(folder, disk)
  demandFree(folder, disk)
  if (manifest.status === 'complete') return { had: manifest }
  const { specification, options: flown } = await flightOf(manifest, cwd)
  const run = await conduct(
    specification,
    {
      ...flown,
      ...options,
      cwd,
      out: folder,
      ...(manifest.script && { script: manifest.script }),
      ...(manifest.study && { study: manifest.study }),
    },
    {
      ...watch,
      resumes: { manifest, otherwise: 'refuse' },
      onGround({ world }) {
        checkWorld(manifest, world)
        return undefined
      },
    },
  )
  return { run }
}
