import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { SpecificationError } from '../errors.js'
import { offenceIn, type Offence } from './plain.js'
import { valueAt, type Path } from './path.js'

/** Where a value was written: `plan.yaml:4:5`, and the line with a caret under it where there is a line. */
export interface Place {
  readonly where: string
  readonly excerpt?: string
}

/** What an error message needs to know of the text that a specification came from. */
export interface Source {
  /** The place of the value at `path`, or of its name; of the nearest value around it where there is none. */
  place(path: Path, at: 'name' | 'value'): Place
  /**
   * Whether the value at `path` was written by hand, in YAML or on the command line: a script has constants for units, and
   * JSON is what a program writes.
   */
  isText(path: Path): boolean
  /** What to do about the value at `path` that follows from how it came there. */
  advice?(path: Path, at: 'name' | 'value'): string | undefined
}

/** A specification that came from a script (or from nowhere): errors name the file and the path alone. */
export const scriptSource = (file: string): Source => ({ place: () => ({ where: file }), isText: () => false })

/** Characters of a long line that are shown around what is meant. */
const window = 120

/** A line of a text with marks under `length` of it from `column`; both count from 1. */
export const excerpt = (text: string, line: number, column: number, length: number): string => {
  const gutter = String(line)
  const whole = (text.split('\n')[line - 1] ?? '').replace(/\r$/, '').replace(/\t/g, ' ')
  const from = whole.length > window ? Math.max(0, column - 1 - window / 2) : 0
  const row = whole.slice(from, from + window)
  const at = column - from
  const marks = '^'.repeat(Math.max(1, Math.min(length, row.length - at + 1)))
  return `  ${gutter} | ${row}\n  ${' '.repeat(gutter.length)} | ${' '.repeat(at - 1)}${marks}`
}

/** The [start, end) offsets of what stands at `path`, or of the nearest thing around it. */
const rangeOf = (document: Document, path: Path, at: 'name' | 'value'): readonly [number, number] => {
  let node: unknown = document.contents
  let range: readonly [number, number] = [0, 1]
  const note = (seen: unknown): void => {
    if (isNode(seen) && seen.range) range = [seen.range[0], seen.range[1]]
  }
  note(node)
  let name = range
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      if (pair === undefined) return name
      note(pair.key)
      name = range
      node = pair.value
      if (at === 'name' && depth === path.length - 1) break
    } else if (isSeq(node)) node = node.items[Number(step)]
    else break
    note(node)
  }
  return range
}

type Failure = new (message: string) => Error

/** Reads a YAML or JSON text (JSON is YAML) into plain data and a source that knows every line of it. What is no plain
 * data, or too much of it (see `offenceIn`), is an error of the kind `Failure` with its place. */
export const readDocument = (
  text: string, file: string, Failure: Failure = SpecificationError,
): { readonly value: unknown; readonly source: Source } => {
  const lines = new LineCounter()
  const at = (start: number, end: number): Place => {
    const { line, col } = lines.linePos(Math.min(start, text.length))
    const stop = text.slice(start, end).search(/\r?\n/)
    return { where: `${file}:${line}:${col}`, excerpt: excerpt(text, line, col, stop < 0 ? end - start : stop) }
  }
  const document = parsed(text, file, lines, Failure)
  const [broken] = document.errors
  const problem: Offence | undefined = broken ? { at: broken.pos, what: whatIs(broken.message) } : offenceIn(document)
  if (problem) {
    const place = at(...problem.at)
    throw new Failure(`${place.where}: ${problem.what}\n${place.excerpt}\nMend the file and run it again.`)
  }
  const value: unknown = document.toJS()
  // What a default put there nobody has written.
  const isText = (path: Path): boolean => !file.endsWith('.json') && valueAt(value, path) !== undefined
  return { value, source: { place: (path, what) => at(...rangeOf(document, path, what)), isText } }
}

/** What the parser says, in a message; it tells of its own stack where lists lie ten thousand deep in each other. */
const whatIs = (message: string): string =>
  /call stack/.test(message) ? 'nested too deep to be read' : message.slice(0, 200)

const parsed = (text: string, file: string, lines: LineCounter, Failure: Failure): Document => {
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(`${file} is nested too deep to be read.`)
    throw error
  }
}
