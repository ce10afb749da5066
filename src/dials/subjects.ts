import { AGGREGATOR, type Name, roleOfName } from '../roster/participant.js'
import { besideAggregator, dial, type Dial, pick, pickNear, type Scene, some, type Toss } from './dial.js'

interface Named {
  readonly select: 'named'
  readonly names: readonly Name[]
}

/** How many of so many; somebody may have written a selector that names nobody, such as a share of each round's. */
const shareOf = ({ names }: Partial<Named>, all: number): number => (names === undefined ? 1 : names.length / all)

const named = (names: readonly Name[]): Named => ({ select: 'named', names })

/** Half of them, each one less, and one alone: what fewer there could be. */
const fewer = (names: readonly Name[]): Name[][] => {
  if (names.length < 2) return []
  const half = Math.ceil(names.length / 2)
  const without = names.length > 8 ? [] : names.map((_, i) => names.filter((_other, j) => j !== i))
  const all = [...names.map((name) => [name]), names.slice(0, half), names.slice(half), ...without]
  const seen = new Set<string>()
  return all.filter((group) => {
    const key = group.join(' ')
    return group.length < names.length && !seen.has(key) && seen.add(key)
  })
}

/** So many of these; in half of the cases one of those in focus is among them. */
const someNear = (toss: Toss, from: readonly Name[], count: number, { focus = [] }: Scene): readonly Name[] => {
  const names = some(toss, from, count)
  const near = from.find((name) => focus.includes(name))
  if (near === undefined || names.includes(near) || toss() >= 0.5) return names
  return from.filter((name) => name === near || names.indexOf(name) > 0)
}

const among = (from: (scene: Scene) => readonly Name[], most: (scene: Scene, intensity: number) => number): Dial => dial<Named>({
  draw: (toss, intensity, scene) => named(someNear(toss, from(scene), 1 + Math.floor(toss() * most(scene, intensity)), scene)),
  milder: ({ names }) => fewer(names).map(named),
  measure: (given, scene) => shareOf(given, from(scene).length),
})

/** Clients: one, or more of them, up to a share of all. */
export const clients = (share = 1): Dial => among((scene) => scene.clients, (scene, intensity) => share * intensity * scene.clients.length)

/** All servers. */
export const serversOf = (scene: Scene): readonly Name[] => [...(scene.headless === true ? [] : [AGGREGATOR]), ...besideAggregator(scene)]

/** Servers and clients: one actor of a role that is drawn first, so that few servers among many clients are as likely. */
export const anyone = (): Dial => dial<Named>({
  draw: (toss, _, scene) => {
    const roles = [scene.clients, besideAggregator(scene), scene.headless === true ? [] : [AGGREGATOR]].filter((names) => names.length > 0)
    return named([pickNear(toss, pick(toss, roles), scene)])
  },
  milder: ({ names }) => fewer(names).map(named),
  measure: (given, scene) => shareOf(given, scene.clients.length + serversOf(scene).length),
})

/** Whoever does what servers do. */
const busiest = (scene: Scene): readonly Name[] => {
  const servers = serversOf(scene)
  return servers.length === 0 ? scene.clients : servers
}

/** One server; where there is none, one of those who do what servers do. */
export const server = (): Dial => dial<Named>({
  draw: (toss, _, scene) => named([pickNear(toss, busiest(scene), scene)]),
  milder: () => [],
  measure: (given, scene) => shareOf(given, busiest(scene).length),
})

interface Link {
  readonly from?: Name | undefined
  readonly to?: Name | undefined
  readonly message?: string | undefined
}

/** Roles of the servers besides the aggregator. */
const otherRoles = (scene: Scene): string[] => [...new Set(besideAggregator(scene).map(roleOfName))]

const endsOf = (scene: Scene): Link[] =>
  [{}, ...['client', ...(scene.headless === true ? [] : ['aggregator']), ...otherRoles(scene)].flatMap((role) => [{ from: role }, { to: role }])]

/** Messages: all, or those from or to a role or an actor, or of a kind. */
export const link = (): Dial => dial<Link>({
  draw: (toss, _, scene) => {
    const { clients: devices } = scene
    const which = toss()
    if (which < 0.6) return pick(toss, endsOf(scene))
    if (which < 0.85) return toss() < 0.5 ? { from: pickNear(toss, devices, scene) } : { to: pickNear(toss, devices, scene) }
    return { message: pick(toss, ['model', 'update', 'open', 'close']) }
  },
  milder: (given, { clients: devices }) => {
    const { from, to, message } = given
    if (from !== undefined && devices.includes(from)) return message === undefined ? [{ ...given, message: 'update' }] : []
    if (to !== undefined && devices.includes(to)) return message === undefined ? [{ ...given, message: 'model' }] : []
    const narrower: Link[] = []
    if (from === undefined && (to === undefined || to === 'aggregator')) narrower.push({ ...given, from: devices[0] })
    if (from === 'client') narrower.push({ ...given, from: devices[0] })
    if (to === 'client') narrower.push({ ...given, to: devices[0] })
    if (message === undefined) narrower.push(...['update', 'model'].map((kind) => ({ ...given, message: kind })))
    return narrower
  },
  measure: ({ from, to, message }) => (from === undefined && to === undefined ? 1 : 0.5) * (message === undefined ? 1 : 0.5),
})

/** Groups that are cut off from each other: some clients from everybody else, or servers among themselves. */
export const groups = (): Dial => dial<readonly (readonly string[])[]>({
  draw: (toss, intensity, scene) => {
    const { clients: devices } = scene
    const others = otherRoles(scene)
    const which = scene.headless === true ? 0 : toss()
    if (which < 0.6) return [some(toss, devices, 1 + Math.floor(toss() * intensity * devices.length))]
    return others.length === 0 || which < 0.8 ? [['client'], ['aggregator']] : [['aggregator'], others]
  },
  milder: (given) => (given.length === 1 ? fewer(given[0]).map((group) => [group]) : []),
  measure: ([first], { clients: devices }) => (devices.includes(first[0]) ? first.length / devices.length : 1),
})
