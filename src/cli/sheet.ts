import { table, type Align } from './table.js'

export const sheetFormats = ['text', 'markdown', 'csv', 'json'] as const
export type SheetFormat = (typeof sheetFormats)[number]

/** A table with a line above it, for people. */
export interface Sheet {
  readonly title: string
  readonly head: readonly string[]
  readonly align: readonly Align[]
  readonly rows: readonly (readonly string[])[]
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;')
const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const markdown = ({ title, head, align, rows }: Sheet): string =>
  [cell(title), '', line(head.map(cell)), line(align.map((side) => (side === 'left' ? '---' : '---:'))), ...rows.map((row) => line(row.map(cell)))].join('\n')

/** Tables and the lines below them, as text or Markdown. */
export const sheets = (all: readonly Sheet[], notes: readonly string[], format: 'text' | 'markdown'): string => {
  const drawn = all.map((sheet) => (format === 'markdown' ? markdown(sheet) : `${sheet.title}\n${table(sheet.head, sheet.align, sheet.rows)}`))
  const told = notes.map((note) => (format === 'markdown' ? `* ${cell(note)}` : note)).join('\n')
  return `${[...drawn, told].filter((block) => block !== '').join('\n\n')}\n`
}

type Value = string | number | undefined

const field = (value: Value): string => {
  if (value === undefined || (typeof value === 'number' && Number.isNaN(value))) return ''
  const text = String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Rows as CSV (RFC 4180, but lines end in a line feed): every number in full, empty where there is none. */
export const csv = (head: readonly string[], rows: readonly (readonly Value[])[]): string =>
  `${[head.join(','), ...rows.map((row) => row.map(field).join(','))].join('\n')}\n`
