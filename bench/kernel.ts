import { pathToFileURL } from 'node:url'
import Table from 'cli-table3'
import type { Name } from '../src/roster/participant.js'
import type { Behaviour } from '../src/actors/actor.js'
import { NactHost } from '../src/actors/nact-host.js'
import { streams } from '../src/random/streams.js'
import { Guard } from '../src/time/guard.js'
import { Kernel } from '../src/time/kernel.js'
import { cpuSeconds } from './measure.js'

/** What the kernel and the actors cost. Rates are per second of this process's CPU time. */
export interface KernelBench {
  /** Events per CPU-second through the bare kernel, 10,000 pending. */
  readonly heap: number
  /** Deliveries per CPU-second through nact, ten actors an instant. */
  readonly actors: number
  /** Growth of the JavaScript heap and of external memory with 10,000 client actors, in MiB. */
  readonly clients10000MiB: number
}

/** 10,000 events are pending at any time; each one that happens schedules the next. */
const benchHeap = async (events: number): Promise<number> => {
  const kernel = new Kernel()
  let state = 1
  let left = events
  const next = (): void => {
    if (left-- <= 0) return
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    kernel.after(state >>> 12, next)
  }
  for (let i = 0; i < 10_000; i++) next()
  const before = cpuSeconds()
  await kernel.run()
  return events / (cpuSeconds() - before)
}

/** `abreast` actors are told something at every instant, and each tells the next one in the ring. */
const benchActors = async (deliveries: number, abreast: number): Promise<number> => {
  const kernel = new Kernel()
  const guard = new Guard()
  guard.install()
  const host: NactHost = new NactHost({
    kernel,
    streams: streams('bench'),
    guard,
    send: (from, to, message) => host.deliver(kernel.now + 100, to, { from, message }),
    spanOf: (_, start, cost) => ({ until: start + cost }),
    execute: (jobs) => jobs.map(() => Promise.resolve()),
  })
  const ping = { kind: 'ping' }
  let left = deliveries
  const names: readonly Name[] = Array.from({ length: 10 }, (_, i) => `actor-${i}`)
  names.forEach((name, i) => {
    const neighbour = names[(i + 1) % names.length]
    const pass: Behaviour<number> = (count, _, ctx) => {
      if (left-- > 0) ctx.send(neighbour, ping)
      return count + 1
    }
    host.spawn(name, pass, 0)
  })
  for (const name of names.slice(0, abreast)) host.tell(name, { from: 'bench', message: ping })
  const before = cpuSeconds()
  await kernel.run()
  const rate = kernel.executed / (cpuSeconds() - before)
  host.dispose()
  guard.uninstall()
  return rate
}

interface Memory {
  readonly heap: number
  readonly resident: number
}

const memory = (): Memory => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

interface Client {
  readonly trained: number
}

const client: Behaviour<Client> = (state, { message }, ctx) => {
  if (message.kind === 'computed') return { trained: state.trained + 1 }
  ctx.compute('train', 1000)
  return state
}

/** Each client is told to train once, computes nothing at all, and keeps its actor. */
const benchClients = async (clients: number): Promise<Memory> => {
  const before = memory()
  const kernel = new Kernel()
  const host = new NactHost({
    kernel,
    streams: streams('bench'),
    send: () => {},
    spanOf: (_, start, cost) => ({ until: start + cost }),
    execute: (jobs) => jobs.map(() => Promise.resolve()),
  })
  for (let i = 0; i < clients; i++) {
    host.spawn<Client>(`client-${i}`, client, { trained: 0 })
    host.tell(`client-${i}`, { from: 'aggregator', message: { kind: 'model' } })
  }
  await kernel.run()
  const after = memory()
  const last = host.state<Client>(`client-${clients - 1}`)
  if (last.trained !== 1) throw new Error(`the last client trained ${last.trained} times instead of once`)
  host.dispose()
  const mebi = 2 ** 20
  return { heap: (after.heap - before.heap) / mebi, resident: (after.resident - before.resident) / mebi }
}

const rate = (n: number): string => Math.round(n).toLocaleString('en-US')

/** Measures; warms up first, so that the figures are those of compiled code. */
export const run = async (): Promise<KernelBench> => {
  await benchHeap(300_000)
  const heap = await benchHeap(2_000_000)
  await benchActors(50_000, 1)
  await benchActors(100_000, 10)
  const single = await benchActors(300_000, 1)
  const actors = await benchActors(1_000_000, 10)
  const clients = await benchClients(10_000)
  const table = new Table({ head: ['kernel', 'value', ''], style: { head: [], border: [] } })
  table.push(
    ['events, 10,000 pending', rate(heap), 'per CPU-second'],
    ['deliveries, one an instant', rate(single), 'per CPU-second'],
    ['deliveries, ten an instant', rate(actors), 'per CPU-second'],
    ['10,000 clients, heap and external', clients.heap.toFixed(1), globalThis.gc ? 'MiB' : 'MiB (no --expose-gc)'],
    ['10,000 clients, resident', clients.resident.toFixed(1), 'MiB'],
  )
  console.log(table.toString())
  return { heap, actors, clients10000MiB: clients.heap }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(JSON.stringify(await run()))
