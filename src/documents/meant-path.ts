import { basename, dirname, join } from 'node:path'
import { nearest } from './nearest.js'

/**
 * ` Did you mean simulations/first-flight.ts?` of a path at which there is nothing: what lies beside it under nearly the same
 * name, as it would be given; nothing where nothing is like it. `list` gives the names in a folder, and may throw.
 */
export const meantPath = (given: string, list: (folder: string) => readonly string[], fits: (name: string) => boolean = () => true): string => {
  const folder = dirname(given)
  const names = (): readonly string[] => {
    try {
      return list(folder)
    } catch {
      return []
    }
  }
  const near = nearest(basename(given), names().filter(fits))
  return near === undefined ? '' : ` Did you mean ${folder === '.' ? near : join(folder, near)}?`
}
