/*
 * Every fault of the library: a line here is what it takes to add one. Scripts, YAML, the JSON schema, `windtunnel
 * list`, plans and reports follow.
 */
export { away } from './away.js'
export { slow } from './slow.js'
export { partial } from './partial.js'
export { delay } from './delay.js'
export { lose } from './lose.js'
export { duplicate } from './duplicate.js'
export { crash } from './crash.js'
export { pause } from './pause.js'
export { forget } from './forget.js'
export { narrow } from './narrow.js'
export { partition } from './partition.js'
export { clog } from './clog.js'
export { reorder } from './reorder.js'
export { battery } from './battery.js'
export { joins } from './joins.js'
export { quits } from './quits.js'
export { churn } from './churn.js'
export { full } from './full.js'
export { skew } from './skew.js'
