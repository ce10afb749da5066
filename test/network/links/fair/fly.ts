import { Fair } from '../../../../src/network/links/fair.js'
import type { Transfer } from '../../../../src/network/links/links.js'
import type { Line } from '../../../../src/network/topology.js'
import type { Rate } from '../../../../src/network/weather.js'
import { Clock } from '../../clock.js'
import type { Case, Outcome } from './reference.js'

export const lineOf = (owner: string): Line => ({ owner, direction: 'up' })

/** Fair lines of 1 byte a microsecond, unless `rates` says otherwise, on a clock of their own. */
export const fairLines = (rates: (line: Line, at: number) => Rate = () => ({ bytesPerSecond: 1e6, until: Infinity })) => {
  const clock = new Clock()
  const links = new Fair({ now: () => clock.now, at: (time, action) => clock.at(time, action), cancel: clock.cancel, rate: rates })
  const ends: Record<string, number> = {}
  const start = (name: string, lines: readonly Line[], bytes: number, weight = 1): Transfer =>
    links.start({ lines, direction: 'up', weight }, bytes, {
      lastByte: (at) => {
        if (at !== clock.now) throw new Error(`told at ${clock.now} of ${at}`)
        if (name in ends) throw new Error(`${name} ended twice`)
        ends[name] = at
        return undefined
      },
    })
  return { clock, links, ends, start }
}

/** What the lines themselves make of a case. `isTold`: nobody knows when rates will change, until they do. */
export const fly = async ({ rates, sent, closed }: Case, isTold = false): Promise<Outcome[]> => {
  const lines = rates.map((_, i) => lineOf(String(i)))
  const { clock, links, ends, start } = fairLines(({ owner }, at) => {
    const said = rates[Number(owner)]
    const next = said.find(({ from }) => from > at)
    return { bytesPerSecond: said.findLast(({ from }) => from <= at)!.bytesPerSecond, until: isTold ? Infinity : (next?.from ?? Infinity) }
  })
  if (isTold) rates.forEach((said, i) => said.forEach(({ from }) => clock.at(from, () => links.rerate([lines[i]]))))
  const passed = sent.map(() => 0)
  const transfers: (Transfer | undefined)[] = sent.map(() => undefined)
  sent.forEach(({ at, lines: over, bytes, weight, stop }, i) => {
    clock.at(at, () => {
      const transfer = start(String(i), over.map((line) => lines[line]), bytes, weight)
      transfers[i] = transfer
      if (stop !== undefined) clock.at(stop, () => (passed[i] = transfer.stop()))
    })
  })
  for (const { from, until, lines: over } of closed) {
    clock.at(from, () => {
      const open = links.block(over.map((line) => lines[line]))
      clock.at(until, open)
    })
  }
  await clock.run()
  return sent.map(({ stop }, i) => ({ end: ends[String(i)], passed: stop === undefined ? transfers[i]!.stop() : passed[i] }))
}
