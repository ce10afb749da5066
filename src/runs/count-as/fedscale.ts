import { type CountRule, unseen } from './rule.js'

/** `sys.getsizeof` of a bytes object, without the bytes. */
const OBJECT = 33

/** FedScale's size of an update, by which it reckons how long clients take. */
export const fedscale: CountRule = {
  name: 'fedscale',
  sentence:
    'The whole model, in 32 bits a value, down and up for each client whose answer counted: its size is taken once, when the ' +
    'aggregator starts. What pickle puts around the values is left out, since it depends on the model\'s class.',
  source:
    'SymbioticLab/FedScale fedscale/cloud/aggregation/aggregator.py (7ec441c), model_update_size in run and tictak_client_tasks; ' +
    'fedscale/cloud/internal/client_metadata.py, get_completion_time',
  leavesOut: [
    ...unseen, 'clients that do not answer in time, which are taken out before they train', 'codecs, and further tensors of a strategy',
  ],
  count: ({ rounds, parts }) => {
    const size = OBJECT + 4 * parts.reduce((sum, { length }) => sum + length, 0)
    const answers = rounds.reduce((sum, { outcome, folded }) => sum + (outcome === 'closed' ? folded.length : 0), 0)
    return { up: answers * size, down: answers * size }
  },
}
