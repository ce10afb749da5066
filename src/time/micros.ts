/** An instant or a duration of virtual time: an integer number of microseconds. The only unit of time here. */
export type Micros = number

/** The last instant: 8.9 years. Six bytes of a frame hold every instant up to here. */
export const clockEnd: Micros = 2 ** 48 - 2

/** The longest duration that a specification may give, so that a few of them still end before the clock does. */
export const longest: Micros = 1000 * 86_400e6

export const micros = (n: number): Micros => Math.round(n)
export const ms = (n: number): Micros => Math.round(n * 1e3)
export const seconds = (n: number): Micros => Math.round(n * 1e6)
export const minutes = (n: number): Micros => Math.round(n * 60e6)
export const hours = (n: number): Micros => Math.round(n * 3600e6)
export const days = (n: number): Micros => Math.round(n * 86_400e6)

/** `1:02:03.456`, or `3.456 s` under a minute: for people, never for files. */
export const formatMicros = (time: Micros): string => {
  const total = time / 1e6
  if (total < 60) return `${total.toFixed(3)} s`
  const h = Math.floor(total / 3600)
  const m = Math.floor((total % 3600) / 60)
  const s = (total % 60).toFixed(3).padStart(6, '0')
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`
}
