import { expect, it } from 'vitest'

import { loadStudy } from '../../../src/runs/load.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { root } from '../../docs/pages.js'

it.each([[false, undefined], [true, undefined], [false, 'data'], [true, 'data']])('the study of codecs, full %s, data %s: every variant is a simulation, paired with one without a codec', async (full, data) => {
  const { plan } = await loadStudy('simulations/codecs.ts', root, { full, data })
  const { base, conditions, variants, baselines, seeds } = plan
  expect(Object.keys(conditions)).toEqual([data === undefined ? 'storefronts' : 'KuaiRand-Pure'])
  for (const [name, variant] of Object.entries(variants)) {
    const resolved = resolve({ ...base, ...Object.values(conditions)[0], ...variant } as Parameters<typeof resolve>[0], {})
    expect(resolved.codec === undefined, name).toBe(name === 'fp32')
    expect(resolved.codec?.up !== undefined, name).toBe(name.endsWith(', up'))
  }
  expect(baselines).toEqual(['fp32'])
  if (full) expect(seeds).toBe(10)
})
