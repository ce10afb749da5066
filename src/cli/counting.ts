import type { Terminal } from './run.js'

/** How far something has come that takes minutes. */
export interface Counting {
  readonly tell: (count: number, text: string) => void
  /** Leaves what was said last. */
  readonly end: () => void
}

/** On a terminal one line that is written over; elsewhere, in a pipe or a log, a line for every so many; nothing where quiet. */
export const counting = (err: Terminal['err'], every: number, quiet = false): Counting => {
  if (quiet) return { tell: () => {}, end: () => {} }
  let last: number | undefined
  if (err.isTTY === true) {
    return {
      tell(count, text) {
        last = count
        err.write(`\r${text} `)
      },
      end: () => void (last !== undefined && err.write('\n')),
    }
  }
  return {
    tell(count, text) {
      if (Math.floor(count / every) <= Math.floor((last ?? 0) / every)) return
      last = count
      err.write(`${text}\n`)
    },
    end: () => {},
  }
}
