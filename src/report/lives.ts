import type { Name } from '../roster/participant.js'
import type { Disk } from '../runs/disk.js'
import type { Micros } from '../time/micros.js'

/** A time in which somebody was dead or asleep; of one that never came back, until the end of the flight. */
export interface Away {
  readonly actor: Name
  readonly what: 'dead' | 'asleep'
  readonly from: Micros
  readonly until: Micros
  /** Whether it came back. */
  readonly back: boolean
}

/** Bytes that are read at once. */
const PIECE = 1 << 20

interface Life {
  readonly at: Micros
  readonly event: 'life'
  readonly actor: Name
  readonly what: 'crash' | 'restart' | 'pause' | 'resume'
}

/** Lives are told in few of a file's lines: the others are looked at for that, and not kept. */
const livesIn = function* (path: string, disk: Pick<Disk, 'size' | 'readPiece'>): Generator<Life> {
  const size = disk.size(path)
  let rest = Buffer.alloc(0)
  for (let from = 0; from < size; from += PIECE) {
    const piece = Buffer.concat([rest, disk.readPiece(path, from, PIECE)])
    const end = piece.lastIndexOf(0x0a) + 1
    rest = piece.subarray(end)
    const text = piece.toString('utf8', 0, end)
    for (let found = text.indexOf('"event":"life"'); found >= 0; found = text.indexOf('"event":"life"', found + 1)) {
      yield JSON.parse(text.slice(text.lastIndexOf('\n', found) + 1, text.indexOf('\n', found))) as Life
    }
  }
}

/** Who was dead or asleep, and when, by the events of a run: read piece by piece, as there may be millions. `end`: of the flight. */
export const awaysIn = (path: string, end: Micros, disk: Pick<Disk, 'size' | 'readPiece' | 'exists'>): readonly Away[] => {
  if (!disk.exists(path)) return []
  const aways: Away[] = []
  const open = new Map<Name, { readonly what: Away['what']; readonly from: Micros }>()
  for (const { at, actor, what } of livesIn(path, disk)) {
    const own = open.get(actor)
    // Who dies in its sleep is dead from then on.
    if (own !== undefined) aways.push({ actor, ...own, until: at, back: what === 'restart' || what === 'resume' })
    if (what === 'crash') open.set(actor, { what: 'dead', from: at })
    else if (what === 'pause') open.set(actor, { what: 'asleep', from: at })
    else open.delete(actor)
  }
  for (const [actor, own] of open) aways.push({ actor, ...own, until: Math.max(end, own.from), back: false })
  return aways.sort((a, b) => a.from - b.from)
}
