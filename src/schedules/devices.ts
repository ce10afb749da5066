import { z } from 'zod'
import type { Name, Participant } from '../roster/participant.js'
import { selectorSchema } from '../roster/selectors.js'
import type { Streams } from '../random/streams.js'
import { durationSchema } from '../time/duration.js'
import { micros, type Micros } from '../time/micros.js'
import { parseDeviceSpeeds } from './device-trace.js'
import type { ReadText } from './csv.js'
import { resolveOverrides } from '../roster/overrides.js'

/** What training costs on a device: per step, `overhead + operations / rate + bytes moved / memory bandwidth`. */
export interface Device {
  /** Sustained floating-point operations per second. */
  readonly flops: number
  /** Sustained bytes per second between processor and memory. */
  readonly memoryBytesPerSecond: number
  /** Fixed cost of a step: calls, scheduling, the copying in and out of small tensors. */
  readonly stepOverhead: Micros
}

/** Below the least, or above the most, is no computer: a step would take no time, or more than the clock has. */
const positive = z.number().min(1e-9).max(1e9)

const traceSchema = z.strictObject({
  path: z.string().min(1).describe('CSV with a row per phone'),
  column: z.string().min(1).prefault('cpu_float_score').describe('Its relative speed'),
  seen: z.boolean().prefault(false).describe('Only phones with seen_in_flash_traces above 0'),
})

/**
 * The computers of the federation. Defaults describe one core of a small company server or a laptop, for cross-silo
 * federations: 48 GFLOP/s is half of the single-precision peak of an AVX2 core at 3 GHz (3e9 cycles x 2 fused
 * multiply-adds x 8 lanes x 2 operations = 96e9); 12 GB/s is about half of one DDR4-3200 channel (3.2e9 transfers x
 * 8 bytes = 25.6 GB/s); 200 microseconds cover a call of a native runtime (20 to 130, measured) and the batch's
 * copying. Conclusions should survive halving and doubling them.
 */
export const devicesSchema = z
  .strictObject({
    gflops: positive.prefault(48).describe('Sustained floating-point operations per second, in billions'),
    memoryGBps: positive.prefault(12).describe('Sustained memory bandwidth, in 1e9 bytes per second'),
    stepOverhead: durationSchema.prefault(200).describe('Fixed cost of a training step'),
    overrides: z
      .array(
        z.strictObject({
          who: selectorSchema,
          gflops: positive.optional(),
          memoryGBps: positive.optional(),
          stepOverhead: durationSchema.optional(),
        }),
      )
      .prefault([])
      .describe('Devices of some participants; later entries win. They are not scaled by a trace'),
    trace: traceSchema.optional().describe('Gives every client the relative speed of a real phone, the median being 1'),
  })
  .prefault({})

export type Devices = z.output<typeof devicesSchema>
export type DevicesInput = z.input<typeof devicesSchema>

/** `device({ gflops: 10 })`: one kind of device for everyone, with overrides where needed. */
export const device = (about: NonNullable<DevicesInput> = {}): NonNullable<DevicesInput> => about

/** `deviceTrace({ path: 'ai_benchmark_phones.csv' })`: clients as unlike as real phones. */
export const deviceTrace = (
  trace: z.input<typeof traceSchema>,
  about: Omit<NonNullable<DevicesInput>, 'trace'> = {},
): NonNullable<DevicesInput> => ({ ...about, trace })

/**
 * The device of every participant. A trace scales all three constants of a client by one speed, drawn by its name, so
 * that a phone of half the speed takes exactly twice the time; servers keep the constants.
 */
export const resolveDevices = (
  devices: Devices,
  participants: readonly Participant[],
  streams: Streams,
  read: ReadText,
): ReadonlyMap<Name, Device> => {
  const { gflops, memoryGBps, stepOverhead, overrides, trace } = devices
  const speeds = trace && parseDeviceSpeeds(read(trace.path), trace.column, trace.seen, trace.path)
  const own = resolveOverrides(overrides, participants, streams, 'devices.overrides')
  return new Map(
    participants.map(({ name, role }) => {
      const drawn = speeds !== undefined && role === 'client'
      const speed = drawn ? speeds[Math.floor(streams('devices', name)() * speeds.length)] : 1
      const given = own.get(name)
      const constants: Device = {
        flops: (given?.gflops ?? gflops * speed) * 1e9,
        memoryBytesPerSecond: (given?.memoryGBps ?? memoryGBps * speed) * 1e9,
        stepOverhead: given?.stepOverhead ?? micros(stepOverhead / speed),
      }
      return [name, constants]
    }),
  )
}
