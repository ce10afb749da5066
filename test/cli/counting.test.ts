import { expect, it } from 'vitest'

import { counting } from '../../src/cli/counting.js'

const said = (isTTY: boolean, every: number, counts: readonly number[], quiet?: boolean): string => {
  const lines: string[] = []
  const progress = counting({ isTTY, write: (text: string) => lines.push(text) }, every, quiet)
  for (const count of counts) progress.tell(count, `${count} of 12`)
  progress.end()
  return lines.join('')
}

it('writes one line over on a terminal', () => {
  expect(said(true, 5, [1, 2, 3])).toBe('\r1 of 12 \r2 of 12 \r3 of 12 \n')
  expect(said(true, 5, [])).toBe('')
})

it('writes a line for every so many into a pipe, also where counts are passed over', () => {
  expect(said(false, 5, [1, 2, 4, 5, 6, 9, 12])).toBe('5 of 12\n12 of 12\n')
  expect(said(false, 1, [1, 2])).toBe('1 of 12\n2 of 12\n')
})

it('says nothing where nothing is to be said', () => {
  expect(said(true, 1, [1, 2], true) + said(false, 1, [1, 2], true)).toBe('')
})
