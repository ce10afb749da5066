import { SpecificationError } from '../errors.js'
import { eventInWords, isWriting, onlyLooks, show, shown } from '../record/shown.js'
import type { Check, View } from './check.js'

/** What a check of the researcher's sees of a flight: nothing of it can be written to, and bytes are copies. */
const shownView = (view: View): View => {
  const { ledger, inboxes, unable } = view
  const { clients, privates, core, parts, rounds } = shown({ clients: view.clients, privates: view.privates, core: view.core, parts: view.parts, rounds: view.rounds })
  return Object.freeze({
    get now() {
      return view.now
    },
    ledger: Object.freeze({
      get length() {
        return ledger.length
      },
      row: (id: number) => shown(ledger.row(id)),
      get rows() {
        return shown(ledger.rows)
      },
      isOpen: (id: number) => ledger.isOpen(id),
      flow: (id: number) => shown(ledger.flow(id)),
      get flows() {
        return shown(ledger.flows)
      },
    }),
    inFlight: (flow) => view.inFlight(flow),
    clients, privates, parts, rounds,
    acknowledges: view.acknowledges,
    damages: view.damages,
    calms: view.calms,
    bytes: (envelope) => view.bytes(envelope)?.slice(),
    undisturbed: (client) => view.undisturbed(client),
    unable: (client) => unable?.(client),
    ...(core && { core }),
    settles: view.settles,
    ownLink: view.ownLink,
    checksums: view.checksums,
    inboxes: shown(inboxes),
  } satisfies View)
}

/** A check with what it remembers, and what it is shown. */
interface Looking {
  readonly memory: unknown
  view: View | undefined
}

/**
 * A check of the researcher's, which only looks: it is shown copies, and where it writes to them the flight ends with an
 * error that names it. So it does where it answers with a promise, in which a violation would be lost.
 */
export const onlyLooking = (check: Check): Check<Looking> => {
  const { name, promise, kinds } = check
  const who = `check '${name}'`
  /** What is done at no event. */
  const looking = <T>(when: string, look: () => T): T => {
    try {
      return look()
    } catch (error) {
      throw isWriting(error) ? onlyLooks(who, `${error.message} (${when})`, error) : error
    }
  }
  const atOnce = (answer: unknown, when: string): void => {
    if (!(answer instanceof Promise)) return
    answer.catch(() => undefined)
    throw new SpecificationError(`${who} answers with a promise (${when}), in which a violation would be lost. Check at once: no async, no await.`)
  }
  return {
    name, promise,
    ...(kinds && { kinds }),
    ...(check.applies && { applies: (view) => looking('when asked whether it applies', () => check.applies!(shownView(view))) }),
    begin: () => ({ memory: check.begin?.(), view: undefined }),
    see: (event, view, looks) => {
      const what = (looks.view ??= shownView(view))
      const answer: unknown = show(event, who, (copy) => check.see(copy, what, looks.memory))
      if (answer !== undefined) atOnce(answer, eventInWords(event))
    },
    ...(check.end && {
      end: (view, looks) => {
        const what = (looks.view ??= shownView(view))
        atOnce(looking('at the end of the flight', () => check.end!(what, looks.memory)), 'at the end of the flight')
      },
    }),
  }
}
