import { expect, it } from 'vitest'

import { Columns } from '../../src/record/columns.js'

it('keeps every number of every row, over the edges of its chunks', () => {
  const columns = new Columns(3)
  for (let row = 0; row < 5000; row++) columns.add(row, -row, row / 2)
  columns.set(1023, 1, 7)
  columns.set(1024, 1, 8)
  expect(columns.length).toBe(5000)
  for (let row = 0; row < 5000; row++) {
    const second = row === 1023 ? 7 : row === 1024 ? 8 : -row
    expect([columns.get(row, 0), columns.get(row, 1), columns.get(row, 2)]).toEqual([row, second, row / 2])
  }
})
