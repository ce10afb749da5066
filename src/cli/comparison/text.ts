import Table from 'cli-table3'
import type { Comparison } from '../../runs/comparison/compare.js'
import type { About } from '../../runs/comparison/tabulate.js'
import { wrap } from '../../report/format.js'
import {
  body, caption, costBody, costCaption, costHeads, heads, notes, sectionsOf, significant, type Section,
} from '../../report/comparison/columns.js'

const left = 3

const drawn = (head: readonly string[], names: number, lines: readonly (readonly string[])[]): string => {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i < names ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  table.push(...lines.map((line) => [...line]))
  return table.toString()
}

const grid = ({ rows }: Section, about: About): string =>
  drawn(heads(about.level * 100), left, body(rows).map((own, i) =>
    own.map((cell, c) => (c === 4 && significant(rows[i], about) ? `${cell} *` : cell))))

/** The comparison for a terminal or a log. */
export const asText = (rows: readonly Comparison[], about: About): string =>
  [
    ...sectionsOf(rows).map((section) => `${wrap(caption(section, about), 110)}\n${grid(section, about)}`),
    ...(about.costs ? [`${costCaption}\n${drawn(costHeads(about.costs), 2, costBody(about.costs))}`] : []),
    notes(rows, about).map((note) => wrap(note, 110)).join('\n'),
  ].join('\n\n') + '\n'
