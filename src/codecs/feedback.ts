import { ByteReader } from './coding/byte-reader.js'
import type { Codec } from './codec.js'

/**
 * Error feedback: what the receiver did not get of one message is added to the next.
 *
 *   p_t = g_t + e_t,  sent: C(p_t),  e_(t+1) = p_t - what the receiver decodes of C(p_t)
 *
 * e is kept in the sender's memory as `<place>.error`, 0 at first. Where what is decoded of p is not finite the receiver has
 * no use for the message, so that e stays what it was: numbers that are not finite are sent, and never remembered.
 *
 * What one message lacks comes with later ones, which promises nothing about any of them: `bound` is undefined.
 *
 * Source: Karimireddy et al., Error Feedback Fixes SignSGD and other Gradient Compression Schemes (ICML 2019), algorithm 2;
 * Seide et al., 1-Bit Stochastic Gradient Descent (Interspeech 2014), equations 1 and 2.
 */
export const withFeedback = (codec: Codec, place: string): Codec => ({
  encode: ({ shapes, values }, out, sending) => {
    const name = `${place}.error`
    const owed = sending.memory.get(name) ?? new Float32Array(values.length)
    if (owed.length !== values.length) {
      throw new RangeError(
        `error feedback remembers ${owed.length} numbers as '${name}', and is given ${values.length}: keep a memory for each part and receiver, and begin a new one where the shape of a part changes`,
      )
    }
    const sum = new Float32Array(values.length)
    for (let i = 0; i < sum.length; i++) sum[i] = values[i] + owed[i]
    const start = out.length
    codec.encode({ shapes, values: sum }, out, sending)
    const error = new Float32Array(sum.length)
    codec.decode(new ByteReader(out.written().subarray(start)), shapes, error)
    for (let i = 0; i < error.length; i++) {
      const left = Math.fround(sum[i] - error[i])
      error[i] = left - left === 0 ? left : owed[i]
    }
    sending.memory.set(name, error)
  },
  decode: (bytes, shapes, into) => {
    codec.decode(bytes, shapes, into)
  },
  bound: () => undefined,
  most: (shapes) => codec.most(shapes),
})
