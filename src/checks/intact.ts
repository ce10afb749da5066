import { check, Violation } from './check.js'

/** Damage is told by the network, which did it, and just before the arrival. What a link of the simulation's own has done is not told. */
export const intact = check<Set<number>>({
  name: 'intact',
  promise: 'Nobody takes in what was damaged on its way, where it carries a checksum.',
  kinds: ['damage', 'admit', 'settle'],
  applies: ({ damages }) => damages,
  begin: () => new Set(),
  see: (event, { checksums }, damaged) => {
    if (event.kind === 'damage') {
      damaged.add(event.envelope)
      return
    }
    if (damaged.size === 0 || (event.kind !== 'admit' && event.kind !== 'settle') || !damaged.has(event.envelope)) return
    const { at: time, actor, envelope } = event
    // Control messages always have a checksum, and are never admitted: that they were read is their fate.
    const taken = event.kind === 'admit' ? checksums : event.fate === 'control'
    if (!taken) return
    throw new Violation('intact', `${actor} takes in what was damaged on its way`, { time, actors: [actor], envelopes: [envelope] })
  },
})
