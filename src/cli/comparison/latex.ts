import type { Comparison } from '../../runs/comparison/compare.js'
import type { About } from '../../runs/comparison/tabulate.js'
import { body, caption, heads, notes, sectionsOf, significant, type Section } from '../../report/comparison/columns.js'

const left = 3
const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}', '&': '\\&', '%': '\\%', $: '\\$', '#': '\\#', _: '\\_', '{': '\\{', '}': '\\}',
  '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '<': '$<$', '>': '$>$', '’': "'",
}
const escape = (text: string): string => text.replace(/[\\&%$#_{}~^<>’]/g, (character) => special[character])

/** Signs of numbers in math, so that a minus is one. */
const number = (cell: string): string =>
  escape(cell).replace(/(?<![\w.])([+-])(?=\d)/g, (_, sign: string) => `$${sign}$`)

const line = (cells: readonly string[]): string => `    ${cells.join(' & ')} \\\\`

const table = (section: Section, about: About): string => {
  const { rows } = section
  const head = heads(about.level * 100)
  const lines = body(rows).map((own, i) => {
    const set = own.map((cell, c) => (c < left ? escape(cell) : number(cell)))
    if (significant(rows[i], about)) set[4] = `\\textbf{${set[4]}}`
    const rule = i > 0 && own[0] !== '' ? '    \\midrule\n' : ''
    return rule + line(set)
  })
  return [
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escape(caption(section, about))}.}`,
    `  \\begin{tabular}{${'l'.repeat(left)}${'r'.repeat(head.length - left)}}`,
    '    \\toprule',
    line(head.map(escape)),
    '    \\midrule',
    ...lines,
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n')
}

/** The comparison as LaTeX tables for the package booktabs; notes are comments, significant differences are bold. */
export const asLatex = (rows: readonly Comparison[], about: About): string =>
  [
    '% \\usepackage{booktabs}\n' +
      notes(rows, about).map((note) => `% ${note.replace('* marks', 'bold marks')}`).join('\n'),
    ...sectionsOf(rows).map((section) => table(section, about)),
  ].join('\n\n') + '\n'
