/*
 * Every check of the library, in the order in which they are told of an event: a line here is what it takes to add one.
 * All are on in every flight.
 */
export { conservation } from './conservation.js'
export { causality } from './causality.js'
export { once } from './once.js'
export { rounds } from './rounds.js'
export { intact } from './intact.js'
export { weights } from './weights.js'
export { state } from './state.js'
export { fates } from './fates.js'
export { delivery } from './delivery.js'
export { recovery } from './recovery.js'
export { time } from './time.js'
export { progress } from './progress.js'
export { privacy } from './privacy.js'
export { inbox } from './inbox.js'
export { masking } from './masking.js'
export { mixing } from './mixing.js'
export { regions } from './regions.js'
