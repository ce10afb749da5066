import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

import { allChecks } from '../../src/checks/watch.js'
import { comparedChecks } from '../../src/lab/compared/all.js'
import { pageText, root } from '../docs/pages.js'
import { mutants } from './mutants.js'

/* What catches what is `npm run mutants`, which takes a minute; here, that its table is true of the sources. */

it.each(mutants)('$name: the place is there, once', ({ file, find, replace }) => {
  const pieces = readFileSync(join(root, file), 'utf8').split(find)
  expect(pieces).toHaveLength(2)
  expect(replace).not.toBe(find)
})

it('every check is meant for some bug, and the page has the table', () => {
  expect(new Set(mutants.map(({ check }) => check))).toEqual(new Set([...allChecks, ...comparedChecks].map(({ name }) => name)))
  const rows = pageText('docs/promises.md').split('## Missing')[0].split('\n').filter((line) => /^\| [^|]+ \| `\w+` \|$/.test(line))
  expect(rows).toEqual(mutants.map(({ name, check }) => `| ${name} | \`${check}\` |`))
})
