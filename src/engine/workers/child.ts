import { rmSync } from 'node:fs'
import type { Compiled, Session } from '../runtime.js'
import { Hand } from './hand.js'
import type { Greeting, Order, Shipment } from './orders.js'
import { readTable } from './table-file.js'

/*
 * The entry of a worker process; its arguments are the runtime and the folder in which tables lie. Tables are read from files into memory of its own. No
 * user code is ever loaded here.
 */

const send = (message: unknown): void => {
  // Nobody may be there any more to hear it: then this process is about to end.
  process.send?.(message, undefined, undefined, () => undefined)
}

/** Not `process.exit`: ONNX Runtime aborts when a call returns to what is being taken down. */
const end = (): void => void process.kill(process.pid, 'SIGKILL')

const [, , runtime, folder] = process.argv as (string | undefined)[]

/** Whoever started us is gone, and may not have tidied up. */
const abandoned = (): void => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  end()
}
process.once('disconnect', abandoned)
// It may have been while this was loaded.
if (!process.connected) abandoned()

const unpack = ({ order, supplies }: Shipment): Order => {
  if (supplies === undefined) return order
  const tables = supplies.tables.map((about) => ({ handle: about.handle, table: readTable(about) }))
  return { ...order, supplies: { ...supplies, tables } }
}

interface Runtime {
  readonly open: (compiled: Compiled) => Promise<Session>
  readonly versions: Readonly<Record<string, string>>
}

/** Loads the runtime at once, so that a missing one shows before there is work. */
const load = async (): Promise<Runtime> => {
  if (runtime !== 'tensorflow') return { open: (await import('../onnx/session.js')).openOnnx, versions: {} }
  const { loadNative, versionsOf } = await import('../tensorflow/native.js')
  const versions = versionsOf(loadNative())
  return { open: (await import('../tensorflow/session.js')).openTensorflow, versions }
}

try {
  const { open, versions } = await load()
  const hand = new Hand(open, end)
  process.on('message', (shipment: Shipment) => void hand.take(() => unpack(shipment)).then(send))
  send({ kind: 'ready', versions } satisfies Greeting)
} catch (error) {
  send({ kind: 'broken', message: error instanceof Error ? error.message : String(error) } satisfies Greeting)
}
