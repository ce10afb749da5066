/*
 * Every model of the library: a line here is what it takes to add one. Scripts, YAML, the JSON schema and
 * `windtunnel list` follow.
 */
export { aitm } from './aitm.js'
export { cgc } from './cgc.js'
export { crossStitch } from './cross-stitch.js'
export { esmm } from './esmm.js'
export { linearModel } from './linear-model.js'
export { mlp } from './mlp.js'
export { mmoe } from './mmoe.js'
export { omoe } from './omoe.js'
export { pfMsmtrecMmoe } from './pf-msmtrec.js'
export { ple } from './ple.js'
export { ranker } from './ranking/ranker.js'
export { sharedBottom } from './shared-bottom.js'
export { singleTask } from './single-task.js'
export { star } from './star.js'
