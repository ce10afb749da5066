/*
 * How other simulators count bytes: a line here is what it takes to add one.
 */
export { flower } from './flower.js'
export { fedjax } from './fedjax.js'
export { fedscale } from './fedscale.js'
