import type { Recipe } from '../program/recipe.js'
import type { Session } from '../runtime.js'
import type { EdgePlace } from './edges.js'
import { stepFeedsOf, type StepFeed } from './feed.js'
import { floatsOf, Lanes, type StateLane } from './lanes.js'

/** A vector of the session and where it lies in the client's. */
export interface StatePlace {
  readonly lane: StateLane
  /** In the flat vector; 0 for what a balancer remembers, each of which is a vector by itself. */
  readonly offset: number
}

/** An input of the session that holds a constant vector: the proximal term's centre, or the gradient's correction. */
export interface ConstantPlace {
  readonly vector: 'anchor' | 'correction'
  readonly buffer: Float32Array
  readonly size: number
  readonly offset: number
}

/** Buffers for a cohort, and what is known about them once and for all. */
export interface Room {
  readonly lanes: Lanes
  /** By step. */
  readonly feeds: readonly StepFeed[]
  readonly state: readonly StatePlace[]
  readonly constants: readonly ConstantPlace[]
  /** Columns of the clients' interaction graphs, which stay the same from run to run. */
  readonly edges: readonly EdgePlace[]
  /** Whether a run writes every parameter. */
  readonly complete: boolean
}

const roomOf = (session: Session, recipe: Recipe, clients: number): Room => {
  const { segments, size } = recipe
  const lanes = new Lanes(session, clients)
  const offsets = new Map(segments.map((segment) => [segment.name, segment.offset]))
  const constants: ConstantPlace[] = []
  for (const { kind, buffer, size: length } of lanes.inputs) {
    if (kind.kind !== 'anchor' && kind.kind !== 'correction') continue
    constants.push({ vector: kind.kind, buffer: floatsOf(buffer), size: length, offset: offsets.get(kind.segment)! })
  }
  const written = lanes.state.filter((lane) => lane.vector === 'parameter' && lane.written)
  return {
    lanes,
    feeds: stepFeedsOf(lanes, recipe),
    state: lanes.state.map((lane) => ({ lane, offset: lane.vector === 'balance' ? 0 : offsets.get(lane.segment)! })),
    constants,
    edges: lanes.inputs.flatMap(({ kind, buffer, size: length }) =>
      kind.kind === 'edges' ? [{ what: kind, buffer, size: length }] : []),
    complete: written.reduce((sum, lane) => sum + lane.size, 0) === size,
  }
}

/** A loaded part of a program, ready to be fed: its session, and buffers for the largest cohort seen so far. */
export class Stage {
  private held?: Room

  constructor(
    readonly session: Session,
    private readonly recipe: Recipe,
  ) {}

  /** Buffers for at least `clients` clients; the same ones again and again unless the cohort grows. */
  room(clients: number): Room {
    if (this.held === undefined || this.held.lanes.capacity < clients) {
      this.held = roomOf(this.session, this.recipe, clients)
    }
    return this.held
  }
}
