import type { Manifest } from '../manifest.js'
import type { AgainFrom, FlownAgain } from './fly-again.js'

/*
 * A run that was interrupted between two steps of its flight: what was under way then was given up, and then its rows were
 * put in order as those of a run that is over. Flown again to the same step it leaves the same.
 */

/** A line of a file of rows, whoever wrote it. */
export const read = (line: string | undefined): Readonly<Record<string, unknown>> => {
  try {
    const row = JSON.parse(line ?? '{}') as unknown
    return typeof row === 'object' && row !== null ? (row as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}

/** A line without some of its fields. */
export const without = (line: string | undefined, ...fields: readonly string[]): string =>
  line === undefined ? '' : JSON.stringify(Object.entries(read(line)).filter(([name]) => !fields.includes(name)))

/** How many events happened before it was broken off, as far as they tell: what is given up is dropped at the end. */
const before = (lines: readonly string[]): number => {
  const { at } = read(lines.at(-1))
  const given = lines.findLastIndex((line) => {
    const { at: when, event } = read(line)
    return when !== at || (event !== 'drop' && event !== 'settle')
  }) + 1
  const dropped = lines.slice(given).findIndex((line) => read(line).event === 'drop')
  return dropped < 0 ? lines.length : given + dropped
}

/** How many rounds closed in the last instant of these: some may not be scored yet. */
const closesLast = (lines: readonly string[]): number => {
  const { at } = read(lines.at(-1))
  const from = lines.findLastIndex((line) => read(line).at !== at) + 1
  return lines.slice(from).filter((line) => read(line).event === 'round-close').length
}

const firstDifference = (expected: readonly string[], got: readonly string[]): number | undefined => {
  const longer = Math.max(expected.length, got.length)
  for (let i = 0; i < longer; i++) if (expected[i] !== got[i]) return i
  return undefined
}

/** The run, flown again to where it was broken off. */
export interface SameStep {
  readonly flown: FlownAgain
  /** Events that happened until then; those after them are of what was given up. */
  readonly happened: number
  /** The first event that differs; undefined: there is none. */
  readonly parted: number | undefined
  /**
   * Whether its clock stands where that of the run did. Else the run went on for some steps in which nothing happened that it
   * tells, such as that the last byte of a message left: of what was given up the time and the bytes are not known.
   */
  readonly still: boolean
}

interface Kept {
  readonly manifest: Manifest
  /** Lines of events, and how many rows of metrics there are. */
  readonly events: readonly string[]
  readonly metrics: number
}

/** Flies to the step at which the run was broken off. Events that part before are looked at no further. */
export const flyToSameStep = async (again: AgainFrom, { manifest, events: expected, metrics }: Kept): Promise<SameStep> => {
  const isOther = (lines: readonly string[], most: number): boolean => {
    for (let i = Math.min(lines.length, most) - 1; i >= 0; i--) if (lines[i] !== expected[i]) return true
    return false
  }
  let told = true
  // After the close of a round comes a step that tells nothing, in which models are scored: it hands lines out.
  const flyTo = async (happened: number, scored = 0): Promise<SameStep> => {
    let [looked, by] = [0, 0]
    const flown = await again.fly(({ events, lines, handed }) => {
      const other = lines.length > looked && isOther(lines, happened)
      looked = lines.length
      if (events < happened) by = handed
      return other || (events >= happened && handed - by >= scored)
    }, told)
    told = false
    const { run: { virtualTime }, lines } = flown
    const parted = firstDifference(expected, lines)
    // The clock went on: all that was given up is the same but for when, and how far it had come.
    const butForTime = parted !== undefined && parted >= happened && virtualTime < manifest.virtualTime! && lines.length === expected.length &&
      lines.every((line, i) => line === expected[i] || (i >= happened && read(expected[i]).at === manifest.virtualTime && without(line, 'at', 'travelled') === without(expected[i], 'at', 'travelled')))
    // Where something was given up, that says when it was.
    const said = parted === undefined && expected.length > happened
    return { flown, happened, still: said || !(manifest.virtualTime! > virtualTime), parted: butForTime ? undefined : parted }
  }
  const isScored = ({ parted, flown: { run } }: SameStep, least = false): boolean =>
    parted === undefined && run.metrics.length === metrics && (least || run.digests.numbers === manifest.digests?.numbers)
  const flyToScored = async (happened: number): Promise<SameStep> => {
    const tried = [await flyTo(happened)]
    const closed = tried[0].parted === undefined && !again.interrupted ? closesLast(expected.slice(0, happened)) : 0
    while (!isScored(tried[tried.length - 1]) && tried.length <= closed) tried.push(await flyTo(happened, tried.length))
    // Numbers may be others here, or were changed.
    return [tried[tried.length - 1], ...tried].find((one, i) => isScored(one, i > 0)) ?? tried[0]
  }
  const guess = before(expected)
  const first = await flyToScored(guess)
  if (again.interrupted || first.parted === undefined || first.parted < guess) return first
  // What is told of its end may be what happened, and not what was given up: then the flight itself goes on so.
  const on = await again.fly(({ events }) => events >= expected.length, false)
  const happened = firstDifference(expected, on.lines) ?? expected.length
  return happened === guess ? first : flyToScored(happened)
}
