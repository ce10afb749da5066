import type { Direction } from '../record/message.js'
import type { Name, Role } from '../roster/participant.js'

/** One way of an access line: what its owner's messages share, and what is cut when its owner is gone. */
export interface Line {
  readonly owner: Name
  readonly direction: 'up' | 'down'
}

/** How messages get from one actor to another: the lines that their bytes occupy, at both ends and between. */
export interface Path {
  readonly lines: readonly Line[]
  readonly direction: Direction
  /** Its part of lines that are shared fairly, against that of others. Default: 1. */
  readonly weight?: number
}

/** Who is connected with whom by what. */
export interface Topology {
  path(from: Name, to: Name): Path
  /** The lines that an actor owns. */
  linesOf(who: Name): readonly Line[]
}

const inside: Path = { lines: [], direction: 'inside' }

interface Access {
  readonly up: Path
  readonly down: Path
}

/**
 * A star: every client has a line up and a line down of its own, the servers stand in one place and have no limit among
 * them. From client to client a message occupies one's line up and the other's line down.
 */
export const star = (roleOf: (name: Name) => Role): Topology => {
  /** Of servers: null. */
  const accesses = new Map<Name, Access | null>()
  const begin = (owner: Name): Access | null => {
    const way = (direction: 'up' | 'down'): Path => ({ lines: [{ owner, direction }], direction })
    const access = roleOf(owner) === 'client' ? { up: way('up'), down: way('down') } : null
    accesses.set(owner, access)
    return access
  }
  const accessOf = (owner: Name): Access | null => {
    const known = accesses.get(owner)
    return known === undefined ? begin(owner) : known
  }
  return {
    path: (from, to) => {
      const [sender, receiver] = [accessOf(from), accessOf(to)]
      if (sender === null) return receiver?.down ?? inside
      return receiver === null ? sender.up : { lines: [...sender.up.lines, ...receiver.down.lines], direction: 'up' }
    },
    linesOf: (who) => {
      const access = accessOf(who)
      return access === null ? [] : [...access.up.lines, ...access.down.lines]
    },
  }
}
