import { pick, type Scene, type Toss } from '../../dials/dial.js'
import { inMillis } from '../../dials/numbers.js'
import { serversOf } from '../../dials/subjects.js'
import { rests } from '../../faults/core.js'
import { SpecificationError } from '../../errors.js'
import type { FaultInput } from '../../faults/registry.js'
import { drawnKinds } from '../../faults/turn.js'
import { enoughOf } from '../../federation/rounds/enough.js'
import type { RoundsInput } from '../../federation/rounds/registry.js'
import { drawnRounds, drawRounds } from '../../federation/rounds/turn.js'
import { streams } from '../../random/streams.js'
import type { Name } from '../../roster/participant.js'
import type { Specification } from '../../simulation/specification.js'
import type { Case, Lines, Shape } from './case.js'
import { leadersOf } from './leaders.js'
import { ableKinds, bearsDelay, drawLed } from './swarm.js'

/** What of a specification may be other in a case, beside its faults. */
export const varied = ['rounds', 'delivery', 'codec', 'lines', 'checkpoint', 'selection', 'calm', 'shape'] as const
export type Varied = (typeof varied)[number]

/** What cases are drawn from. */
export interface Space {
  /** Kinds of faults; every kind that can be drawn when absent. */
  readonly kinds?: readonly string[] | undefined
  /** What may be other than in the specification; all of it when absent. */
  readonly vary?: readonly Varied[] | undefined
  /** How wild faults may be at most, from 0 to 1. */
  readonly intensity?: number | undefined
  /** The rounds of the specification itself; undefined where they are a function. */
  readonly rounds: RoundsInput | undefined
  /** Delivery of the specification itself. */
  readonly delivery?: Specification['delivery']
  /** Whether its lines are first come, first served, and so may be shared fairly instead. */
  readonly queues?: boolean
  /** Whether it comes to an end whatever is lost, be its rounds such as wait without end. */
  readonly patient?: boolean
  /** Whether other numbers of clients and expert networks can be had. */
  readonly resizes: { readonly clients: boolean; readonly experts: boolean }
  /** In the measure of these lines, where they are not its own. */
  scene(shape: Shape, lines?: Lines): Promise<Scene>
}

/** Shapes of one exploration: to set one up costs as much as many flights. */
const shapes = 4

const shapeOf = (seed: string, toss: Toss, { resizes }: Space, scene: Scene): Shape => {
  const draw = streams(`${seed}/explore`)('shape', Math.floor(toss() * shapes))
  return {
    ...(resizes.clients && { clients: Math.max(1, Math.round(scene.clients.length * (0.3 + 1.2 * draw()))) }),
    ...(resizes.experts && { experts: 1 + Math.floor(draw() * (scene.experts.length + 1)) }),
  }
}

const roundsOf = (toss: Toss, intensity: number, scene: Scene): RoundsInput | undefined =>
  drawRounds(pick(toss, drawnRounds), toss, intensity, scene)

/** Of those who acknowledge nothing, what is damaged is found out or taken for what it has become. */
const trusting = 0.25

const deliveryOf = (toss: Toss, { round }: Scene): NonNullable<Specification['delivery']> => {
  if (toss() < trusting) return { checksum: pick(toss, [false, true]) }
  return { acknowledge: true, retries: pick(toss, [0, 1, 3, 10]), timeout: inMillis(toss() * round), longest: inMillis(4 * round) }
}

const checkpointOf = (toss: Toss, { round }: Scene): NonNullable<Specification['checkpoint']> =>
  pick(toss, [
    { every: 'message' as const }, { every: 1, patience: inMillis(round) }, { every: 2, cost: inMillis(toss() * round * 0.1), patience: inMillis(2 * round) },
    { every: 3, rate: '1 Mbps', patience: inMillis(round) },
  ])

/** Written at once. */
const atOnce = (given: NonNullable<Specification['checkpoint']>): NonNullable<Specification['checkpoint']> => {
  const { cost: _cost, rate: _rate, ...rest } = given
  return rest
}

const selections = ['random', 'round-robin', 'proportional', 'oort', 'speed', 'data'] as const

const selectionOf = (toss: Toss): NonNullable<Specification['selection']> => ({ kind: pick(toss, selections) }) as NonNullable<Specification['selection']>

/** Codecs of every kind: that draw, remember, send changes or rows, that pack, and of one direction or both. */
const codecs: readonly NonNullable<Specification['codec']>[] = [
  { kind: 'fp16' }, { kind: 'topK', share: 0.3 }, { up: [{ kind: 'topK', share: 0.3 }, { kind: 'fp16' }], down: { kind: 'int8', rounding: 'stochastic' } },
  { up: { kind: 'sign' }, down: { kind: 'powerSgd', rank: 1 } }, [{ kind: 'delta' }, { kind: 'zstd' }], [{ kind: 'rows' }, { kind: 'randomK', share: 0.5 }],
  { experts: { kind: 'eden', bits: 2 }, some: [{ rounds: [2, 3], all: { kind: 'qsgd' } }] },
]

/** From draws of its own: cases without one are what they would be. */
const codecOf = (toss: Toss): NonNullable<Specification['codec']> => pick(toss, codecs)

const rates = ['8 Mbps', '32 Mbps', '128 Mbps'] as const

/** Lines that all share, of servers on one host or on several; and, in half of these cases, a fault that narrows them. */
const linesOf = (toss: Toss, { rounds }: Scene): { readonly lines: Lines; readonly narrowing: readonly FaultInput[] } => {
  const lines: Lines = { sharing: 'fair', servers: { up: pick(toss, rates), down: pick(toss, rates), apart: toss() < 0.5 } }
  const first = 1 + Math.floor(toss() * rounds)
  const narrow: FaultInput = { kind: 'narrow', id: 'lines', line: 'servers', by: 2 ** (1 + Math.floor(toss() * 4)), rounds: [first, first + Math.floor(toss() * 3)] }
  return { lines, narrowing: toss() < 0.5 ? [narrow] : [] }
}

