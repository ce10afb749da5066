import { realDisk, type Disk } from '../../src/runs/disk.js'
import { storefronts } from '../../scenarios/index.js'
import { adam, deadline, fedAvg, lose, minutes, mlp, simulation } from '../../src/simulation/script.js'

/** A flight with training that lasts a moment: three clients, four rounds, each scored after each. */
export const tiny = simulation({
  name: 'tiny',
  world: storefronts({ scenarios: 3, impressions: 200, users: 50, items: 20 }),
  model: mlp({ hidden: [4] }),
  local: { epochs: 1, batch: 20, optimizer: adam(0.01) },
  strategy: fedAvg(),
  rounds: deadline({ count: 4, after: minutes(1) }),
  faults: [lose({ from: 'client' }, { probability: 0.2 })],
})

/** Jobs of one of its rounds: every client trains. */
export const trainingsOfRound = 3

/** A disk on which something happens in the middle of the write that goes beyond so many bytes. */
export const endingDisk = (bytes: number, end: (what: { readonly reached: boolean }) => void): Disk & { readonly written: () => number } => {
  let written = 0
  let over = false
  const room = (content: string | Uint8Array): Uint8Array => {
    const all = Buffer.from(content)
    const fits = Math.min(all.length, bytes - written)
    written += fits
    return all.subarray(0, fits)
  }
  const write = (content: string | Uint8Array, put: (part: Uint8Array) => void): void => {
    if (over) return end({ reached: false })
    const part = room(content)
    put(part)
    if (part.length === Buffer.from(content).length) return
    over = true
    end({ reached: true })
  }
  return {
    ...realDisk,
    written: () => written,
    append: (path, content) => write(content, (part) => realDisk.append(path, part)),
    replace: (path, content) => {
      const whole = Buffer.from(content).length
      // What is replaced is there as a whole, or lies beside it unfinished.
      write(content, (part) => (part.length === whole ? realDisk.replace(path, content) : realDisk.append(`${path}.new`, part)))
    },
    create: (path, text) => (over ? (end({ reached: false }), true) : realDisk.create(path, text)),
    remove: (path) => (over ? end({ reached: false }) : realDisk.remove(path)),
    truncate: (path, size) => (over ? end({ reached: false }) : realDisk.truncate(path, size)),
  }
}
