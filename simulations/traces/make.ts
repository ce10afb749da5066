/*
 * Draws the small traces of this folder, in the layouts of the public ones that docs/schedules.md names: so that a first
 * script can use one. They are made, not measured: no conclusion stands on them. `npx tsx simulations/traces/make.ts`
 * writes them again, byte by byte.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import seedrandom from 'seedrandom'

const rows = (...lines: readonly (readonly (string | number)[])[]): string => `${lines.map((line) => line.join(',')).join('\n')}\n`

/** Forty phones for two days: each is charged at night, and now and then by day. */
const availability = (): string => {
  const random = seedrandom('availability')
  const windows = Array.from({ length: 40 }, (_, device) => {
    const evening = 20 + 4 * random()
    return [0, 1].flatMap((day) => {
      const start = Math.round((24 * day + evening - 24) * 3600 + 1800 * random())
      const nap = Math.round((24 * day + 10 + 6 * random()) * 3600)
      const night = [Math.max(0, start), start + Math.round((5 + 4 * random()) * 3600)]
      return random() < 0.4 ? [night, [nap, nap + Math.round((0.2 + random()) * 3600)]] : [night]
    }).filter(([from, until]) => until > from).map((window) => [device, ...window])
  })
  return rows(['device', 'start_s', 'end_s'], ...windows.flat())
}

const families = [['mobile', 1.2, 0.5], ['home', 12, 0.25]] as const

/** Twelve lines for three minutes, a sample every two seconds: the logarithm of the rate wanders about its mean. */
const bandwidth = (): readonly [traces: string, index: string] => {
  const random = seedrandom('bandwidth')
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const samples: (readonly number[])[] = []
  const index: (readonly (string | number)[])[] = []
  for (let trace = 0; trace < 12; trace++) {
    const [family, mean, spread] = families[trace % 2]
    index.push([trace, family])
    let away = spread * normal()
    for (let second = 0; second < 180; second += 2) {
      away = 0.9 * away + Math.sqrt(1 - 0.81) * spread * normal()
      samples.push([trace, second, Number((mean * Math.exp(away)).toFixed(3))])
    }
  }
  return [rows(['trace', 't_s', 'mbps'], ...samples), rows(['trace', 'family'], ...index)]
}

/** Twenty-four hosts on a map: a round trip takes what its distance does, and a little more. */
const latency = (): string => {
  const random = seedrandom('latency')
  const hosts = Array.from({ length: 24 }, () => [180 * random(), 90 * random()] as const)
  const times = hosts.map(() => hosts.map(() => 0))
  hosts.forEach(([x, y], i) => hosts.slice(0, i).forEach(([u, v], j) => {
    times[i][j] = times[j][i] = Number((8 + 1.6 * Math.hypot(x - u, y - v) + 12 * random()).toFixed(2))
  }))
  return rows(...times)
}

/** Thirty phones: the fastest is some six times as fast as the slowest. */
const phones = (): string => {
  const random = seedrandom('phones')
  const made = Array.from({ length: 30 }, (_, phone) => {
    return [`phone-${phone + 1}`, Math.round(400 * Math.exp(1.8 * random())), random() < 0.6 ? Math.ceil(20 * random()) : 0]
  })
  return rows(['phone', 'cpu_float_score', 'seen_in_flash_traces'], ...made)
}

/** Every file of this folder by its name. */
export const traces = (): Readonly<Record<string, string>> => {
  const [lines, index] = bandwidth()
  return {
    'availability.csv': availability(), 'bandwidth.csv': lines, 'bandwidth-index.csv': index, 'latency.csv': latency(),
    'phones.csv': phones(),
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, text] of Object.entries(traces())) writeFileSync(join(import.meta.dirname, name), text)
}
