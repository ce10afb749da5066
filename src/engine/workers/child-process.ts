import { fork, type ChildProcess } from 'node:child_process'
import type { Compiled } from '../runtime.js'
import { oneThread } from '../tensorflow/threads.js'
import { entryOf } from './entry.js'
import type { Answer, Greeting, Shipment } from './orders.js'

/** What a worker process does by itself. */
export interface Listener {
  /** It has loaded its runtime and can work. */
  readonly ready: (versions: Readonly<Record<string, string>>) => void
  /** It cannot work, and says why. */
  readonly broken: (message: string) => void
  /** It is gone, with the work that it had. */
  readonly gone: () => void
}

/** A worker process, which does one order at a time. It does not keep this process alive while it is idle. */
export class Child {
  /** Ends when the process has. */
  readonly ended: Promise<void>
  private readonly process: ChildProcess
  private settle?: (answer: Answer | undefined) => void

  /** `folder`: where tables lie, which it removes where its owner is gone without having tidied up. */
  constructor(runtime: Compiled['runtime'], folder: string, listener: Listener) {
    const { filename, execArgv } = entryOf('child')
    this.process = fork(filename, [runtime, folder], {
      execArgv,
      env: { ...process.env, ...oneThread },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C is for this process, which ends in an orderly way and then ends the others.
      detached: true,
    })
    this.process.on('message', (message) => this.hear(message as Answer | Greeting, listener))
    this.ended = new Promise((resolve) => {
      const gone = (): void => {
        resolve()
        this.answer(undefined)
        listener.gone()
      }
      this.process.once('exit', gone)
      this.process.once('error', () => this.process.pid === undefined && gone())
    })
  }

  /** Undefined when the process died of it. */
  carryOut(shipment: Shipment): Promise<Answer | undefined> {
    this.process.ref()
    this.process.channel?.ref()
    return new Promise((resolve) => {
      this.settle = resolve
      // What cannot be sent went to a process that is gone, which shows by itself.
      this.process.send(shipment, () => undefined)
    })
  }

  /** Whoever waits for `ended` keeps this process alive. */
  kill(): void {
    this.process.ref()
    this.process.kill('SIGKILL')
  }

  private hear(message: Answer | Greeting, listener: Listener): void {
    switch (message.kind) {
      case 'ready':
        this.rest()
        return listener.ready(message.versions)
      case 'broken':
        return listener.broken(message.message)
      case 'done':
      case 'failed':
      case 'missing':
        this.rest()
        return this.answer(message)
    }
  }

  private rest(): void {
    this.process.unref()
    this.process.channel?.unref()
  }

  private answer(answer: Answer | undefined): void {
    const { settle } = this
    this.settle = undefined
    settle?.(answer)
  }
}
