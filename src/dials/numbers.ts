import { dial, type Dial, type Fields, type Scene, type Toss } from './dial.js'

/** Where a number lies between its mildest and its wildest, and back. */
interface Scale {
  place(value: number): number
  value(place: number): number
}

/** In which measure a number is written: its neighbours are the same to people. */
const neat = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(2)))

const clipped = (place: number): number => Math.min(1, Math.max(0, place))

const onScale = ({ place, value }: Scale, round: (value: number) => number): Dial => dial<number>({
  draw: (toss, intensity) => round(value(toss() * intensity)),
  milder: (given) => {
    const from = clipped(place(given))
    const places = [0, 0.25, 0.5, 0.75, 0.9].map((part) => round(value(from * part)))
    return [...new Set(places)].filter((candidate) => place(candidate) < from)
  },
  measure: (given) => clipped(place(given)),
})

/** A number on a line. */
export const amount = (mildest: number, wildest: number): Dial => onScale({
  place: (value) => (value - mildest) / (wildest - mildest),
  value: (place) => mildest + (wildest - mildest) * place,
}, neat)

const byFactors = (mildest: number, wildest: number): Scale => ({
  place: (value) => Math.log(value / mildest) / Math.log(wildest / mildest),
  value: (place) => mildest * (wildest / mildest) ** place,
})

/** A number whose doubling counts as much wherever it is. */
export const factor = (mildest: number, wildest: number): Dial => onScale(byFactors(mildest, wildest), neat)

/** A number that somebody gave, of whatever size: as with `factor`, and by small steps too. Not below the mildest. */
export const size = (mildest: number, wildest: number): Dial => {
  const scale = factor(mildest, wildest) as Dial<number>
  return dial<number>({
    ...scale,
    milder: (given) => {
      const smaller = [mildest, Math.sqrt(mildest * given), given / 8, given / 2, given * 0.8, given * 0.9].map(neat)
      return [...new Set(smaller)].filter((other) => other >= mildest && other < given).sort((a, b) => a - b)
    },
  })
}

/** A number that does the less the nearer it is to another, on either side of it: from so far off to so far off. */
export const apart = (from: number, mildest: number, wildest: number): Dial => {
  const far = size(mildest, wildest)
  const at = (off: unknown, given: number): number => neat(from + (given < from ? -1 : 1) * (off as number))
  return dial<number>({
    draw: (toss, intensity, scene) => at(far.draw(toss, intensity, scene), Infinity),
    milder: (given, scene) => {
      const off = Math.abs(given - from)
      return [...new Set(far.milder(off, scene).map((less) => at(less, given)))].filter((other) => other !== from && Math.abs(other - from) < off)
    },
    measure: (given, scene) => (given === from ? 0 : far.measure(Math.abs(given - from), scene)),
  })
}

/** A whole number. */
export const count = (mildest: number, wildest: number): Dial => onScale({
  place: (value) => (value - mildest) / (wildest - mildest),
  value: (place) => mildest + (wildest - mildest) * place,
}, Math.round)

/** A whole number whose doubling counts as much wherever it is: places. */
export const doublings = (mildest: number, wildest: number): Dial => onScale(byFactors(mildest, wildest), Math.round)

/** Room for so many: for one of each client, where it is mild, down to a single place. */
export const places = (): Dial => {
  const at = ({ clients }: Scene): Dial => doublings(Math.max(2, clients.length), 1)
  return dial<number>({
    draw: (toss, intensity, scene) => at(scene).draw(toss, intensity, scene) as number,
    milder: (given, scene) => at(scene).milder(given, scene) as readonly number[],
    measure: (given, scene) => at(scene).measure(given, scene),
  })
}

/** Joules that last so many undisturbed rounds, of which only training costs: by what it takes at so many watts. */
export const energy = (watts: number, mildest: number, wildest: number): Dial => {
  const joules = ({ round, phases: [, training = round] = [] }: Scene): number => (watts * Math.max(1, training)) / 1e6
  const scale = byFactors(mildest, wildest)
  const at = (scene: Scene): Dial => onScale({ place: (value) => scale.place(value / joules(scene)), value: (place) => joules(scene) * scale.value(place) }, neat)
  return dial<number>({
    draw: (toss, intensity, scene) => at(scene).draw(toss, intensity, scene) as number,
    milder: (given, scene) => at(scene).milder(given, scene) as readonly number[],
    measure: (given, scene) => at(scene).measure(given, scene),
  })
}

/** A probability, or a share. */
export const share = (mildest = 0.05, wildest = 1): Dial => onScale({
  place: (value) => (value - mildest) / (wildest - mildest),
  value: (place) => mildest + (wildest - mildest) * place,
}, (value) => Math.min(1, Math.round(20 * value) / 20 || 0.05))

