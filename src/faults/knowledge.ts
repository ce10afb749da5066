import { SpecificationError } from '../errors.js'
import type { Name } from '../roster/participant.js'

/** What the drawing of a plan can look at: numbers about clients that are settled before the flight. */
export interface Knowledge {
  /** Names of the tasks; undefined where none are known. */
  readonly tasks: readonly string[] | undefined
  /** Rows of training data. */
  rows(client: Name): number
  /** Mean label of a task in its training rows; of the first task when absent. */
  label(client: Name, task: string | undefined): number
  /** Floating-point operations per second of its device. */
  speed(client: Name): number
}

const missing = (): never => {
  throw new SpecificationError(
    'This fault looks at what clients have (rows, labels, speed), and the plan is drawn without a world. ' +
      'Draw it where there is one: lab.plan(), or drawPlan(faults, participants, seed, knowledge).',
  )
}

/** Where nothing is known about clients but who they are. */
export const nothingKnown: Knowledge = { tasks: undefined, rows: missing, label: missing, speed: missing }
