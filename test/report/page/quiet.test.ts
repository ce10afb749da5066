import { expect, it } from 'vitest'

import { groupsOf, meansIn } from '../../../src/report/page/grouped.js'
import { quietIn } from '../../../src/report/page/quiet.js'

it('leaves out of an axis where nobody is busy for long, but for a little at both ends', () => {
  // 100 microseconds of work: 3 stay at each end of what is left out.
  expect(quietIn([{ from: 0, until: 60 }, { from: 50, until: 80 }, { from: 1000, until: 1020 }], 0, 5000)).toEqual([{ start: 83, end: 997 }, { start: 1023, end: 4997 }])
})

it('leaves no work out however short all else is, and nothing of short waits', () => {
  expect(quietIn([{ from: 0, until: 1000 }, { from: 1001, until: 1002 }], 0, 1002)).toEqual([])
  expect(quietIn([{ from: 0, until: 100 }, { from: 130, until: 200 }], 0, 200)).toEqual([])
  expect(quietIn([], 0, 100)).toEqual([])
})

it('puts neighbours together where rounds are many, and takes their mean', () => {
  const groups = groupsOf([1, 2, 3, 4, 5, 6, 7], 3)
  expect(groups.map(({ name }) => name)).toEqual(['1-3', '4-6', '7'])
  expect(meansIn(groups, [1, 2, 3, 10, 20, 30, 5])).toEqual([2, 20, 5])
  expect(groupsOf([1, 2, 3], 3).map(({ name }) => name)).toEqual(['1', '2', '3'])
  expect(groupsOf([], 3)).toEqual([])
})
