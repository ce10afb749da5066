import type { Flow } from '../record/ledger.js'
import { check, Violation } from './check.js'

/** A flow that has changed, as the ledger had it after the event at `time`. */
interface Touched {
  flow: Readonly<Flow> | undefined
  sent: number
  copied: number
  delivered: number
  dropped: number
  time: number
}

type Counts = Pick<Flow, 'sent' | 'copied' | 'delivered' | 'dropped'>

const balanced = (flow: Readonly<Flow>, { sent, copied, delivered, dropped }: Counts, inFlight: number, time: number): void => {
  if (sent + copied === delivered + dropped + inFlight) return
  const { from, to, kind } = flow
  const what =
    `on ${from} > ${to} ${kind}, sent ${sent} + copied ${copied} is not ` +
    `delivered ${delivered} + dropped ${dropped} + in flight ${inFlight}`
  throw new Violation('conservation', what, { time, actors: [from, to] })
}

/**
 * What is in flight is counted by the network, from the flights themselves, and all else by the ledger. A flow is looked
 * at when the next copy moves: by then the network has done its part of the last move, and nothing of the next.
 */
export const conservation = check<Touched>({
  name: 'conservation',
  promise: 'On every link and for every kind of message, sent + copied = delivered + dropped + in flight; at the end nothing is.',
  kinds: ['send', 'copy', 'arrive', 'drop'],
  begin: () => ({ flow: undefined, sent: 0, copied: 0, delivered: 0, dropped: 0, time: 0 }),
  see: (event, view, touched) => {
    const { kind } = event
    if (kind !== 'send' && kind !== 'copy' && kind !== 'arrive' && kind !== 'drop') return
    if (touched.flow !== undefined) balanced(touched.flow, touched, view.inFlight(touched.flow), touched.time)
    const flow = view.ledger.flow(event.envelope)
    touched.flow = flow
    touched.sent = flow.sent
    touched.copied = flow.copied
    touched.delivered = flow.delivered
    touched.dropped = flow.dropped
    touched.time = event.at
  },
  end: (view) => {
    const time = view.now
    for (const flow of view.ledger.flows) {
      balanced(flow, flow, view.inFlight(flow), time)
      balanced(flow, flow, 0, time)
    }
  },
})
