import type { Cargo, Transfer } from '../src/network/links/links.js'
import { Fair } from '../src/network/links/fair.js'
import type { Line, Path } from '../src/network/topology.js'
import { Kernel, type PlainEvent } from '../src/time/kernel.js'
import { cpuSeconds, median, row } from './measure.js'

const shapes = ['star', 'tree'] as const
type Shape = (typeof shapes)[number]

/** Regions of the tree. */
const REGIONS = 16
const TURNS = 5
/** Flow events of a turn: arrivals, ends and cuts. */
const EVENTS = 40_000

/** Bytes per second of the line that all share. */
const SERVER = 1.25e9

const line = (owner: string): Line => ({ owner, direction: 'up' })

/**
 * Clients whose own lines carry from a quarter of what is theirs of the shared lines to four times that, so that some
 * are limited by their own line, some by their region's and some by the server's, and who is by which changes.
 */
const federation = (shape: Shape, clients: number): { readonly paths: readonly Path[]; readonly rates: ReadonlyMap<Line, number> } => {
  const rates = new Map<Line, number>()
  const server = line('server')
  rates.set(server, SERVER)
  const regions = Array.from({ length: REGIONS }, (_, i) => line(`region-${i}`))
  regions.forEach((region, i) => rates.set(region, (SERVER / REGIONS) * (0.5 + (i % 4) / 2)))
  const paths = Array.from({ length: clients }, (_, i): Path => {
    const own = line(`client-${i}`)
    rates.set(own, (SERVER / clients) * 4 ** (((i * 7919) % 1000) / 500 - 1))
    return { lines: shape === 'star' ? [own, server] : [own, regions[i % REGIONS], server], direction: 'up' }
  })
  return { paths, rates }
}

/** A generator of numbers in [0, 1) that needs nothing but its state. */
const draws = (): (() => number) => {
  let state = 1
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
}

/** CPU microseconds per flow event, while as many flows are under way: who ends begins again, and one of twenty is cut. */
const measured = async (shape: Shape, clients: number): Promise<number> => {
  const kernel = new Kernel()
  const { paths, rates } = federation(shape, clients)
  const links = new Fair({
    now: () => kernel.now,
    at: (time, action) => kernel.at(time, action),
    cancel: (event) => void kernel.cancel(event as PlainEvent),
    rate: (one) => ({ bytesPerSecond: rates.get(one)!, until: Infinity }),
  })
  const draw = draws()
  const transfers: Transfer[] = []
  let events = 0
  const begin = (client: number): void => {
    events++
    const cargo: Cargo = {
      lastByte: () => {
        events++
        kernel.after(1 + Math.floor(draw() * 1000), () => begin(client))
        return undefined
      },
    }
    transfers[client] = links.start(paths[client], 1e5 + Math.floor(draw() * 1e6), cargo)
    if (draw() < 0.05) {
      const other = Math.floor(draw() * clients)
      const cut: Transfer | undefined = transfers[other]
      if (cut === undefined || !cut.isPassing) return
      cut.stop()
      events++
      kernel.after(1 + Math.floor(draw() * 1000), () => begin(other))
    }
  }
  for (let client = 0; client < clients; client++) kernel.at(Math.floor(draw() * 1000), () => begin(client))
  // Everybody has begun, and most are at their second transfer.
  await kernel.run({ stop: () => events >= 3 * clients })
  const costs: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const [before, begun] = [cpuSeconds(), events]
    await kernel.run({ stop: () => events >= begun + EVENTS })
    costs.push(((cpuSeconds() - before) * 1e6) / (events - begun))
  }
  return Number(median(costs).toFixed(2))
}

/**
 * CPU microseconds of a flow event (a transfer begins, ends or is cut) under fair sharing, the kernel's part included: in a
 * star, where every client has a line and all share the server's, and in a tree with 16 regions between.
 */
export const run = async (): Promise<Record<Shape, Record<string, number>>> => {
  const sizes = [100, 1000, 10_000]
  console.log(row('concurrent flows', ...sizes))
  const result = { star: {}, tree: {} } as Record<Shape, Record<string, number>>
  for (const shape of shapes) {
    for (const clients of sizes) result[shape][clients] = await measured(shape, clients)
    console.log(row(shape, ...sizes.map((clients) => result[shape][clients])))
  }
  return result
}
