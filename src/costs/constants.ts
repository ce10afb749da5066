/*
 * What devices, radios and servers use, each number with where it comes from: what batteries and costs are reckoned by.
 * Conclusions should survive halving and doubling these.
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
const cloud = 'Cloud Carbon Footprint, Methodology (Thoughtworks, 2021), appendix I, AWS'

/** Watts in training, by class of device. Of none of them a measurement in training is known. */
export const devices = {
  /** Pixel 7 Pro, a phone of 2022: those of a graphics benchmark stand for training, screen included. */
  phone: { value: 6.43, basis: 'estimate', source: `${throttling}: 6.432 W on average in a graphics benchmark` },
  /** Raspberry Pi 4. */
  board: { value: 6.4, basis: 'estimate', source: 'as others quote pidramble.com: 1,280 mA at 5 V with all four cores busy' },
  /** Jetson Xavier NX. */
  jetson: { value: 10, basis: 'estimate', source: 'NVIDIA, Jetson Xavier NX Developer Kit, May 2020: its lower power mode, not what it draws' },
  /** One core of a server: what the default of `devices` describes. */
  core: { value: 7, basis: 'derived', source: `${cloud}: 3.5 W for a virtual processor at full load, the mean of SPECpower results; a core has two` },
} as const satisfies Readonly<Record<string, Sourced>>

export type DeviceClass = keyof typeof devices

export const deviceClasses = Object.keys(devices) as [DeviceClass, ...DeviceClass[]]

/** A phone of 2022: Pixel 7 Pro. */
export const phone = {
  /** Joules. Those of the 5,000 mAh that its maker states are 69,300 at 3.85 V. */
  capacity: { value: 69_300, basis: 'derived', source: `${throttling}: 2.44 h at 7.884 W, as reckoned there` },
  /** Watts in training. */
  watts: devices.phone,
} as const satisfies Readonly<Record<string, Sourced>>

/** How full a device is when it takes part again: nobody is known who has measured that. */
export const resume: Sourced = { value: 0.15, basis: 'estimate', source: 'none: the level at which Android warns of a low battery' }

/** Joules per million bytes; `perRate`: milliwatts per Mbit/s, as they were measured. */
export interface RadioEnergy extends Sourced {
  readonly perRate: number
}

/** For how long a radio stays on when the last bytes have passed, and at what power. */
export interface Tail {
  /** Watts. */
  readonly watts: Sourced
  readonly seconds: Sourced
}

export interface Radio {
  readonly sent: RadioEnergy
  readonly received: RadioEnergy
  readonly tail: Tail
}

/** 1 mW per Mbit/s is 1 mJ per Mbit, and a million bytes are 8 Mbit. */
const energyOf = (perRate: number, basis: Basis, source: string): RadioEnergy => ({
  value: Number(((perRate * 8) / 1000).toFixed(3)), perRate, basis, source,
})

const huang = 'Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE Networks, MobiSys 2012'
const lte = `${huang}, table 4`
const onePacket = (joules: number): string => `${huang}, as others quote it: ${joules} J for one packet, promotion included, over the time of the tail`
const about = `none that could be read: about the time in ${huang}`
const nsa = 'none that could be read: about what Narayanan et al., A Variegated Look at 5G in the Wild, SIGCOMM 2021, have for a low band'
const port = 'none: 1 W for a port at 1 Gbit/s, what IEEE 802.3az is said to save on an idle link'

/**
 * `sent` and `received` are the parts of a radio's power that go with throughput, of one study, whose tables could not be had
 * again to be compared. Others quote of it what lte receives, its tail, and what one packet costs; another phone of those years
 * stayed on for 11.2 s at 1.35 W (GreenBag, Bui et al., RTSS 2013, in its code). Downloads of 500 kB cost 5 J/MB by Wi-Fi at
 * 2 Mbit/s and 10 J/MB by 3G at 1.5 Mbit/s (Aalborg University, mobiledevices.kom.aau.dk, parametrized model of data download):
 * half and more of that is what a radio uses while it is on, which is in `tail` alone. Of 5G no numbers per byte could be had
 * that name their measurement.
 */
