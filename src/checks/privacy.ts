import type { EventOf } from '../record/event.js'
import { check, Violation } from './check.js'

const text = new TextDecoder()

/** The names of the tensors in a parameter frame: what its safetensors header says, whoever has written it. */
const namesIn = (frame: Uint8Array): { readonly header: Uint8Array; readonly names: readonly string[] } | undefined => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const end = frame.length < 40 ? Infinity : 40 + Number(view.getBigUint64(32, true))
  if (end > frame.length) return undefined
  const header = frame.slice(32, end)
  try {
    const tensors = JSON.parse(text.decode(header.subarray(8))) as Record<string, unknown>
    return { header, names: Object.keys(tensors) }
  } catch {
    return undefined
  }
}

/** The names of the tensors in a coded frame: it begins with their number, and the place of each among the model's segments. */
const codedNames = (frame: Uint8Array, segments: readonly string[]): readonly string[] => {
  let at = 32
  const varint = (): number => {
    let value = 0
    for (let unit = 1; at < frame.length; unit *= 0x80) {
      const byte = frame[at++]
      value += (byte & 0x7f) * unit
      if (byte < 0x80) break
    }
    return value
  }
  const count = Math.min(varint(), frame.length)
  return Array.from({ length: count }, () => segments[varint()]).filter((name) => name !== undefined)
}

const same = (frame: Uint8Array, header: Uint8Array): boolean =>
  frame.length >= 32 + header.length && Buffer.compare(header, frame.subarray(32, 32 + header.length)) === 0

interface Memory {
  /** Headers that were read and hold nothing private, by what they are of. */
  readonly known: Map<string, Uint8Array>
  readonly about: Map<number, EventOf<'send'> | EventOf<'copy'>>
}

export const privacy = check<Memory>({
  name: 'privacy',
  promise: 'No segment that the strategy’s template calls `private` is named in a message that arrives.',
  kinds: ['send', 'copy', 'arrive', 'drop'],
  applies: ({ privates }) => privates.size > 0,
  begin: () => ({ known: new Map(), about: new Map() }),
  see: (event, { privates, bytes, segments }, { known, about }) => {
    if (event.kind === 'send' || event.kind === 'copy') {
      if (event.message === 'model' || event.message === 'update') about.set(event.envelope, event)
      return
    }
    if (event.kind !== 'arrive' && event.kind !== 'drop') return
    const sent = about.get(event.envelope)
    about.delete(event.envelope)
    const frame = sent === undefined || event.kind === 'drop' ? undefined : bytes(event.envelope)
    if (sent === undefined || frame === undefined) return
    const key = `${sent.message} ${sent.part}`
    const clean = known.get(key)
    if (clean !== undefined && same(frame, clean)) return
    const read = namesIn(frame)
    const names = read?.names ?? (segments === undefined ? [] : codedNames(frame, segments))
    const told = names.find((name) => privates.has(name))
    if (told !== undefined) {
      const { actor, to, round, envelope } = sent
      const what = `the ${sent.message} of round ${round} from ${actor} to ${to} holds '${told}', which is private`
      throw new Violation('privacy', what, { time: event.at, round, actors: [actor, to], envelopes: [envelope] })
    }
    if (read !== undefined) known.set(key, read.header)
  },
})
