import { SafetyError } from '../errors.js'
import type { Flow, Ledger } from '../network/ledger.js'
import { formatMicros, type Micros } from '../time/micros.js'

/**
 * *Conservation*, per link and kind: sent + copied = delivered + dropped + in flight. The left side and the first two
 * of the right come from the ledger; what is in flight is counted by the network, from the flights themselves.
 */
export const checkFlow = (flow: Flow, inFlight: number, now: Micros): void => {
  const { sent, copied, delivered, dropped } = flow
  if (sent + copied !== delivered + dropped + inFlight) {
    throw new SafetyError(
      `check 'conservation' at ${formatMicros(now)}: on ${flow.link}, sent ${sent} + copied ${copied} is not ` +
        `delivered ${delivered} + dropped ${dropped} + in flight ${inFlight}`,
    )
  }
}

/** Checks the flows that changed since the last call. To be called after every event. */
export const conservation =
  (ledger: Ledger, network: { inFlight(flow: Flow): number }, now: () => Micros): (() => void) =>
  () => {
    for (const flow of ledger.takeTouched()) checkFlow(flow, network.inFlight(flow), now())
  }

/** At the end of a run nothing may be in flight. */
export const checkLanded = (ledger: Ledger, now: Micros): void => {
  for (const flow of ledger.flows) checkFlow(flow, 0, now)
}
