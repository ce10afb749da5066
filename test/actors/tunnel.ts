import type { Name } from '../../src/roster/participant.js'
import type { Message } from '../../src/actors/actor.js'
import { NactHost, type HostOptions } from '../../src/actors/nact-host.js'
import { streams } from '../../src/random/streams.js'
import { Kernel, type KernelOptions } from '../../src/time/kernel.js'

/** A tiny simulation: a network of 10 us, devices of nominal speed, an engine that answers `result of JOB`. */
export interface Tunnel {
  readonly kernel: Kernel
  readonly host: NactHost
  /** What happened: `TIME WHAT`. */
  readonly log: string[]
  /** Writes a line with the present virtual time. */
  readonly say: (what: string) => void
}

export const tunnel = (options: Partial<HostOptions> = {}, kernelOptions: KernelOptions = {}): Tunnel => {
  const kernel = new Kernel(kernelOptions)
  const log: string[] = []
  const say = (what: string): void => void log.push(`${kernel.now} ${what}`)
  const host: NactHost = new NactHost({
    kernel,
    streams: streams('test'),
    send: (from, to, message) => host.deliver(kernel.now + 10, to, { from, message }),
    spanOf: (_, start, cost) => ({ until: start + cost }),
    execute: (jobs) => jobs.map(({ job }) => Promise.resolve(`result of ${String(job)}`)),
    ...options,
  })
  return { kernel, host, log, say }
}

/** A message that carries a text. */
export interface Note extends Message {
  readonly text: string
}

export const note = (kind: string, text = ''): Note => ({ kind, text })

export const from = (name: Name, message: Message): { readonly from: Name; readonly message: Message } => ({
  from: name,
  message,
})

/** One turn of Node's event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
