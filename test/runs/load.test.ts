import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import firstFlight from '../../simulations/first-flight.js'
import { loadSpecification } from '../../src/runs/load.js'
import { resolve } from '../../src/simulation/resolve.js'

describe('the first flight', () => {
  it('is the same federation as a script and as YAML', async () => {
    const loaded = await loadSpecification('simulations/first-flight.yaml', process.cwd())
    const options = { seed: 1, workers: 1, name: loaded.name }
    const fromYaml = resolve(loaded.specification, { ...options, source: loaded.source })
    expect(fromYaml).toEqual(resolve(firstFlight, options))
    expect(fromYaml.name).toBe('first-flight')
  })

  it('has every kind of fault, and names nobody', () => {
    const kinds = (firstFlight.faults ?? []).map(({ kind }) => kind)
    expect(kinds).toEqual(['away', 'slow', 'partial', 'delay', 'lose', 'duplicate', 'crash', 'narrow'])
    expect(JSON.stringify(firstFlight)).not.toMatch(/client-|expert-\d/)
  })

  it('knows its own hash', async () => {
    const { script } = await loadSpecification('simulations/first-flight.yaml', process.cwd())
    expect(script.file).toBe('simulations/first-flight.yaml')
    expect(script.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(readFileSync(script.file, 'utf8')).toContain('kind: storefronts')
  })
})
