import { asError } from '../../errors.js'
import { failingRun } from './failing.js'
import { demandPlace, keepShortest, type Kept } from './keep.js'
import { shorten, type ShortenOptions, type Shortest } from './shorten.js'

export interface ShrinkRunOptions extends ShortenOptions {
  /** Where what was found is kept: a run that `replay` takes, with its script and its story. Default: it is not kept. */
  readonly out?: string | undefined
  /** Replace a run that is there. */
  readonly force?: boolean | undefined
  /** Train with the run's engine, also where it fails so without training. */
  readonly train?: boolean | undefined
  readonly workers?: number | undefined
  /** What relative paths are relative to. Default: the process's working directory. */
  readonly cwd?: string | undefined
}

/**
 * The simplest that fails as the run in a folder did, what of it is only an example, and what led there. Throws a
 * `StorageError` for a folder that holds no run that failed by itself, and for one that cannot be written, before anything is
 * flown where that is known by then; else the error has what was found, as `shortest`. Throws what `replay` throws for what has
 * changed since.
 */
export const shrinkRun = async (
  folder: string, { out, force, train, workers, cwd = process.cwd(), ...options }: ShrinkRunOptions = {},
): Promise<Shortest & { readonly kept?: Kept | undefined }> => {
  demandPlace({ out, force, cwd })
  const failing = await failingRun(folder, { cwd, train, workers })
  try {
    const shortest = await shorten(failing, options)
    if (out === undefined) return shortest
    try {
      return { ...shortest, kept: await keepShortest(failing, shortest, { out, force, cwd }) }
    } catch (error) {
      throw Object.assign(asError(error), { shortest })
    }
  } finally {
    await failing.close()
  }
}
