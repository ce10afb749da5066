import type { BalanceState, OptimizerState, ScoreResult, TrainResult } from '../engine.js'
import type { CohortWork } from './executor.js'

/** From this size on a vector's memory is handed over; below it a copy costs less than the hand-over. */
const handOverBytes = 1 << 16

/** A message in the making: what to send, and what memory to hand over with it. */
export interface Handover<T> {
  readonly message: T
  readonly transfer: ArrayBuffer[]
}

/** Copies vectors so that handing them over takes nothing from the caller; one that several jobs share goes once. */
const outgoing = (transfer: ArrayBuffer[]): ((vector: Float32Array) => Float32Array) => {
  const copies = new Map<Float32Array, Float32Array>()
  return (vector) => {
    const { buffer } = vector
    if (buffer instanceof SharedArrayBuffer) return vector
    if (vector.byteLength < handOverBytes && vector.byteLength === buffer.byteLength) return vector
    const known = copies.get(vector)
    if (known) return known
    const copy = vector.slice()
    copies.set(vector, copy)
    if (copy.byteLength >= handOverBytes) transfer.push(copy.buffer)
    return copy
  }
}

const mapSlots = (state: OptimizerState, map: (vector: Float32Array) => Float32Array): OptimizerState => ({
  steps: state.steps,
  slots: Object.fromEntries(Object.entries(state.slots).map(([name, slot]) => [name, map(slot)])),
})

const mapMemory = ({ steps, memory }: BalanceState, map: (vector: Float32Array) => Float32Array): BalanceState => ({
  steps,
  memory: Object.fromEntries(Object.entries(memory).map(([name, vector]) => [name, map(vector)])),
})

/** Work on its way to a worker: the caller keeps its vectors. */
export const handoverOf = (work: CohortWork): Handover<CohortWork> => {
  const transfer: ArrayBuffer[] = []
  const send = outgoing(transfer)
  if (work.kind === 'score') {
    const jobs = work.jobs.map((job) => ({ ...job, parameters: send(job.parameters) }))
    return { message: { ...work, jobs }, transfer }
  }
  const jobs = work.jobs.map((job) => ({
    ...job,
    parameters: send(job.parameters),
    ...(job.anchor && { anchor: send(job.anchor) }),
    ...(job.correction && { correction: send(job.correction) }),
    ...(job.optimizer && { optimizer: mapSlots(job.optimizer, send) }),
  }))
  return { message: { ...work, jobs }, transfer }
}

/** Memory of results that is worth handing over; the worker keeps none of it. */
export const transferOf = (results: TrainResult[] | ScoreResult[]): ArrayBuffer[] => {
  const transfer: ArrayBuffer[] = []
  const give = (vector: Float32Array): void => {
    const { buffer, byteLength } = vector
    if (byteLength >= handOverBytes && buffer instanceof ArrayBuffer) transfer.push(buffer)
  }
  for (const result of results) {
    if ('scores' in result) result.scores.forEach(give)
    else {
      give(result.parameters)
      Object.values(result.optimizer.slots).forEach(give)
    }
  }
  return transfer
}

const whole = <V extends Float32Array | Float64Array>(vector: V): V =>
  vector.byteLength === vector.buffer.byteLength ? vector : (vector.slice() as V)

/** Results that came from another process, each vector in memory of its own: as they come they share the message's. */
export const unpacked = (results: TrainResult[] | ScoreResult[]): TrainResult[] | ScoreResult[] =>
  results.map((result): TrainResult | ScoreResult => {
    if ('scores' in result) return { scores: result.scores.map(whole) }
    const { parameters, optimizer, balance, losses } = result
    const kept = balance && { balance: mapMemory(balance, whole) }
    const state = { optimizer: mapSlots(optimizer, whole), ...kept }
    return { ...result, parameters: whole(parameters), ...state, losses: whole(losses) }
  }) as TrainResult[] | ScoreResult[]
