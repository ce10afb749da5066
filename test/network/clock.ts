import type { Scheduled } from '../../src/time/event-queue.js'
import { Kernel } from '../../src/time/kernel.js'

/** A kernel whose events are functions, and steps that a test takes by itself. */
export class Clock {
  readonly kernel = new Kernel()

  get now(): number {
    return this.kernel.now
  }

  readonly at = (time: number, action: () => void): Scheduled => this.kernel.at(time, action)
  readonly cancel = (event: Scheduled): void => void this.kernel.cancel(event as Parameters<Kernel['cancel']>[0])

  run(): Promise<void> {
    return this.kernel.run()
  }
}
