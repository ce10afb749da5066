import { SafetyError } from '../errors.js'
import type { Update } from '../federation/strategies/strategy.js'

/** *Once*: the contributions to one aggregate are a set of (client, round), all of the round that is folded. */
export const checkOnce = (part: string, round: number, updates: readonly Pick<Update, 'client' | 'round'>[]): void => {
  const seen = new Set<string>()
  for (const { client, round: of } of updates) {
    if (of !== round) {
      throw new SafetyError(`check 'once': round ${round} of ${part} folds an update that ${client} made for round ${of}`)
    }
    if (seen.has(client)) {
      throw new SafetyError(`check 'once': round ${round} of ${part} folds two updates of ${client}`)
    }
    seen.add(client)
  }
}
