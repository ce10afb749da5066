import { ByteReader } from './byte-reader.js'
import type { Codec } from './codec.js'

/**
 * Error feedback: what the receiver did not get of a message is added to the next.
 *
 *   p_t = g_t + e_t,  sent: C(p_t),  e_(t+1) = p_t - what the receiver decodes
 *
 * Provisional.
 */
export const withFeedback = (codec: Codec, place: string): Codec => ({
  ...codec,
  encode: ({ shapes, values }, out, sending) => {
    const name = `${place}.error`
    const kept = sending.memory.get(name)
    const sum = values.slice()
    if (kept?.length === sum.length) for (let i = 0; i < sum.length; i++) sum[i] = values[i] + kept[i]
    const start = out.length
    codec.encode({ shapes, values: sum }, out, sending)
    const error = new Float32Array(sum.length)
    codec.decode(new ByteReader(out.written().subarray(start)), shapes, error)
    for (let i = 0; i < sum.length; i++) {
      const left = sum[i] - error[i]
      error[i] = Math.abs(left) < Infinity ? left : 0
    }
    sending.memory.set(name, error)
  },
  bound: () => undefined,
})
