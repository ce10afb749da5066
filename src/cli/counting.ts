import { cut } from '../report/format.js'
import type { Terminal } from './run.js'

/** How far something has come that takes minutes. */
export interface Counting {
  /** Says how far it is: `count` within a stage, of which there may be several. */
  readonly tell: (count: number, text: string, stage?: string) => void
  /** Leaves what was said last. */
  readonly end: () => void
}

/**
 * On a terminal one line that is written over; elsewhere, in a pipe or a log, a line for every so many and for each stage that
 * begins; nothing where quiet.
 */
export const counting = (err: Terminal['err'], every: number, quiet = false): Counting => {
  if (quiet) return { tell: () => {}, end: () => {} }
  if (err.isTTY === true) {
    let drawn = false
    const back = '\r\x1b[K'
    return {
      tell(_, text) {
        drawn = true
        if (err.control) err.control(back)
        else err.write(back)
        // A line that is broken cannot be written over.
        err.write(cut(text, Math.max(20, (err.columns ?? 80) - 1)))
      },
      end() {
        if (drawn) err.write('\n')
        drawn = false
      },
    }
  }
  let [last, of] = [0, '']
  return {
    tell(count, text, stage = '') {
      if (stage === of && Math.floor(count / every) <= Math.floor(last / every)) return
      last = count
      of = stage
      err.write(`${text}\n`)
    },
    end: () => {},
  }
}
