import { expect, it } from 'vitest'

import { awaysIn } from '../../src/report/lives.js'

/** A disk with one file, which is read in pieces of `most` bytes at the most. */
const diskOf = (text: string, most: number) => {
  const bytes = Buffer.from(text)
  return {
    exists: (path: string) => path === 'events', size: () => bytes.length,
    readPiece: (_: string, from: number, length: number) => new Uint8Array(bytes.subarray(from, from + Math.min(length, most))),
  }
}

const line = (at: number, actor: string, what: string): string => `${JSON.stringify({ at, event: 'life', actor, what })}\n`
const other = `${JSON.stringify({ at: 1, event: 'send', actor: '"event":"life"', id: 1, message: 'model' })}\n`

it('finds who was dead or asleep, from when, until when, and who never came back', () => {
  const text = [
    other, line(10, 'client-a', 'crash'), other, line(20, 'client-b', 'pause'), line(25, 'client-b', 'crash'), line(30, 'client-a', 'restart'),
    line(40, 'expert-1', 'pause'), line(45, 'expert-1', 'resume'), other,
  ].join('')
  expect(awaysIn('events', 100, diskOf(text, Infinity))).toEqual([
    { actor: 'client-a', what: 'dead', from: 10, until: 30, back: true },
    { actor: 'client-b', what: 'asleep', from: 20, until: 25, back: false },
    { actor: 'client-b', what: 'dead', from: 25, until: 100, back: false },
    { actor: 'expert-1', what: 'asleep', from: 40, until: 45, back: true },
  ])
  expect(awaysIn('nowhere', 100, diskOf(text, Infinity))).toEqual([])
})

it('reads a file of many pieces, names of many bytes across their borders, and no line that was cut off', () => {
  const lives = Array.from({ length: 30_000 }, (_, i) => [other, line(i, `client-€${i}`, 'crash'), line(i + 1, `client-€${i}`, 'restart')].join('')).join('')
  const found = awaysIn('events', 0, diskOf(`${lives}{"at":5,"event":"life","actor":"client-x","wh`, Infinity))
  expect(Buffer.byteLength(lives)).toBeGreaterThan(3 * 2 ** 20)
  expect(found).toHaveLength(30_000)
  expect(found.every(({ actor, from, until }) => actor === `client-€${from}` && until === from + 1)).toBe(true)
})
