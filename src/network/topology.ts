import type { Direction } from '../record/message.js'
import type { Name, Role } from '../roster/participant.js'

/** One way of an access line: what its owner's messages share, and what is cut when its owner is gone. */
export interface AccessLine {
  readonly owner: Name
  readonly direction: 'up' | 'down'
}

/** Where a line is that many share: all servers' access, or that of one; a region's, or what is between regions. */
export type Place = 'servers' | 'backbone' | { readonly host: Name } | { readonly region: string }

/** What a place is called: the same for the same place. */
export const placeName = (place: Place): string =>
  typeof place === 'string' ? place : 'host' in place ? `host ${place.host}` : `region ${place.region}`

/** One way of a line that is nobody's own. `up` of a place: what leaves it; of the backbone: towards the servers. */
export interface SharedLine {
  readonly owner?: undefined
  readonly place: Place
  readonly direction: 'up' | 'down'
  readonly bytesPerSecond: number
}

/** The same object wherever it is part of a path: a line is told from others by that. */
export type Line = AccessLine | SharedLine

/** How messages get from one actor to another: the lines that their bytes occupy, at both ends and between. */
export interface Path {
  readonly lines: readonly Line[]
  readonly direction: Direction
  /** Its part of lines that are shared fairly, against that of others. Default: 1. */
  readonly weight?: number
  /**
   * What is sent over one connection goes one after the other where lines are shared fairly: which one that is, told from others by its
   * being the same object. Absent: it goes beside all else.
   */
  readonly connection?: object
}

/** Who is connected with whom by what. */
export interface Topology {
  path(from: Name, to: Name): Path
  /** The lines that an actor owns. */
  linesOf(who: Name): readonly AccessLine[]
  /** The lines that are shared at a place, each way that has a limit. */
  linesAt(place: Place): readonly SharedLine[]
}

/** What there is beyond the clients' own lines. */
export interface Surroundings {
  /** Those that limit anything. */
  readonly lines: readonly SharedLine[]
  readonly regionOf: (name: Name) => string | undefined
  readonly weightOf: (client: Name) => number
}

const inside: Path = { lines: [], direction: 'inside' }

const alone: Surroundings = { lines: [], regionOf: () => undefined, weightOf: () => 1 }

interface Access {
  readonly up: AccessLine
  readonly down: AccessLine
  readonly weight: number
  /** It has clients of its own, and is a server to them. */
  readonly serves: boolean
  /** To servers and from them, by their hosts where they have any of their own, or else by their regions. */
  readonly ways: Map<string | undefined, { readonly up: Path; readonly down: Path }>
}

/** A server, which has no line of its own. */
interface Server {
  readonly up?: undefined
  /** Where it is, as far as ways to it differ. */
  readonly place: string | undefined
}

/** The lines from one end to another, apart from the ends' own: out of a region, over the backbone, into a region. */
const between =
  ({ lines, regionOf }: Surroundings) =>
  (from: Name, to: Name, direction: 'up' | 'down'): SharedLine[] => {
    const [here, there] = [regionOf(from), regionOf(to)]
    if (here !== undefined && here === there) return []
    const isOf = ({ place }: SharedLine, region: string | undefined): boolean => typeof place === 'object' && 'region' in place && place.region === region
    return [
      ...lines.filter((line) => line.direction === 'up' && isOf(line, here)),
      ...lines.filter((line) => line.direction === direction && line.place === 'backbone'),
      ...lines.filter((line) => line.direction === 'down' && isOf(line, there)),
    ]
  }

/**
 * A star: every client has a line up and a line down of its own; the servers stand in one place and have no limit among
 * them. From client to client a message occupies one's line up and the other's line down. Where there is more around them,
 * what all servers send and receive shares their lines, or that of one its host's (what servers send each other, too: in order), and who sends out of a region, or into one, shares its lines and
 * the backbone with the others. What a client sends to servers goes in its order, whichever of them it is for. A regional aggregator has a line to the servers, as a client has; with the clients of its region it
 * is connected by theirs.
 */
export const star = (roleOf: (name: Name) => Role, around: Surroundings = alone): Topology => {
  const ends = new Map<Name, Access | Server>()
  const onTheWay = between(around)
  const apart = around.lines.some(({ place }) => typeof place === 'object' && 'host' in place)
  const begin = (owner: Name): Access | Server => {
    const role = roleOf(owner)
    const serves = role === 'regional'
    const end: Access | Server = role === 'client' || serves
      ? { up: { owner, direction: 'up' }, down: { owner, direction: 'down' }, weight: around.weightOf(owner), serves, ways: new Map() }
      : { place: apart ? owner : around.regionOf(owner) }
    ends.set(owner, end)
    return end
  }
  const endOf = (owner: Name): Access | Server => ends.get(owner) ?? begin(owner)
  const atServer = (server: Name, direction: 'up' | 'down'): SharedLine[] => around.lines.filter(({ place, direction: way }) =>
    way === direction && ((place === 'servers' && endOf(server).up === undefined) || (typeof place === 'object' && 'host' in place && place.host === server)))
  const amongHosts = new Map<string, Path>()
  const fromHostTo = (from: Name, to: Name): Path => {
    const key = `${from} ${to}`
    let path = amongHosts.get(key)
    if (path === undefined) {
      const lines = [...atServer(from, 'up'), ...onTheWay(from, to, 'up'), ...atServer(to, 'down')]
      amongHosts.set(key, (path = { lines, direction: 'inside', connection: { from, to } }))
    }
    return path
  }
  const withServer = (client: Name, { up, down, weight, ways }: Access, server: Name, end: Access | Server): { readonly up: Path; readonly down: Path } => {
    const place = end.up === undefined ? end.place : server
    const known = ways.get(place)
    if (known !== undefined) return known
    const both = {
      up: { lines: [up, ...onTheWay(client, server, 'up'), ...atServer(server, 'down')], direction: 'up', weight, connection: up },
      down: { lines: [...atServer(server, 'up'), ...onTheWay(server, client, 'down'), down], direction: 'down', weight },
    } as const
    ways.set(place, both)
    return both
  }
  return {
    path: (from, to) => {
      const sender = endOf(from)
      const receiver = endOf(to)
      if (sender.up === undefined) return receiver.up !== undefined ? withServer(to, receiver, from, sender).down : apart ? fromHostTo(from, to) : inside
      if (receiver.up === undefined || (receiver.serves && !sender.serves)) return withServer(from, sender, to, receiver).up
      if (sender.serves && !receiver.serves) return withServer(to, receiver, from, sender).down
      return { lines: [sender.up, ...onTheWay(from, to, 'up'), receiver.down], direction: 'up', weight: sender.weight }
    },
    linesOf: (who) => {
      const end = endOf(who)
      return end.up === undefined ? [] : [end.up, end.down]
    },
    linesAt: (at) => around.lines.filter(({ place }) => placeName(place) === placeName(at)),
  }
}
