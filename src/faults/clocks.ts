import type { Name } from '../roster/participant.js'
import type { Clock } from '../time/clock.js'
import type { Micros } from '../time/micros.js'
import type { ClockHook } from './fault.js'

/** A client's clock under several faults: what they put it off by adds. */
export const skewedClock = (client: Name, hooks: readonly ClockHook[]): Clock => ({
  read: (at) => hooks.reduce((time, hook) => time + hook.offset(at), at),
  wait: (at, delay) => {
    const drift = hooks.reduce((sum, hook) => sum + hook.drift(at), 0)
    const real: Micros = drift === 0 ? delay : Math.ceil(delay / (1 + drift / 1e6))
    if (real !== delay) for (const hook of hooks) hook.waited(client, at, delay, real)
    return real
  },
})
