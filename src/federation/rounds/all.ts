/*
 * Every kind of rounds of the library: a line here is what it takes to add one. Scripts, YAML, the JSON schema and
 * `windtunnel list` follow.
 */
export { synchronous } from './synchronous.js'
export { deadline } from './deadline.js'
export { quorum } from './quorum.js'
export { asynchronous } from './asynchronous.js'
export { buffered } from './buffered.js'
export { semiAsynchronous } from './semi-asynchronous.js'
export { tiers } from './tiers.js'
