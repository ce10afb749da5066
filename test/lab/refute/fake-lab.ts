import type { FaultInput } from '../../../src/faults/registry.js'
import type { Flight } from '../../../src/flight/flight.js'
import type { Lab } from '../../../src/lab/lab.js'

/** What a side that nobody trains comes to: a score, no finite one, or whatever is thrown. */
export type Score = (faults: readonly FaultInput[], seed: string) => number | null

export interface FakeSide {
  readonly score: Score
  readonly clients?: readonly string[]
  readonly rounds?: object
  readonly onFly?: (seed: string) => void
}

/** A lab that flies nothing: what claims are decided by is worked out in tests. */
export const fakeLab = ({ score, clients = ['client-a', 'client-b', 'client-c'], rounds = { kind: 'deadline', count: 4, after: 1e6 }, onFly }: FakeSide): Lab => {
  const fake = {
    resolved: { seed: '1', engine: 'tfjs', rounds, delivery: { acknowledge: false } },
    recall() {},
    participants: async () => [{ name: 'aggregator', role: 'aggregator' }, ...clients.map((name) => ({ name, role: 'client' }))],
    calmRounds: async () => [{ client: clients[0], down: 0, training: 1e5, up: 0, total: 1e5 }],
    plan: async (seed: string, faults: readonly FaultInput[]) => ({ seed, faults: faults.map((fault) => ({ id: fault.id, key: '', fault, targets: (fault as { who?: { names?: string[] } }).who?.names ?? [] })) }),
    async fly({ seed, plan }: { seed: string; plan: { faults: readonly { fault: FaultInput }[] } }) {
      onFly?.(seed)
      const given = plan.faults.map(({ fault }) => fault)
      const value = score(given, seed)
      const row = { round: 1, virtualTime: 1e5, scenario: 'a', task: 'ctr', split: 'test' }
      const metrics = [
        { ...row, metric: 'auc', value }, { ...row, metric: 'log-loss', value: value === null ? null : 0 },
      ]
      const faults = given.map(({ id }) => ({ id, fired: 1 }))
      return { status: 'complete', metrics, selectedRound: 1, virtualTime: 4e5, faults } as unknown as Flight
    },
  }
  return fake as unknown as Lab
}
