/*
 * What a phone has and uses, each number with where it comes from. Conclusions should survive halving and doubling these.
 */

/** What a number rests on: somebody has measured it, or it follows from what was measured, or nobody is known who has. */
export type Basis = 'measured' | 'derived' | 'estimate'

/** A number with what it rests on, and where that stands. */
export interface Sourced {
  readonly value: number
  readonly basis: Basis
  readonly source: string
}

const throttling = 'dotninjatech.com, Pixel 7 Pro Thermal Throttling Tests, Max TDP, and Benchmarks, 4 February 2023'

/** A phone of 2022: Pixel 7 Pro. */
export const phone = {
  /** Joules. Those of the 5,000 mAh that its maker states are 69,300 at 3.85 V. */
  capacity: { value: 69_300, basis: 'derived', source: `${throttling}: 2.44 h at 7.884 W, as reckoned there` },
  /** Watts in training, of which no measurement of this phone is known: those of a graphics benchmark stand for them, screen included. */
  watts: { value: 6.43, basis: 'estimate', source: `${throttling}: 6.432 W on average in a graphics benchmark` },
} as const satisfies Readonly<Record<string, Sourced>>

/** How full a device is when it takes part again: nobody is known who has measured that. */
export const resume: Sourced = { value: 0.15, basis: 'estimate', source: 'none: the level at which Android warns of a low battery' }

/** Joules per million bytes; `perRate`: milliwatts per Mbit/s, as they were measured. */
export interface RadioEnergy extends Sourced {
  readonly perRate: number
}

const lte = 'Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE Networks, MobiSys 2012, table 4'

const energyOf = (value: number, perRate: number): RadioEnergy => ({ value, perRate, basis: 'measured', source: lte })

/**
 * The parts of a radio's power that go with throughput, of one study, whose table could not be had again to be compared: what a
 * radio uses while it is on and nothing moves is not in them. With it, downloads of 500 kB cost 5 J/MB by Wi-Fi at 2 Mbit/s and 10 J/MB by 3G at 1.5 Mbit/s (Aalborg University,
 * mobiledevices.kom.aau.dk, parametrized model of data download). Of 5G no numbers per byte could be had that name their
 * measurement: there `sent` and `received` are to be given.
 */
export const radios = {
  wifi: { sent: energyOf(2.265, 283.17), received: energyOf(1.096, 137.01) },
  lte: { sent: energyOf(3.507, 438.39), received: energyOf(0.416, 51.97) },
  '3g': { sent: energyOf(6.952, 868.98), received: energyOf(0.977, 122.12) },
} as const satisfies Readonly<Record<string, { readonly sent: RadioEnergy; readonly received: RadioEnergy }>>
