/*
 * Every codec of the library: a line here is what it takes to add one. Scripts, YAML, the JSON schema, `windtunnel list` and
 * the byte-truth table follow.
 */
export { fp32 } from './fp32.js'
export { topK } from './top-k.js'
export { randomK } from './random-k.js'
export { rows } from './rows.js'
export { deflate } from './deflate.js'
export { zstd } from './zstd.js'
export { fp16 } from './fp16.js'
export { bf16 } from './bf16.js'
export { errorBounded } from './error-bounded.js'
export { powerSgd } from './power-sgd.js'
export { int8 } from './int8.js'
export { int4 } from './int4.js'
export { int2 } from './int2.js'
export { ternary } from './ternary.js'
export { sign } from './sign.js'
export { qsgd } from './qsgd.js'
export { delta } from './delta.js'
export { eden } from './eden.js'
