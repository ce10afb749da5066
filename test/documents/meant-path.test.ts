import { expect, it } from 'vitest'

import { meantPath } from '../../src/documents/meant-path.js'

const folders: Readonly<Record<string, readonly string[]>> = {
  simulations: ['first-flight.ts', 'first-flight.yaml', 'tables', 'notes.txt'],
  '.': ['mine.ts', 'runs'],
  runs: ['first-flight-1', 'first-flight-7'],
}
const list = (folder: string): readonly string[] => {
  if (!(folder in folders)) throw new Error(`ENOENT ${folder}`)
  return folders[folder]
}

it.each([
  ['simulations/fist-flight.ts', ' Did you mean simulations/first-flight.ts?'],
  ['simulations/first-flight', ' Did you mean simulations/first-flight.ts?'],
  ['mien.ts', ' Did you mean mine.ts?'],
  ['run', ' Did you mean runs?'],
  ['runs/first-fligt-7', ' Did you mean runs/first-flight-7?'],
  ['runs/other', ''],
  ['simulation/first-flight.ts', ''],
])('%s: "%s"', (given, words) => {
  expect(meantPath(given, list)).toBe(words)
})

it('is what fits alone', () => {
  expect(meantPath('simulations/note.txt', list)).toBe(' Did you mean simulations/notes.txt?')
  expect(meantPath('simulations/note.txt', list, (name) => name.endsWith('.ts'))).toBe('')
})
