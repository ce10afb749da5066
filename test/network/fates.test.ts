import { from, throwError, toArray } from 'rxjs'
import { expect, it } from 'vitest'

import { fates, type Judged } from '../../src/network/fates.js'
import { passes, type Verdict } from '../../src/network/weather.js'

interface Copy extends Judged {
  readonly name: string
}

const verdict = (about: Partial<Verdict>): Verdict => ({ delay: 0, copies: [], ...about })
const sent: readonly Copy[] = [
  { name: 'a', verdict: passes },
  { name: 'b', verdict: verdict({ copies: [{ delay: 5, fault: 'x' }, { delay: 9, fault: 'y' }] }) },
  // The fate of the original is not that of its copies.
  { name: 'c', verdict: verdict({ lost: { travelled: 0, fault: 'z' }, copies: [{ delay: 1, fault: 'x' }] }) },
]

it('what is sent goes on, each with its copies after it, which are not copied again', () => {
  const seen: string[] = []
  from(sent)
    .pipe(
      fates<Copy>(({ name, verdict: own }, copy, delay) => ({ name: `${name}${copy}+${delay}`, verdict: own })),
      toArray(),
    )
    .subscribe((all) => seen.push(...all.map(({ name }) => name)))
  expect(seen).toEqual(['a', 'b', 'b1+5', 'b2+9', 'c', 'c1+1'])
})

it('an error on the way in, or in the making of a copy, is one on the way out', () => {
  const caught: unknown[] = []
  const error = new Error('no copy')
  const noCopy = (): Copy => {
    throw error
  }
  for (const source$ of [from(sent), throwError(() => error)]) {
    source$.pipe(fates(noCopy)).subscribe({ error: (one) => caught.push(one) })
  }
  expect(caught).toEqual([error, error])
})
