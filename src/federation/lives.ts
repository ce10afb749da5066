import type { Name } from '../roster/participant.js'
import type { NactHost } from '../actors/nact-host.js'
import type { Life } from '../faults/weather.js'
import type { Network } from '../network/network.js'
import type { Kernel } from '../time/kernel.js'
import type { Logbook } from './logbook.js'
import type { ClientState, Keepsake } from './scenario-client.js'

export interface LivesOptions {
  readonly kernel: Kernel
  readonly host: NactHost
  readonly network: Network
  readonly log: Logbook
  /** The parameters that a client starts from. */
  readonly initial: Float32Array
  readonly spawnClient: (name: Name, keepsake: Keepsake) => void
  /** True once the last round has closed: nobody dies or comes back after that. */
  readonly over: () => boolean
}

/**
 * Deaths and returns of clients. A crash is fail-stop: state, timers, work and what is on the line are lost. A client
 * comes back with its checkpoint, the parameters and what else its strategy keeps as the last answer left them, or with
 * nothing: the initial parameters.
 */
export const scheduleLife = ({ who, at, restartAt, keeps }: Life, options: LivesOptions): void => {
  const { kernel, host, network, log, initial, spawnClient, over } = options
  kernel.at(Math.max(at, kernel.now), () => {
    if (over() || !host.alive(who)) return
    const { personal, kept } = host.state<ClientState>(who)
    network.cut(who)
    host.kill(who)
    log.life(who, kernel.now, 'crash')
    if (restartAt === undefined) return
    kernel.at(Math.max(restartAt, kernel.now), () => {
      if (over()) return
      spawnClient(who, keeps === 'checkpoint' ? { personal, kept } : { personal: initial, kept: {} })
      log.life(who, kernel.now, 'restart')
    })
  })
}
