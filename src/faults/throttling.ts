import { minutes, type Micros } from '../time/micros.js'

/** How a device gets slower while it works: [time since it began, factor] pairs. */
export type Throttling = readonly (readonly [Micros, number])[]

/**
 * Sustained work on phones, as their throughput fell. Each is one measurement of one device: conclusions should survive
 * another.
 *
 * `phone`: a Snapdragon 8 Gen 3 phone under a language model (mvpfactory.io, "Thermal throttling and sustained on-device
 * LLM inference on Android"): 12.4 tokens a second in the first minutes, 9.1 after 5, 6.2 after 10, 4.1 after 15, 3.8
 * after 30 minutes.
 *
 * `hot-phone`: one that throttles at once: an iPhone 16 Pro "loses nearly half its throughput within two iterations"
 * (Tummalapalli et al., arXiv:2603.23640, 2026). The abstract says nothing of how long these took; here it is a minute.
 */
export const throttlings = {
  phone: [[0, 1], [minutes(5), 12.4 / 9.1], [minutes(10), 2], [minutes(15), 12.4 / 4.1], [minutes(30), 12.4 / 3.8]],
  'hot-phone': [[0, 1], [minutes(1), 2]],
} as const satisfies Readonly<Record<string, Throttling>>

export const throttlingNames = Object.keys(throttlings) as readonly (keyof typeof throttlings)[]
