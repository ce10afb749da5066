/*
 * Every schema that the specification takes from elsewhere, in one place.
 */
export { costsSchema } from '../costs/schema.js'
export { codecSchema } from '../codecs/routes.js'
export { worldSchema } from '../../scenarios/registry.js'
export { faultsSchema } from '../faults/registry.js'
export { privacySchema } from '../federation/privacy/privacy.js'
export { secureAggregationSchema } from '../federation/secure-aggregation/secure-aggregation.js'
export { selectorSchema } from '../roster/selectors.js'
export { selectionSchema } from '../federation/selection/registry.js'
export { topologySchema } from '../federation/topologies/registry.js'
export { strategySchema } from '../federation/strategies/registry.js'
export { devicesSchema } from '../schedules/devices.js'
export { networkSchema } from '../schedules/network.js'
export { scheduleSchema } from '../schedules/schedule.js'
export { durationSchema } from '../time/duration.js'
export { modelSchema } from '../models/registry.js'
