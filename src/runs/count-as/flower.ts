import { HEADER } from '../../network/frame.js'
import type { LedgerRow } from '../../record/rows.js'
import type { PartTemplate } from '../../federation/parts.js'
import { type CountRule, foldedIn, partsOf, unseen } from './rule.js'

/** NumPy leaves room for as many digits of the first axis. */
const digits = 21

/**
 * Bytes of an array as `numpy.save` writes it, without its values: magic, version, length and the header, padded with at
 * least one byte to a multiple of 64 (numpy/lib/format.py, `_wrap_header`).
 */
const npyHeader = (shape: readonly number[], type: string): number => {
  const axes = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${axes}, }`
  const room = shape.length === 0 ? 0 : digits - String(shape[0]).length
  const length = 10 + text.length + room + 1
  return length + 64 - (length % 64)
}

/** An array for each tensor, of 4 bytes a value. */
const plainBytes = (part: PartTemplate, direction: 'up' | 'down'): number =>
  [...part.segments.map(({ shape }) => shape), ...part[direction].extras.map(({ length }) => [length])]
    .reduce((sum, shape) => sum + npyHeader(shape, '<f4') + 4 * shape.reduce((product, axis) => product * axis, 1), 0)

const ofRow = ({ kind, bytes, codecs }: LedgerRow, part: PartTemplate): number =>
  codecs === undefined ? plainBytes(part, kind === 'update' ? 'up' : 'down') : npyHeader([bytes - HEADER], '|u1') + bytes - HEADER

/** Flower's tracker of communication costs, which its leaderboard of language models goes by. */
export const flower: CountRule = {
  name: 'flower',
  sentence:
    'Arrays as numpy.save writes them, of the instructions to all clients that were selected and of the results that came back. ' +
    'A message that is coded is one array of bytes, as a mod would make of it.',
  source:
    'adap/flower framework/py/flwr/cli/new/templates/app/code/flwr_tune/strategy.py.tpl (21b5379), CommunicationTracker; ' +
    'framework/py/flwr/common/record/array.py (0263279), from_numpy_ndarray',
  leavesOut: [...unseen, 'updates that came to nothing, and models that were lost as such: an instruction counts when it is made'],
  count: (sent) => {
    const partOf = partsOf(sent)
    const sum = (rows: readonly LedgerRow[]): number => rows.reduce((bytes, row) => bytes + ofRow(row, partOf(row)), 0)
    return {
      up: sum(foldedIn(sent)),
      down: sum(sent.ledger.filter(({ kind, copy, attempt }) => kind === 'model' && copy === 0 && attempt === 0)),
    }
  },
}
