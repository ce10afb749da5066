import type { FlightEvent } from '../record/event.js'
import type { RoundRow } from '../record/rows.js'
import { afterEvent, copyStatus, firstStatus, liveLines, roundLine, type Status } from './status.js'

/** The part of a terminal or a pipe that progress needs. */
export interface Output {
  write(text: string): unknown
  /** Codes that move the cursor and the like. Default: as any text. */
  control?(codes: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Shows a flight while it flies. */
export interface Progress {
  event(event: FlightEvent): void
  /** Takes away what is drawn live, so that something can be said; it is drawn again below that. */
  clear(): void
  /** Clears the live block, or writes the last line; nothing is shown afterwards. */
  end(): void
}

/** Shows nothing. */
export const silent: Progress = { event: () => {}, clear: () => {}, end: () => {} }

/** How often what is shown live is drawn anew, in milliseconds. */
export const period = 100

/** Lines at the end of a terminal that are drawn again in place. */
export const liveBlock = (output: Output) => {
  let drawn = 0
  const erase = (): void => {
    if (drawn === 0) return
    const codes = `\r\x1b[${drawn > 1 ? `${drawn - 1}A` : '0C'}\x1b[J`
    if (output.control) output.control(codes)
    else output.write(codes)
    drawn = 0
  }
  return {
    erase,
    draw(lines: readonly string[]): void {
      erase()
      output.write(lines.join('\n'))
      drawn = lines.length
    },
    /** Columns that a line may have. */
    width: (): number => Math.max(20, (output.columns ?? 80) - 1),
    /** Lines that a block may have. */
    height: (): number => Math.max(8, (output.rows ?? 24) - 1),
  }
}

/**
 * Progress on `output`: a block redrawn in place on a terminal, a line per round elsewhere. It draws from a real timer
 * and never inside an event, where the flight's guard forbids clocks.
 */
export const showProgress = (output: Output, name: string, count: number | undefined): Progress => {
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1e3
  let status: Status = firstStatus(count)
  let ended = false
  /** Rounds that are closed and wait for their scores, which come while the next one is flown. */
  let waiting: { readonly row: RoundRow; readonly status: Status }[] = []
  let lines: string[] = []

  const block = liveBlock(output)
  const draw = (): void => block.draw(liveLines(status, name, elapsed(), block.width()))
  const flush = (upTo: number): void => {
    for (const { row, status: then } of waiting) {
      if (row.round <= upTo) lines.push(roundLine({ ...then, score: status.score }, row))
    }
    waiting = waiting.filter(({ row }) => row.round > upTo)
  }
  const print = (): void => {
    if (lines.length > 0) output.write(`${lines.join('\n')}\n`)
    lines = []
  }
  const tick = output.isTTY ? draw : print
  const timer = setInterval(tick, period)
  timer.unref()

  return {
    event(event) {
      status = afterEvent(status, event)
      if (output.isTTY) return
      if (event.kind === 'round-close') {
        flush(event.row.round - 2)
        waiting.push({ row: event.row, status: copyStatus(status) })
      }
      if (event.kind === 'evaluated') flush(event.round)
    },
    clear: () => block.erase(),
    end() {
      if (ended) return
      ended = true
      clearInterval(timer)
      if (output.isTTY) block.erase()
      else {
        flush(Infinity)
        print()
      }
    },
  }
}