/** A duration, in parts of an undisturbed round: at most so many of them, and at least a millisecond. */
export const duration = (rounds: number): Dial => dial<number>({
  draw: (toss, intensity, { round }) => inMillis(toss() * intensity * rounds * round),
  milder: (given) => [...new Set([1000, given / 8, given / 2, given * 0.8].map(inMillis))].filter((time) => time < given),
  measure: (given, { round }) => clipped(given / Math.max(1, rounds * round)),
})

/** How long something goes on that ends by itself, in undisturbed rounds: long is mild. */
export const period = (mildest: number, wildest: number): Dial => dial<number>({
  draw: (toss, intensity, { round }) => inMillis(round * (mildest + (wildest - mildest) * toss() * intensity)),
  milder: (given, { round }) => {
    const most = mildest * round
    return [...new Set([most, given + (most - given) / 2].map(inMillis))].filter((time) => time > given)
  },
  measure: (given, { round }) => clipped((mildest - given / round) / (mildest - wildest)),
})

/** So many clients, by their share of all; at least one. */
export const ofClients = (mildest: number, wildest: number): Dial => {
  const many = (of: number, { clients }: Scene): number => Math.max(1, Math.round(of * clients.length))
  return dial<number>({
    draw: (toss, intensity, scene) => many(mildest + (wildest - mildest) * toss() * intensity, scene),
    milder: (given, scene) => {
      const least = many(mildest, scene)
      const between = [least, Math.round((least + given) / 2)]
      return [...new Set(between)].filter((one) => Math.abs(one - least) < Math.abs(given - least))
    },
    measure: (given, { clients }) => clipped((given / clients.length - mildest) / (wildest - mildest)),
  })
}

/**
 * A round, from 0. Where its phases are known early ones are drawn more often: the later one is, the less is in it as it would be undisturbed, and
 * the less follows.
 */
export const roundIn = (toss: Toss, { rounds, phases }: Scene): number => Math.floor(toss() ** (phases === undefined ? 1 : 2) * rounds)

/** Any instant of an undisturbed flight; where a round's phases are known, in each of them as often. */
export const instantIn = (toss: Toss, scene: Scene): number => {
  const { phases = [], round } = scene
  const whole = phases.reduce((sum, one) => sum + one, 0)
  if (whole === 0) return toss() * lengthOf(scene)
  const nth = Math.floor(toss() * phases.length)
  const before = phases.slice(0, nth).reduce((sum, one) => sum + one, 0)
  return (roundIn(toss, scene) + (before + toss() * phases[nth]) / whole) * round
}

/** When something happens; early or late, it is as wild. An early one is simpler. */
export const instant = (): Dial => dial<number>({
  draw: (toss, _, scene) => inMillis(instantIn(toss, scene)),
  milder: (given) => [...new Set([0, given / 2, given * 0.9].map((time) => Math.floor(time / 1000) * 1000))].filter((time) => time < given),
  measure: () => 0,
})

/** What a flight takes that nothing disturbs. */
export const lengthOf = ({ rounds, round }: Scene): number => rounds * round

/** A whole number of milliseconds, at least one. */
export const inMillis = (time: number): number => Math.max(1000, Math.round(time / 1000) * 1000)

/** Words may be groups: one that was written to a file and read again is the same. */
const placeIn = (words: readonly unknown[], given: unknown): number => {
  const text = JSON.stringify(given)
  return words.findIndex((own) => JSON.stringify(own) === text)
}

/** One word of these, the mildest first; undefined: the field is left out. */
export const word = (...words: readonly unknown[]): Dial => dial<unknown>({
  draw: (toss, intensity) => words[Math.min(words.length - 1, Math.floor(toss() * (1 + intensity * (words.length - 1))))],
  milder: (given) => words.slice(0, Math.max(0, placeIn(words, given))),
  measure: (given) => (words.length < 2 ? 0 : Math.max(0, placeIn(words, given)) / (words.length - 1)),
})

/** Given in half of the cases, at most; left out it is milder. */
export const maybe = (inner: Dial): Dial => dial<unknown>({
  draw: (toss, intensity, scene) => (toss() < 0.5 ? undefined : inner.draw(toss, intensity, scene)),
  milder: (given, scene) => (given === undefined ? [] : [undefined, ...inner.milder(given, scene)]),
  measure: (given, scene) => (given === undefined ? 0 : inner.measure(given, scene)),
})

/** Several numbers in one group: each is turned by itself. */
export const together = (fields: Fields): Dial => dial<Readonly<Record<string, unknown>>>({
  draw: (toss, intensity, scene) =>
    Object.fromEntries(Object.entries(fields).map(([name, inner]) => [name, inner.draw(toss, intensity, scene)])),
  milder: (given, scene) =>
    Object.entries(fields).flatMap(([name, inner]) => inner.milder(given[name], scene).map((value) => ({ ...given, [name]: value }))),
  measure: (given, scene) => {
    const all = Object.entries(fields).map(([name, inner]) => inner.measure(given[name], scene))
    return all.reduce((sum, one) => sum + one, 0) / all.length
  },
})
