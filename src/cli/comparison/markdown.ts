import type { Comparison } from '../../runs/comparison/compare.js'
import type { About } from '../../runs/comparison/tabulate.js'
import {
  body, caption, costBody, costCaption, costHeads, heads, notes, sectionsOf, significant, type Section,
} from '../../report/comparison/columns.js'

const left = 3
const escape = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;')
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const drawn = (head: readonly string[], names: number, lines: readonly (readonly string[])[]): string =>
  [line(head), line(head.map((_, i) => (i < names ? '---' : '---:'))), ...lines.map(line)].join('\n')

const grid = ({ rows }: Section, about: About): string =>
  drawn(heads(about.level * 100), left, body(rows).map((own, i) =>
    own.map(escape).map((cell, c) => (c === 4 && significant(rows[i], about) ? `**${cell}**` : cell))))

/** The comparison as Markdown tables; significant differences are bold. */
export const asMarkdown = (rows: readonly Comparison[], about: About): string =>
  [
    ...sectionsOf(rows).map((section) => `${escape(caption(section, about))}\n\n${grid(section, about)}`),
    ...(about.costs ? [`${costCaption}\n\n${drawn(costHeads(about.costs), 2, costBody(about.costs).map((own) => own.map(escape)))}`] : []),
    notes(rows, about).map((note) => `* ${escape(note.replace('* marks', 'bold marks'))}`).join('\n'),
  ].join('\n\n') + '\n'