/** Rounds of a calm phase, in which what the faulty one has done is to be mended. */
const calmRounds = 4

/** The calm phase begins so early that rounds are left to it. */
const calmOf = (toss: Toss, scene: Scene): NonNullable<Specification['calm']> => {
  const faulty = Math.max(1, scene.rounds - calmRounds)
  return toss() < 0.5 ? { round: 1 + Math.floor(toss() * faulty) } : { at: inMillis(toss() * faulty * scene.round) }
}

/** Of those who die, how many stay dead until it is calm. */
const lasting = 0.6

/** Where it becomes calm by the clock, which no death can put off, some of the dead come back no sooner. */
const untilCalm = (toss: Toss, faults: readonly FaultInput[], calm: Case['calm']): readonly FaultInput[] =>
  calm?.at === undefined ? faults : faults.map((fault) => {
    if (fault.kind !== 'crash' || toss() >= lasting) return fault
    const { restartAfter: _, ...rest } = fault
    return rest
  })

/** Half of the calm phases have a core, with as many clients as rounds need: the others are broken for good. */
const coreOf = (toss: Toss, { clients: { length } }: Scene, rounds: RoundsInput | undefined): Pick<NonNullable<Specification['calm']>, 'core' | 'rest'> => {
  if (toss() < 0.5) return {}
  const least = Math.max(1, Math.min(length, enoughOf(rounds).fold(length)))
  const clients = least + Math.floor(toss() * (length - least + 1))
  return { core: { select: 'fraction', of: clients / length }, rest: pick(toss, rests) }
}

/** A client and a server that faults meet at. */
const focusOf = (toss: Toss, scene: Scene): readonly Name[] => {
  const servers = serversOf(scene)
  return [pick(toss, scene.clients), ...(servers.length === 0 ? [] : [pick(toss, servers)])]
}

/** The scene of a shape; undefined: a federation of it cannot be set up, such as one client whose updates are to be summed with others'. */
const sceneOf = (space: Space, shape: Shape, lines: Lines | undefined): Promise<Scene | undefined> =>
  space.scene(shape, lines).catch((error: unknown) => {
    if (error instanceof SpecificationError && Object.keys(shape).length > 0) return undefined
    throw error
  })

/**
 * Case number `nth` of an exploration: it depends on nothing but this number, the seed and the space. Kinds of faults are
 * switched on and off first, weighed second, and given an intensity third (swarm testing: Groce et al., ISSTA 2012).
 */
export const drawCase = async (seed: string, nth: number, space: Space, isSound: (of: Case) => boolean): Promise<Case> => {
  const all = streams(`${seed}/explore`)
  const { kinds = drawnKinds, vary = varied, intensity: wildest = 1 } = space
  const leaders = leadersOf(seed, nth, kinds)
  for (let tries = 0; tries < 50; tries++) {
    const toss = all('case', nth, tries)
    const varies = (what: Varied, share: number): boolean => vary.includes(what) && toss() < share
    const intensity = wildest * toss()
    const usual = await space.scene({})
    const shape = varies('shape', 0.5) ? shapeOf(seed, toss, space, usual) : {}
    const crowd = all('lines', nth, tries)
    const { lines, narrowing } = vary.includes('lines') && space.queues === true && crowd() < 0.2 ? linesOf(crowd, usual) : { lines: undefined, narrowing: [] }
    const scene = await sceneOf(space, shape, lines)
    if (scene === undefined) continue
    const rounds = (space.rounds !== undefined && varies('rounds', 0.8) ? roundsOf(toss, intensity, scene) : undefined) ?? space.rounds
    const delivery = varies('delivery', 0.5) ? deliveryOf(toss, scene) : undefined
    const acknowledges = space.patient === true || (delivery ?? space.delivery)?.acknowledge === true
    const able = ableKinds(kinds, rounds, acknowledges)
    if (able.length === 0) continue
    const passing = drawLed(toss, leaders, able, { usual: intensity, most: wildest }, { ...scene, focus: focusOf(toss, scene) })
    const lot = all('codec', nth, tries)
    const codec = vary.includes('codec') && lot() < 0.3 ? codecOf(lot) : undefined
    const calm = varies('calm', 0.5) ? calmOf(toss, scene) : undefined
    const faults = [...untilCalm(toss, passing, calm), ...(able.includes('narrow') ? narrowing : [])]
    const written = varies('checkpoint', 0.4) ? checkpointOf(toss, scene) : undefined
    const checkpoint = written === undefined || bearsDelay(rounds, acknowledges) ? written : atOnce(written)
    const drawn: Case = {
      chance: `${seed}/${nth}`,
      faults,
      ...(Object.keys(shape).length > 0 && { shape }),
      ...(rounds !== undefined && { rounds }),
      ...(delivery && { delivery }),
      ...(codec && { codec }),
      ...(lines && { lines }),
      ...(checkpoint && { checkpoint }),
      ...(varies('selection', 0.3) && { selection: selectionOf(toss) }),
      ...(calm !== undefined && { calm }),
    }
    const whole = calm === undefined ? drawn : { ...drawn, calm: { ...calm, ...coreOf(toss, scene, rounds) } }
    if (isSound(whole)) return whole
    // Rounds that wait by their own words for somebody outside the core.
    if (isSound(drawn)) return drawn
  }
  throw new RangeError(`no case that can be flown was found for number ${nth}: vary more, or allow more kinds of faults`)
}
