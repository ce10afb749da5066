import type { Micros } from '../time/micros.js'

/** A stretch of time, [from, until). */
export interface Window {
  readonly from: Micros
  readonly until: Micros
}

/** When one client is there: windows that repeat with a period, or do not (period Infinity). */
export interface Calendar {
  /** The first window that ends after `at`; `at` may lie in it, or before it. Undefined when none is left. */
  next(at: Micros): Window | undefined
  /** Of one that holds for a part of the flight: as it would be for all of it, to look for returns in. */
  readonly whole?: Calendar
}

/** Sorted, with overlapping and touching windows made one; empty ones dropped. */
export const merged = (windows: readonly Window[]): Window[] => {
  const sorted = windows.filter(({ from, until }) => from < until).sort((a, b) => a.from - b.from)
  const result: Window[] = []
  for (const window of sorted) {
    const last = result.at(-1)
    if (last !== undefined && window.from <= last.until) {
      result[result.length - 1] = { from: last.from, until: Math.max(last.until, window.until) }
    } else result.push(window)
  }
  return result
}

const always: Calendar = { next: () => ({ from: 0, until: Infinity }) }

/** Index of the first window that ends after `at`. Windows are sorted and disjoint. */
const firstEndingAfter = (windows: readonly Window[], at: Micros): number => {
  let low = 0
  let high = windows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (windows[middle].until > at) high = middle
    else low = middle + 1
  }
  return low
}

const once = (windows: readonly Window[]): Calendar => ({
  next: (at) => windows[firstEndingAfter(windows, at)],
})

/**
 * Windows in [0, period) that come again in every period, the first of which begins at `phase` (may be negative).
 * Windows that touch across the border of two periods are one, so that nobody is interrupted there.
 */
const repeating = (windows: readonly Window[], period: Micros, phase: Micros): Calendar => {
  const first = windows[0]
  const last = windows[windows.length - 1]
  if (first.from === 0 && first.until === period) return always
  const joins = first.from === 0 && last.until === period
  const cycle = joins ? [...windows.slice(1, -1), { from: last.from, until: period + first.until }] : windows
  return {
    next: (at) => {
      let start = phase + Math.floor((at - phase) / period) * period
      const spill = cycle[cycle.length - 1].until - period
      if (spill > 0 && at < start + spill) start -= period
      let index = firstEndingAfter(cycle, at - start)
      if (index === cycle.length) {
        index = 0
        start += period
      }
      return { from: start + cycle[index].from, until: start + cycle[index].until }
    },
  }
}

/** A calendar of `windows`; with a `period`, they repeat, and the first period begins at `phase`. */
export const calendar = (windows: readonly Window[], period: Micros = Infinity, phase: Micros = 0): Calendar => {
  const clean = merged(windows.map(({ from, until }) => ({ from, until: Math.min(until, period) })))
  if (clean.length === 0 || period === Infinity) return once(clean)
  return repeating(clean, period, phase)
}
