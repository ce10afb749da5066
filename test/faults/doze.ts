import { z } from 'zod'

import { faultEntry } from '../../src/faults/fault.js'
import { idField } from '../../src/faults/window.js'
import { many, names } from '../../src/faults/words.js'
import { selectorSchema } from '../../src/roster/selectors.js'
import { durationSchema } from '../../src/time/duration.js'

/** `doze(one(), { from: '1 min', until: '5 min' })`: who dozes opens its door late. */
export const doze = faultEntry({
  kind: 'doze',
  sentence: 'What arrives waits at the door until the doze is over.',
  source: 'an example of this page',
  schema: z.strictObject({
    kind: z.literal('doze'), who: selectorSchema, from: durationSchema.prefault(0), until: durationSchema, id: idField,
  }),
  targets: 'anyone',
  describe: (_, { targets }) => `${names(targets)} doze`,
  effects: { 'kept waiting': (n) => `${many(n, 'message')} kept waiting` },
  compile: ({ fault: { from, until }, targets }, { strike }) => ({
    door: ({ id, to }, now) => {
      if (!targets.includes(to) || now < from || now >= until) return 'deliver'
      strike(to, id, 'kept waiting')
      return { hold: until }
    },
  }),
})
