import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The checkout that these pages belong to. */
export const root = new URL('../..', import.meta.url).pathname

/** A fenced block of a page. */
export interface Block {
  readonly page: string
  /** The line of its first line of text, from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
}

/** README and every page of docs, relative to the checkout. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).sort().map((name) => `docs/${name}`),
]

export const pageText = (page: string): string => readFileSync(join(root, page), 'utf8')

/** The fenced blocks of a page, in order. */
export const blocksOf = (page: string): Block[] => {
  const lines = pageText(page).split('\n')
  const blocks: Block[] = []
  for (let i = 0; i < lines.length; i++) {
    const language = /^```(\w*)$/.exec(lines[i])?.[1]
    if (language === undefined) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`${page}:${i + 1}: this block is never closed`)
    blocks.push({ page, line: i + 2, language, text: lines.slice(i + 1, end).join('\n') })
    i = end
  }
  return blocks
}

/** Links to other files and to headings: `[text](target)`, pictures among them, outside of blocks. */
export const linksOf = (page: string): { readonly line: number; readonly target: string }[] => {
  let fenced = false
  return pageText(page).split('\n').flatMap((text, i) => {
    if (text.startsWith('```')) fenced = !fenced
    if (fenced) return []
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ line: i + 1, target }))
  })
}

/** What a heading is called in an address: lower case, no punctuation, hyphens for spaces. */
export const anchorsOf = (page: string): Set<string> =>
  new Set(
    pageText(page).split('\n').filter((line) => /^#+ /.test(line)).map((line) =>
      line.replace(/^#+ /, '').toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')),
  )
