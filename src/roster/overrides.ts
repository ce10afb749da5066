import type { Name, Participant } from './participant.js'
import { identities } from './identity.js'
import { resolve, type Selector } from './selectors.js'
import type { Streams } from '../random/streams.js'

/** Settings for some participants. */
export type Override<Settings> = { readonly who: Selector } & Settings

/**
 * What a list of overrides gives to each participant that it names: later entries win, field by field. `where` is the
 * list's path in the specification; it names the random draws of selectors, and errors.
 */
export const resolveOverrides = <Settings extends object>(
  overrides: readonly Override<Settings>[],
  participants: readonly Participant[],
  streams: Streams,
  where: string,
): ReadonlyMap<Name, Partial<Settings>> => {
  const result = new Map<Name, Partial<Settings>>()
  const keys = identities(overrides)
  overrides.forEach(({ who, ...settings }, i) => {
    const lot = (name: Name) => streams(where, keys[i], name)()
    const given: Partial<Settings> = {}
    for (const [field, value] of Object.entries(settings)) {
      if (value !== undefined) Object.assign(given, { [field]: value })
    }
    for (const name of resolve(who, participants, lot, `${where}[${i}].who`)) {
      result.set(name, { ...result.get(name), ...given })
    }
  })
  return result
}
