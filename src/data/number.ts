const powers = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`))

/** The number written in `bytes[start, end)`, or undefined if it is not a finite decimal number.
 *
 * Correctly rounded, like `Number(text)`: a mantissa below 2^53 times or over a power of ten up to 10^22 is exact in
 * both, so that one product rounds once (Clinger's fast path); everything else goes through `Number`. */
export const parseNumber = (bytes: Uint8Array, start: number, end: number): number | undefined => {
  let at = start
  const negative = bytes[at] === 45
  if (negative || bytes[at] === 43) at++
  let mantissa = 0
  let digits = 0
  let scale = 0
  let seenPoint = false
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte >= 48 && byte <= 57) {
      mantissa = mantissa * 10 + (byte - 48)
      digits++
      if (seenPoint) scale++
    } else if (byte === 46 && !seenPoint) seenPoint = true
    else break
  }
  if (digits === 0) return undefined
  if (at === end && mantissa <= Number.MAX_SAFE_INTEGER && scale <= 22) {
    const value = scale === 0 ? mantissa : mantissa / powers[scale]
    return negative ? -value : value
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
