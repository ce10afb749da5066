import type { RoundRow } from '../record/rows.js'
import type { Manifest } from '../runs/manifest.js'
import type { Micros } from '../time/micros.js'

/** A time in which a fault may strike; of one that waits for an event, all of the flight. */
export interface Band {
  /** In words, as the plan has it. */
  readonly fault: string
  readonly from: Micros
  readonly until: Micros
  /** How often it struck. */
  readonly fired: number
}

interface Windowed {
  readonly rounds?: readonly [number, number]
  readonly from?: Micros
  readonly until?: unknown
  readonly at?: Micros
  readonly restartAfter?: Micros
  readonly lasts?: Micros
}

/** When a round opened and closed: one that was never flown is beyond the end. */
const spanOf = (rounds: readonly Pick<RoundRow, 'round' | 'opened' | 'closed'>[], [first, last]: readonly [number, number], end: Micros): [Micros, Micros] => {
  const opened = rounds.find(({ round }) => round >= first)?.opened ?? end
  const closed = rounds.findLast(({ round }) => round <= last)?.closed ?? end
  return [opened, Math.max(opened, closed)]
}

/** The times in which the faults of a run may have struck, in its plan's order, as far as they are known beforehand. */
export const bandsOf = (
  { faults = [], specification, plan, virtualTime }: Pick<Manifest, 'faults' | 'specification' | 'plan' | 'virtualTime'>,
  rounds: readonly Pick<RoundRow, 'round' | 'opened' | 'closed'>[],
): Band[] => {
  const end = virtualTime ?? rounds.at(-1)?.closed ?? 0
  const given = plan?.faults.map(({ fault }) => fault as Windowed) ?? (specification as { readonly faults?: readonly Windowed[] }).faults ?? []
  return faults.map(({ text, fired }, i) => {
    const { rounds: inRounds, from, until, at, restartAfter, lasts } = given[i] ?? {}
    const [opened, closed] = inRounds === undefined ? [0, end] : spanOf(rounds, inRounds, end)
    if (at !== undefined) {
      const gone = restartAfter ?? lasts
      return { fault: text, from: at, until: gone === undefined ? end : at + gone, fired }
    }
    const begin = Math.max(opened, from ?? 0)
    return { fault: text, from: begin, until: Math.max(begin, Math.min(closed, typeof until === 'number' ? until : end)), fired }
  })
}
