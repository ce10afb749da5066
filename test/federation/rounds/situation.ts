import type { Decision, Moment, RoundRules, Situation } from '../../../src/federation/rounds/round.js'

/** A round machine, told one moment after the other; what is not said of the situation is as before. */
export const machine = ({ next }: Pick<RoundRules, 'next'>, about: Partial<Situation> = {}) => {
  let state: unknown
  let situation: Situation = {
    now: 0, round: 1, clients: 100, since: 0, opened: undefined, asked: 0, atWork: 0, stalest: undefined, answers: 0, refused: 0, excused: 0, nextReturn: undefined, mayReturn: false,
    past: [], ...about,
  }
  return (moment: Moment, changes: Partial<Situation> = {}): Omit<Decision<unknown>, 'state'> => {
    situation = { ...situation, ...changes }
    const { state: after, ...decided } = next(state, moment, situation)
    state = after
    return decided
  }
}

export const begin: Moment = { kind: 'begin' }
export const answered: Moment = { kind: 'answered', client: 'client-a', round: 1, staleness: 0 }
export const refused: Moment = { kind: 'refused', client: 'client-b', round: 1 }
export const available: Moment = { kind: 'available' }
export const timer: Moment = { kind: 'timer', name: 'deadline' }
