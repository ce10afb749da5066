/** Worlds of data: what the scenarios are and where their impressions come from. */
export { aliexpress, type AliExpress } from './aliexpress.js'
export { folder, type Folder } from './folder.js'
export { kuairand, type KuaiRand } from './kuairand.js'
export { mb1, type Mb1 } from './mb1.js'
export { storefronts, type Storefronts } from './storefronts.js'
export { loadWorld, worldKinds, worldSchema, type WorldKindName, type WorldSpec } from './registry.js'
export type { Where, WorldKind } from './kind.js'
