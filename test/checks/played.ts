import type { Check, View } from '../../src/checks/check.js'
import { watch } from '../../src/checks/watch.js'
import type { PartValues } from '../../src/record/event.js'
import { FlightRecorder, type Told } from '../../src/record/flight-recorder.js'
import { Ledger } from '../../src/record/ledger.js'
import type { Direction, MessageKind } from '../../src/record/message.js'

export interface Played {
  /** Something happens, one microsecond after the other unless `at` is given. */
  tell(actor: string, what: Told, about?: { readonly at?: number; readonly cause?: number }): void
  send(id: number, about?: { readonly from?: string; readonly to?: string; readonly message?: MessageKind; readonly copy?: number; readonly round?: number; readonly part?: string; readonly direction?: Direction }): void
  arrive(id: number): void
  drop(id: number): void
  end(): void
  readonly ledger: Ledger
  /** Copies under way, as a network would count them; all of one flow. */
  under: number
}

/** A check on a flight that the test makes up, event by event. */
export const played = (check: Check, view: Partial<View> = {}): Played => {
  let now = 0
  const record = new FlightRecorder(() => now)
  const ledger = new Ledger(record)
  const clients = new Set(['client-a', 'client-b'])
  const trunk = { length: 2, extras: [{ name: 'c', length: 2 }] }
  const self: Played = {
    ledger,
    under: 0,
    tell: (actor, what, { at = now + 1, cause } = {}) => {
      now = at
      record.tell(actor, what, cause)
    },
    send: (id, { from = 'client-a', to = 'aggregator', message = 'update', copy = 0, round = 1, part = 'trunk', direction = 'up' } = {}) =>
      self.tell(from, {
        kind: copy === 0 ? 'send' : 'copy', envelope: id, to, message, round, part, roles: [], direction,
        attempt: 0, copy, bytes: 10,
      }),
    arrive: (id) => self.tell(ledger.row(id).to, { kind: 'arrive', envelope: id }),
    drop: (id) => {
      const { from, to, round } = ledger.row(id)
      self.tell(to, { kind: 'drop', envelope: id, from, round, travelled: 3, fault: undefined })
    },
    end: () => watching.end(),
  }
  const watching = watch([check], {
    get now() {
      return now
    },
    ledger,
    inFlight: () => self.under,
    clients,
    acknowledges: true,
    damages: true,
    calms: true,
    privates: new Set(),
    bytes: () => undefined,
    undisturbed: () => undefined,
    settles: 0,
    parts: new Map([['trunk', trunk]]),
    rounds: { overlapping: false, maxStaleness: 0 },
    ...view,
  })
  record.read(ledger, ...watching.readers)
  return self
}

export const overlapping: Partial<View> = { rounds: { overlapping: true, maxStaleness: 2 } }

const nothing: PartValues = { values: new Float32Array(2), personal: new Map(), memory: {} }

interface Folded {
  readonly updates?: readonly (readonly [client: string, round: number, staleness: number])[]
  readonly round?: number
  readonly weights?: Float64Array
  readonly after?: PartValues
}

export const folds = ({ updates = [], round = 1, weights, after = nothing }: Folded): Told => ({
  kind: 'fold', round, part: 'trunk', weights, before: nothing, after,
  updates: updates.map(([client, of, staleness]) => ({ client, round: of, staleness })),
})
