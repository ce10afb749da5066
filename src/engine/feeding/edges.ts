import { DataError } from '../../errors.js'
import type { Source } from '../program/body.js'
import type { Groups } from './groups.js'
import type { Buffer } from './lanes.js'
import type { Data } from './rows.js'

/** An input of a session that holds one column of a client's interaction graph. */
export interface EdgePlace {
  readonly what: Extract<Source, { readonly kind: 'edges' }>
  readonly buffer: Buffer
  /** Edges per client, with padding. */
  readonly size: number
}

/** How many pairs an id takes part in. */
const degree = ({ start }: Groups, id: number): number => start[id + 1] - start[id]

/**
 * Puts one column of a client's graph into its lane. Edges are the distinct pairs of known ids in `data`, ascending;
 * weights are 1 / sqrt(degree * degree), those of the symmetrically normalised adjacency D^-1/2 A D^-1/2.
 */
export const fillEdges = ({ what, buffer, size }: EdgePlace, lane: number, data: Data): void => {
  const { left, right, end } = what
  const [rights, lefts] = [data.groups(right, left), data.groups(left, right)]
  let at = lane * size
  for (let id = 1; id + 1 < rights.start.length; id++) {
    for (let place = rights.start[id]; place < rights.start[id + 1]; place++) {
      if (at === (lane + 1) * size) {
        throw new DataError(`the graph has room for ${size} edges and the client's table holds more: raise \`edges\``)
      }
      const other = rights.ids[place]
      buffer[at++] = end === 'left'
        ? id
        : end === 'right'
          ? other
          : 1 / Math.sqrt(degree(rights, id) * degree(lefts, other))
    }
  }
  buffer.fill(0, at, (lane + 1) * size)
}
