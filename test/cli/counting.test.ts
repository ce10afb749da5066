import { expect, it } from 'vitest'

import { counting } from '../../src/cli/counting.js'
import { visible } from '../../src/cli/visible.js'

const said = (isTTY: boolean, every: number, counts: readonly number[], quiet?: boolean): string => {
  const lines: string[] = []
  const progress = counting({ isTTY, write: (text: string) => lines.push(text) }, every, quiet)
  for (const count of counts) progress.tell(count, `${count} of 12`)
  progress.end()
  return lines.join('')
}

it('writes one line over on a terminal', () => {
  expect(said(true, 5, [1, 2, 3])).toBe('\r\x1b[K1 of 12\r\x1b[K2 of 12\r\x1b[K3 of 12\n')
  expect(said(true, 5, [])).toBe('')
})

it('moves the cursor of a terminal as the command does, whose texts are shown as they are', () => {
  const lines: string[] = []
  const progress = counting(visible({ isTTY: true, columns: 30, write: (text) => lines.push(text) }), 1)
  progress.tell(1, `1 of 2 ${'x'.repeat(40)}`)
  progress.tell(2, '2 of 2 \x1b[31m')
  // Nothing is written out that was meant to move the cursor, nothing else moves it, and no line is broken.
  expect(lines.join('')).toBe(`\r\x1b[K1 of 2 ${'x'.repeat(21)}…\r\x1b[K2 of 2 \\u001b[31m`)
})

it('writes a line into a pipe for each stage that begins', () => {
  const lines: string[] = []
  const progress = counting({ write: (text: string) => lines.push(text) }, 10)
  for (const [count, stage] of [[1, 'search'], [9, 'search'], [10, 'search'], [1, 'confirm'], [2, 'confirm'], [11, 'search']] as const) {
    progress.tell(count, `${stage} ${count}\n`.trim(), stage)
  }
  expect(lines.join('')).toBe('search 1\nsearch 10\nconfirm 1\nsearch 11\n')
})

it('writes a line for every so many into a pipe, also where counts are passed over', () => {
  expect(said(false, 5, [1, 2, 4, 5, 6, 9, 12])).toBe('5 of 12\n12 of 12\n')
  expect(said(false, 1, [1, 2])).toBe('1 of 12\n2 of 12\n')
})

it('says nothing where nothing is to be said', () => {
  expect(said(true, 1, [1, 2], true) + said(false, 1, [1, 2], true)).toBe('')
})
