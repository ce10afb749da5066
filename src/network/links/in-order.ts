import type { Scheduled } from '../../time/event-queue.js'
import type { Micros } from '../../time/micros.js'
import type { Line, Path } from '../topology.js'
import type { Cargo, Links, Transfer } from './links.js'

/** A transfer of a connection: it waits for those before it, passes, and lets the next one begin. */
class Turn implements Transfer, Cargo {
  #state: 'waits' | 'passes' | 'over' = 'waits'
  #passing: Transfer | undefined

  constructor(
    private readonly connection: Connection,
    readonly path: Path,
    private readonly bytes: number,
    readonly cargo: Cargo,
  ) {}

  get isPassing(): boolean {
    return this.#state === 'waits' || (this.#state === 'passes' && this.#passing!.isPassing)
  }

  begin(links: Links): void {
    this.#state = 'passes'
    this.#passing = links.start(this.path, this.bytes, this)
  }

  /** Fair sharing tells of it at the instant itself, which does not move any more. */
  lastByte(at: Micros): Scheduled | undefined {
    this.#state = 'over'
    const scheduled = this.cargo.lastByte(at)
    this.connection.leave(this)
    return scheduled
  }

  stop(): number {
    const [was, passing] = [this.#state, this.#passing]
    this.#state = 'over'
    if (was === 'over') return this.bytes
    const passed = was === 'waits' ? 0 : passing!.stop()
    this.connection.leave(this)
    return passed
  }
}

/** The turns of one connection, the one that passes first. */
class Connection {
  readonly turns: Turn[] = []

  constructor(private readonly links: Links) {}

  enter(turn: Turn): void {
    this.turns.push(turn)
    if (this.turns[0] === turn) turn.begin(this.links)
  }

  leave(turn: Turn): void {
    const place = this.turns.indexOf(turn)
    if (place < 0) return
    this.turns.splice(place, 1)
    if (place === 0) this.turns[0]?.begin(this.links)
  }
}

/**
 * Lines that are shared as `links` says, but for what goes over a connection: one transfer of it is on its lines at a time, and the
 * next begins when its last byte has left them. So nothing overtakes what was sent before it, as with an application that sends
 * one message after the other.
 */
export class InOrder implements Links {
  readonly #connections = new Map<object, Connection>()

  constructor(private readonly links: Links) {}

  start(path: Path, bytes: number, cargo: Cargo): Transfer {
    if (path.connection === undefined) return this.links.start(path, bytes, cargo)
    let connection = this.#connections.get(path.connection)
    if (connection === undefined) this.#connections.set(path.connection, (connection = new Connection(this.links)))
    const turn = new Turn(connection, path, bytes, cargo)
    connection.enter(turn)
    return turn
  }

  block(lines: readonly Line[]): () => void {
    return this.links.block(lines)
  }

  rerate(lines: readonly Line[]): void {
    this.links.rerate(lines)
  }

  on(line: Line): readonly Transfer[] {
    const passing = this.links.on(line).map((transfer) => (transfer.cargo instanceof Turn ? transfer.cargo : transfer))
    const waiting = [...this.#connections.values()].flatMap(({ turns }) => turns.slice(1).filter(({ path }) => path.lines.includes(line)))
    return [...passing, ...waiting]
  }
}
