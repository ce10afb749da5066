/*
 * Every dial: `import * as dial from '../dials/all.js'`, and a fault's file says `dials: { fields: { who: dial.clients() } }`.
 */
export * from './kinds.js'
export * from './numbers.js'
export * from './subjects.js'
export * from './windows.js'
