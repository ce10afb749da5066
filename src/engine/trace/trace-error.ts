import { WindtunnelError } from '../../errors.js'

/** A body did something that cannot become a graph: it read a value, or used an operation that nobody recorded. */
export class TraceError extends WindtunnelError {}

const here = new URL('..', import.meta.url).href
const herePath = decodeURIComponent(new URL('..', import.meta.url).pathname)

const place = /\(?((?:file:\/\/)?\/[^()\s]+:\d+:\d+|[A-Za-z]:\\[^()]+:\d+:\d+)\)?$/

/**
 * The line that called into TensorFlow.js, as `path:line:column`: the first frame of the stack that is neither in a
 * package nor in this engine. Undefined where there is none.
 */
export const whereNow = (): string | undefined => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100
  const stack = new Error('where').stack ?? ''
  Error.stackTraceLimit = limit
  for (const line of stack.split('\n').slice(1)) {
    const at = place.exec(line.trim())?.[1]
    if (at === undefined || at.startsWith(here) || at.startsWith(herePath)) continue
    if (at.includes('node_modules') || at.startsWith('node:')) continue
    return at.replace(/^file:\/\//, '')
  }
  return undefined
}

/** The error for `what` (a sentence without its end), at the line that caused it. */
export const traceError = (what: string, remedy: string): TraceError => {
  const where = whereNow()
  return new TraceError(`${what}${where === undefined ? '' : ` (at ${where})`}. ${remedy}`)
}
