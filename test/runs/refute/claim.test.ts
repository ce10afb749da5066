import { describe, expect, it } from 'vitest'

import { parseClaim, settingsOf, variantOf } from '../../../src/runs/refute/claim.js'
import { resolve } from '../../../src/simulation/resolve.js'
import { deadline, fedAvg, fedProx, minutes, mlp, type Specification } from '../../../src/simulation/script.js'

const base: Specification = {
  world: { kind: 'storefronts' }, model: mlp({ hidden: [4] }), strategy: fedProx({ mu: 0.5 }), rounds: deadline({ count: 7, after: minutes(5), quorum: 2 }),
}

describe('a claim', () => {
  it('has two sides, each of one term or several', () => {
    expect(parseClaim(' fedprox > fedavg ')).toEqual({ text: 'fedprox > fedavg', a: ['fedprox'], b: ['fedavg'] })
    expect(parseClaim('fedprox + strategy.mu=0.1>own')).toMatchObject({ a: ['fedprox', 'strategy.mu=0.1'], b: ['own'] })
  })

  it('says what is wrong with it', () => {
    expect(() => parseClaim('fedprox')).toThrow('"fedprox" is no claim of two: there is no >. Write "fedprox > fedavg"')
    expect(() => parseClaim('a > b > c')).toThrow('there must be one > alone')
    expect(() => parseClaim('a < b')).toThrow('the better one stands first. Write "B > A"')
    expect(() => parseClaim('> b')).toThrow('there is nothing on one side')
    expect(() => parseClaim('a +  > b')).toThrow('there is nothing on one side')
  })
})

describe('a side of a simulation', () => {
  it('is its settings; a kind by its name is with its defaults, and the simulation’s own kind with its own options', () => {
    expect(settingsOf(['own'], base)).toEqual([])
    expect(settingsOf(['fedProx'], base)).toEqual([])
    expect(settingsOf(['fedavg', 'local.epochs=2'], base)).toEqual(['strategy={ kind: fedavg }', 'local.epochs=2'])
    expect(settingsOf(['mmoe'], base)).toEqual(['model={ kind: mmoe }'])
    expect(settingsOf(['pcgrad'], base)).toEqual(['local.balance={ kind: pcgrad }'])
    expect(resolve(base, { set: settingsOf(['fedavg'], base) }).strategy).toEqual(fedAvg())
  })

  it('of other rounds takes over what those know of the own ones, times with their units', () => {
    const [set] = settingsOf(['synchronous'], base)
    expect(set).toBe('rounds={"kind":"synchronous","count":7}')
    const [quorum] = settingsOf(['quorum'], base)
    expect(JSON.parse(quorum.slice('rounds='.length))).toEqual({ kind: 'quorum', count: 7, after: '5 min', quorum: 2 })
    for (const name of ['synchronous', 'quorum', 'asynchronous']) {
      expect(resolve(base, { set: settingsOf([name], base) }).rounds).toMatchObject({ kind: name, count: 7 })
    }
  })

  it('is known by its name, or the nearest one is named', () => {
    expect(() => settingsOf(['fedprx'], base)).toThrow('nothing that can be ranked is called "fedprx". Did you mean "fedprox"?')
    expect(() => settingsOf(['storefronts'], base)).toThrow('nothing that can be ranked')
    expect(() => settingsOf(['strategy.mu=[1'], base)).toThrow('the value is not YAML')
  })
})

describe('a side of a study', () => {
  it('is one of its variants, and what else is set', () => {
    const variants = ['fedavg', 'alone, linear', 'pf R1']
    expect(variantOf(['fedavg'], variants)).toEqual({ variant: 'fedavg', rest: [] })
    expect(variantOf(['strategy.mu=1', 'alone, linear'], variants)).toEqual({ variant: 'alone, linear', rest: ['strategy.mu=1'] })
    expect(() => variantOf(['fedag'], variants)).toThrow('"fedag" is not one of the study\'s variants. Did you mean "fedavg"? There are fedavg, alone, linear, pf R1.')
    expect(() => variantOf(['fedavg', 'pf R1'], variants)).toThrow('"fedavg" and "pf R1" are two variants: a side is one.')
  })
})
