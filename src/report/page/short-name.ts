import type { Name } from '../../roster/participant.js'

/** A client by its scenario. */
export const shortName = (name: Name): string => name.replace(/^client-(?=.)/, '')
