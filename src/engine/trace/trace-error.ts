import { WindtunnelError } from '../../errors.js'

/** A body did something that cannot become a graph: it read a value, or used an operation that nobody recorded. */
export class TraceError extends WindtunnelError {}

/** The engine's own folder, built (`dist/src/engine/`) and, where source maps are followed, as it was written. */
const built = new URL('..', import.meta.url).href
const own = [built, built.replace('/dist/src/engine/', '/src/engine/')]
const ownFrames = [...own, ...own.map((folder) => decodeURIComponent(new URL(folder).pathname))]

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
    if (at === undefined || ownFrames.some((folder) => at.startsWith(folder))) continue
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
