/*
 * Every topology of the library: a line here is what it takes to add one. Scripts, YAML, the JSON schema and `windtunnel list`
 * follow.
 */
export { asStar } from './star.js'
export { splitAggregator } from './split-aggregator.js'
export { gossip } from './gossip.js'
export { ringAllReduce } from './ring-all-reduce.js'
export { hierarchical } from './hierarchical.js'
