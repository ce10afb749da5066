import { config } from 'rxjs'

import { isWriting, onlyLooks } from '../record/shown.js'

/**
 * Errors that nobody can catch where they arise: thrown by whoever subscribed to a stream, they reach rxjs, which throws
 * them into the event loop later. While flights are under way they end those flights instead. rxjs does not say whose
 * stream it was, so they end all of them.
 */
const underWay = new Set<(error: unknown) => void>()

let before: typeof config.onUnhandledError = null

const onStray = (error: unknown): void => {
  if (!failFlights(error)) throw error
}

/** What was thrown, or what it means where somebody writes to what a stream has shown. */
const meant = (error: unknown): unknown => (isWriting(error) ? onlyLooks('A subscriber to events$, or within a link,', error.message, error) : error)

/** Ends every flight that is under way with this error; false if there is none. */
export const failFlights = (error: unknown): boolean => {
  for (const fail of underWay) fail(meant(error))
  return underWay.size > 0
}

/** Has strays end a flight until what is returned is called. A handler that somebody else gave rxjs stays. */
export const catchStrays = (fail: (error: unknown) => void): (() => void) => {
  if (underWay.size === 0) {
    before = config.onUnhandledError
    config.onUnhandledError ??= onStray
  }
  underWay.add(fail)
  return () => {
    underWay.delete(fail)
    if (underWay.size === 0) config.onUnhandledError = before
  }
}

/** Resolves when rxjs has thrown what it was to throw by now: it does so by a timer without delay. */
export const straysAreIn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
