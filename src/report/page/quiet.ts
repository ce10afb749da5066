import type { Micros } from '../../time/micros.js'

/** Stretches that an axis leaves out. */
export interface Break {
  readonly start: Micros
  readonly end: Micros
}

/** A stretch is left out that is longer than this share of all work, and there are at most so many. */
const long = 0.4
const mostBreaks = 24

interface Span {
  readonly from: Micros
  readonly until: Micros
}

/** Between two moments: where nobody is busy, in the order of time. */
const gapsIn = (busy: readonly Span[], from: Micros, until: Micros): Break[] => {
  const gaps: Break[] = []
  let now = from
  for (const one of busy.filter((span) => span.until >= from && span.from <= until).sort((a, b) => a.from - b.from)) {
    if (one.from > now) gaps.push({ start: now, end: one.from })
    now = Math.max(now, one.until)
  }
  return until > now ? [...gaps, { start: now, end: until }] : gaps
}

/**
 * Where nobody is busy for long, between two moments: a deadline of minutes would leave of seconds of work a line that is one pixel
 * wide. Of each such stretch a little is left at both of its ends.
 */
export const quietIn = (busy: readonly Span[], from: Micros, until: Micros): Break[] => {
  const gaps = gapsIn(busy, from, until)
  const work = gaps.reduce((rest, { start, end }) => rest - (end - start), until - from)
  const margin = Math.max(1, Math.round(work * 0.03))
  return gaps
    .filter(({ start, end }) => work > 0 && end - start > Math.max(long * work, 3 * margin))
    .sort((a, b) => b.end - b.start - (a.end - a.start)).slice(0, mostBreaks)
    .map(({ start, end }) => ({ start: start + margin, end: end - margin })).sort((a, b) => a.start - b.start)
}

/** An axis of virtual time without these stretches. */
export const timeAxis = (from: Micros, until: Micros, breaks: readonly Break[], name = 'virtual time'): object => ({
  type: 'value', min: from, max: Math.max(until, from + 1), name, axisLabel: { formatter: { draws: 'time' } },
  ...(breaks.length > 0 && {
    breaks: breaks.map(({ start, end }) => ({ start, end, gap: '1.5%' })),
    breakArea: { show: true, expandOnClick: false, zigzagAmplitude: 3, zigzagZ: 100, itemStyle: { color: 'var(--paper)', borderColor: 'var(--faint)', borderWidth: 1, borderType: [2, 2], opacity: 1 } },
    breakLabelLayout: { moveOverlap: true },
  }),
})
