import { printable } from '../errors.js'
import type { Output } from './progress.js'

/**
 * An output on which texts are seen as they are, whatever names they hold: what would move a terminal's cursor or turn its
 * direction is written out. Only `control` reaches it raw.
 */
export const visible = (output: Output): Output => ({
  write: (text) => output.write(printable(text)),
  control: (codes) => output.write(codes),
  get isTTY() {
    return output.isTTY
  },
  get columns() {
    return output.columns
  },
  get rows() {
    return output.rows
  },
})