export const radios = {
  wifi: {
    sent: energyOf(283.17, 'measured', lte), received: energyOf(137.01, 'measured', lte),
    tail: {
      watts: { value: 0.168, basis: 'derived', source: onePacket(0.04) },
      seconds: { value: 0.238, basis: 'estimate', source: about },
    },
  },
  lte: {
    sent: energyOf(438.39, 'measured', lte), received: energyOf(51.97, 'measured', lte),
    tail: {
      watts: { value: 1.06, basis: 'measured', source: `${huang}, as others quote it` },
      seconds: { value: 11.576, basis: 'measured', source: `${huang}, as others quote it` },
    },
  },
  '3g': {
    sent: energyOf(868.98, 'measured', lte), received: energyOf(122.12, 'measured', lte),
    tail: {
      watts: { value: 0.828, basis: 'derived', source: onePacket(7.38) },
      seconds: { value: 8.91, basis: 'estimate', source: about },
    },
  },
  '5g': {
    sent: energyOf(29, 'estimate', nsa), received: energyOf(13.5, 'estimate', nsa),
    tail: {
      watts: { value: 1.06, basis: 'estimate', source: 'none: that of lte, to which a phone in a network that is not of 5G alone stays attached' },
      seconds: { value: 11.576, basis: 'estimate', source: 'none: that of lte' },
    },
  },
  wired: {
    sent: energyOf(1, 'estimate', port), received: energyOf(1, 'estimate', port),
    tail: { watts: { value: 0, basis: 'estimate', source: 'none: a port is on or off with its computer' }, seconds: { value: 0, basis: 'estimate', source: 'none' } },
  },
} as const satisfies Readonly<Record<string, Radio>>

export type RadioClass = keyof typeof radios

export const radioClasses = Object.keys(radios) as [RadioClass, ...RadioClass[]]

/** Servers, where they are counted. */
export const servers = {
  /** Watts of a server that is on: a core, half busy. */
  watts: { value: 4.24, basis: 'derived', source: `${cloud}: .74 + 50 % of (3.5 - .74) W for a virtual processor; a core has two` },
  /** Joules per million bytes among servers. */
  bytes: { value: 3.6, basis: 'estimate', source: `${cloud}: 0.001 kWh/GB between data centres, the smallest of the coefficients that it lists` },
  /** What a data centre takes for each joule that reaches a server. */
  pue: { value: 1.135, basis: 'estimate', source: `${cloud}: power usage effectiveness, a conservative guess as it says` },
} as const satisfies Readonly<Record<string, Sourced>>

/** Joules per million bytes between clients and servers, in lines, masts, routers: not counted unless it is asked for. */
export const infrastructure: Sourced = {
  value: 216, basis: 'derived',
  source: 'Aslan et al., Electricity Intensity of Internet Data Transmission, Journal of Industrial Ecology 22(4), 2018: 0.06 kWh/GB for fixed lines in 2015, halved about every two years',
}

/** Every number by its name, as docs/costs.md has them. */
export const constants: Readonly<Record<string, Sourced>> = {
  ...Object.fromEntries(Object.entries(devices).map(([name, watts]) => [`device: ${name}`, watts])),
  ...Object.fromEntries(Object.entries(radios).flatMap(([name, { sent, received, tail }]) => [
    [`radio: ${name}, sent`, sent],
    [`radio: ${name}, received`, received],
    [`radio: ${name}, tail.watts`, tail.watts],
    [`radio: ${name}, tail.lasts`, tail.seconds],
  ])),
  'servers.watts': servers.watts,
  'servers.bytes': servers.bytes,
  'servers.pue': servers.pue,
  infrastructure,
  'battery capacity': phone.capacity,
  'battery resume': resume,
}
