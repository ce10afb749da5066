/*
 * Every way of the library to choose whom rounds ask: a line here is what it takes to add one. Scripts, YAML, the JSON schema
 * and `windtunnel list` follow.
 */
export { atRandom } from './random.js'
export { everybody } from './everybody.js'
export { bySpeed } from './speed.js'
export { byData } from './data.js'
export { roundRobin } from './round-robin.js'
export { proportional } from './proportional.js'
export { oort } from './oort.js'
