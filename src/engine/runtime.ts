import type { DType, Sink, Source } from './program/body.js'

/** A port of a compiled program; `shape` is one client's, the cohort axis comes before it. */
export interface Port<Kind> {
  readonly name: string
  readonly kind: Kind
  readonly shape: readonly number[]
  readonly dtype: DType
  /** The shape that the runtime declares for one client, where it is another view of `shape`. Buffers are the same. */
  readonly view?: readonly number[]
}

/** A program that an emitter made: plain data, may cross to a worker. */
export interface Compiled {
  readonly runtime: 'onnx' | 'tensorflow'
  readonly bytes: Uint8Array
  /** The program has no cohort axis: a session runs it once for each client of a cohort. */
  readonly alone?: boolean
  /** Ports that the runtime takes or gives in one joint buffer each: all clients' values of one port after the other's. */
  readonly joint?: { readonly inputs: readonly string[]; readonly outputs: readonly string[] }
  readonly inputs: readonly Port<Source>[]
  readonly outputs: readonly Port<Sink>[]
}

/** A loaded program. Buffers hold `cohort` clients one after the other: [cohort, ...shape]. */
export interface Session {
  readonly inputs: readonly Port<Source>[]
  readonly outputs: readonly Port<Sink>[]
  /**
   * Runs the program once for `cohort` clients. `feeds` has one buffer per input and `results` one per output, each
   * at least cohort * size(shape) long; results are written in place.
   */
  run(
    cohort: number,
    feeds: Readonly<Record<string, Float32Array | Int32Array>>,
    results: Readonly<Record<string, Float32Array>>,
  ): Promise<void>
  close(): Promise<void>
}
