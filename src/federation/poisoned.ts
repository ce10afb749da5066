import type { Name } from '../roster/participant.js'
import type { Departure } from './local-training.js'
import { putPart, takePart } from './parts.js'
import type { Terms } from './terms.js'

/** What a client sends in place of what it has learnt, if a fault makes it; what travels beside the values stays as it is. */
export const poisoned = (
  { weather, travelling }: Pick<Terms, 'weather' | 'travelling'>, departure: Departure, received: Float32Array, { client, round }: { readonly client: Name; readonly round: number },
): Departure => {
  if (weather.poison === undefined) return departure
  const sent = departure.sent.slice()
  for (const part of travelling) {
    const about = { client, round, part: part.name, base: takePart(received, part), segments: part.segments }
    if (part.length > 0) putPart(weather.poison(takePart(departure.sent, part), about), part, sent)
  }
  return { ...departure, sent, roomy: false }
}
