import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Table } from '../../data/table.js'
import type { ScoreResult, TrainResult } from '../engine.js'
import { EngineError } from '../engine-error.js'
import type { Compiled } from '../runtime.js'
import { Child } from './child-process.js'
import type { CohortWork } from './executor.js'
import { Foreman, mostDeaths, type Stock } from './foreman.js'
import { unpacked } from './handover.js'
import type { Answer, Order, Shipment, Supplies } from './orders.js'
import { writeTable, type TableFile } from './table-file.js'
import type { Disturbance, Workers } from './workers.js'

type Versions = Readonly<Record<string, string>>

/** An order that waits for its answer. */
interface Waiting {
  readonly shipment: Shipment
  readonly resolve: (answer: Answer | undefined) => void
  readonly reject: (reason: Error) => void
}

/** Says what to do where temporary files cannot be written. */
const inTemporary = <T>(write: () => T): T => {
  try {
    return write()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = `worker processes get their tables through files in ${tmpdir()}, which cannot be written (${why})`
    throw new EngineError(`${what}. Make room there, or set TMPDIR to another folder.`, { cause })
  }
}

/**
 * Child processes as workers, for a runtime whose threads serve a whole process. Each does one cohort at a time.
 * Messages go over Node's channel; tables go through files in a temporary folder, written when the first child asks.
 * One process starts at once, others when there is work for them; one that dies is replaced. None outlives `close`, nor
 * the process that started it.
 */
export class Processes implements Workers {
  /** Versions of what the children load; rejected with the reason where they cannot. */
  readonly ready: Promise<Versions>
  private readonly foreman: Foreman
  private readonly children = new Set<Child>()
  private readonly idle: Child[] = []
  private readonly queue: Waiting[] = []
  private readonly waiting = new Set<Waiting>()
  private readonly files = new Map<string, TableFile>()
  private folder?: string
  /** Processes that are there, but have not yet loaded their runtime. */
  private starting = 0
  /** Processes lost in that state since one last came to work. */
  private lost = 0
  /** Why no work is taken any more. */
  private fault?: EngineError
  private greeted!: (versions: Versions) => void
  private failed!: (reason: Error) => void
  private readonly abandon = (): void => {
    for (const child of this.children) child.kill()
    this.tidy()
  }

  constructor(
    private readonly workers: number,
    private readonly runtime: Compiled['runtime'],
    stock: Stock,
    disturb: Disturbance = {},
  ) {
    this.foreman = new Foreman('worker processes', stock, disturb, (order) => this.order(order))
    this.ready = new Promise((resolve, reject) => {
      this.greeted = resolve
      this.failed = reject
    })
    // Whoever asks is told; it must not count as unhandled meanwhile.
    this.ready.catch(() => undefined)
    process.once('exit', this.abandon)
    this.start()
  }

  register(handle: string, table: Table): void {
    this.foreman.register(handle, table)
  }

  async run(work: CohortWork): Promise<TrainResult[] | ScoreResult[]> {
    if (this.fault) throw this.fault
    return unpacked(await this.foreman.run(work))
  }

  /** What is under way is given up: its promises are rejected. */
  async close(): Promise<void> {
    this.giveUp(new EngineError('the engine was closed'))
    process.off('exit', this.abandon)
    const ends = [...this.children].map((child) => child.ended)
    this.abandon()
    await Promise.all(ends)
  }

  private start(): void {
    let ready = false
    const child = new Child(this.runtime, this.place(), {
      ready: (versions) => {
        ready = true
        this.starting--
        this.lost = 0
        this.greeted(versions)
        this.idle.push(child)
        this.assign()
      },
      broken: (message) => this.giveUp(new EngineError(message)),
      gone: () => {
        this.children.delete(child)
        const place = this.idle.indexOf(child)
        if (place >= 0) this.idle.splice(place, 1)
        if (!ready) this.starting--
        if (ready || this.fault) return
        if (++this.lost < mostDeaths) this.start()
        else this.giveUp(new EngineError('worker processes of the engine cannot be started, or die at once'))
      },
    })
    this.starting++
    this.children.add(child)
  }

  private order({ supplies, ...order }: Order): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      if (this.fault) return reject(this.fault)
      const shipment = { order, supplies: supplies && this.filed(supplies) }
      const waiting = { shipment, resolve, reject }
      this.waiting.add(waiting)
      this.queue.push(waiting)
      this.assign()
    })
  }

  private assign(): void {
    while (this.idle.length > 0 && this.queue.length > 0) {
      const [child, waiting] = [this.idle.shift()!, this.queue.shift()!]
      void child.carryOut(waiting.shipment).then((answer) => {
        this.waiting.delete(waiting)
        waiting.resolve(answer)
        if (answer === undefined) return
        this.idle.push(child)
        this.assign()
      })
    }
    while (this.queue.length > this.starting && this.children.size < this.workers) this.start()
  }

  private filed({ tables, ...others }: Supplies): Shipment['supplies'] {
    return { ...others, tables: tables.map(({ handle, table }) => this.file(handle, table)) }
  }

  private file(handle: string, table: Table): TableFile {
    const known = this.files.get(handle)
    if (known) return known
    const file = join(this.place(), String(this.files.size))
    const made = inTemporary(() => writeTable(handle, file, table))
    this.files.set(handle, made)
    return made
  }

  /** Where tables go. Children know it from the start: whoever starts them may be killed before they are sent a table. */
  private place(): string {
    return (this.folder ??= inTemporary(() => mkdtempSync(join(tmpdir(), 'windtunnel-tables-'))))
  }

  private giveUp(reason: EngineError): void {
    this.fault ??= reason
    this.failed(this.fault)
    this.queue.length = 0
    for (const { reject } of this.waiting) reject(this.fault)
    this.waiting.clear()
    for (const child of this.children) child.kill()
  }

  private tidy(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true })
    this.folder = undefined
  }
}
