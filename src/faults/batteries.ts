/*
 * What a phone has and uses. Conclusions should survive halving and doubling these.
 */

/**
 * A phone of 2022 under full load (Pixel 7 Pro, measured at dotninjatech.com, "Pixel 7 Pro Thermal Throttling Tests, Max
 * TDP, and Benchmarks", 2023): 6.43 W on average, and 2.44 h at 7.884 W from full to empty, which is 69.3 kJ.
 */
export const phone = { capacity: 69_300, watts: 6.43 } as const

/**
 * Joules per million bytes: the parts of a radio's power that go with throughput, of Huang et al., A Close Examination of
 * Performance and Power Characteristics of 4G LTE Networks, MobiSys 2012, table 4 (mW per Mbit/s, times 8 / 1000; up and
 * down: Wi-Fi 283.17 and 137.01, LTE 438.39 and 51.97, 3G 868.98 and 122.12). What a radio uses while it is on and
 * nothing moves is not in them.
 */
export const radios = {
  wifi: { sent: 2.265, received: 1.096 },
  lte: { sent: 3.507, received: 0.416 },
  '3g': { sent: 6.952, received: 0.977 },
} as const
