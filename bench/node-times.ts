import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOnnx } from '../src/engine/onnx/session.js'
import type { Compiled, Session } from '../src/engine/runtime.js'

/** One event of a profile that ONNX Runtime writes; `dur` in microseconds. */
interface Event {
  readonly cat: string
  readonly name: string
  readonly dur: number
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: unknown }
}

interface Kernel {
  readonly op: string
  /** Type and shape of the outputs, as text. */
  readonly output: string
  readonly durations: number[]
}

/** What a program's operations are for. */
export const kinds = ['products', 'optimizer', 'biases, ReLU, losses', 'moves'] as const

export type Kind = (typeof kinds)[number]

/** Where the milliseconds of one run of a program go. */
export interface NodeTimes {
  /** By kind of operation, and how many there are. */
  readonly kinds: Readonly<Record<Kind, { readonly ms: number; readonly operations: number }>>
  /** What a run takes outside of the runtime: filling joint buffers and handing tensors over. */
  readonly handOver: number
}

const products = new Set(['MatMul', 'Gemm', 'FusedGemm', 'FusedMatMul'])
const movers = new Set([
  'Reshape', 'Transpose', 'Concat', 'Split', 'Slice', 'Gather', 'ScatterND', 'Cast', 'Expand', 'Identity',
])

/** Only Adam takes roots here, and it does everything else on values of the same shapes. */
const kindOf = ({ op, output }: Kernel, updated: ReadonlySet<string>): Kind => {
  if (products.has(op)) return 'products'
  if (movers.has(op)) return 'moves'
  return updated.has(output) ? 'optimizer' : 'biases, ReLU, losses'
}

const lowerQuartile = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 2]

/**
 * Where the time of a program goes by the runtime's own profile: each operation's lower quartile over some runs.
 * Writing the profile takes a microsecond or two an operation, which is in there. `fly` runs the session and gives the
 * lower quartile of a run's milliseconds.
 */
export const nodeTimes = async (compiled: Compiled, fly: (session: Session) => Promise<number>): Promise<NodeTimes> => {
  const folder = await mkdtemp(join(tmpdir(), 'windtunnel-bench-'))
  const session = await openOnnx(compiled, { profile: join(folder, 'profile') })
  const whole = await fly(session)
  await session.close()
  const [file] = await readdir(folder)
  const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as Event[]
  await rm(folder, { recursive: true })
  const kernels = new Map<string, Kernel>()
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue
    const known = kernels.get(name)
    if (known) known.durations.push(dur)
    else kernels.set(name, { op: args?.op_name ?? '', output: JSON.stringify(args?.output_type_shape), durations: [dur] })
  }
  const all = [...kernels.values()]
  const updated = new Set(all.filter(({ op }) => op === 'Sqrt').map(({ output }) => output))
  const found = Object.fromEntries(kinds.map((kind) => [kind, { ms: 0, operations: 0 }])) as Record<
    Kind, { ms: number; operations: number }
  >
  for (const kernel of all) {
    const sum = found[kindOf(kernel, updated)]
    sum.ms += lowerQuartile(kernel.durations) / 1e3
    sum.operations++
  }
  const within = lowerQuartile(events.filter(({ name }) => name === 'model_run').map(({ dur }) => dur)) / 1e3
  return { kinds: found, handOver: whole - within }
}
