import { describe, expect, it } from 'vitest'

import { slow } from '../../src/faults/all.js'
import { faultsSchema } from '../../src/faults/registry.js'
import { throttlings } from '../../src/faults/throttling.js'
import { minutes } from '../../src/time/micros.js'
import { weatherOf } from './weather.js'

describe('a profile that counts from the beginning of a training', () => {
  const profile = [[0, 1], [100, 2], [300, 4]] as [number, number][]

  it('is worked through anew in each round, and goes on over the legs of one', () => {
    const weather = weatherOf([slow('client-NL', { profile, since: 'training', id: 'hot' })])
    // 100 us at full speed, then 100 in 200, then 25 in 100.
    expect(weather.span('client-NL', 1000, 225, 1)).toEqual({ until: 1400 })
    // A further leg of that round begins hot, another round cool.
    expect(weather.span('client-NL', 1400, 25, 1)).toEqual({ until: 1500 })
    expect(weather.span('client-NL', 5000, 100, 2)).toEqual({ until: 5100 })
    weather.happen(1400, 'client-NL', { kind: 'trained', round: 1, start: 1000, outcome: 'computed', examples: 1, continues: false })
    expect(weather.report()[0]).toMatchObject({
      text: 'client-NL 1 times slower from 0.000 s of a training, 2 times slower from 0.000 s of a training, 4 times slower from 0.000 s of a training',
      fired: 1, outcome: '1 training slowed (0.000 s longer)',
    })
  })

  it('counts from the flight where nothing is said', () => {
    const weather = weatherOf([slow('client-NL', { profile })])
    expect(weather.span('client-NL', 1000, 225, 1)).toEqual({ until: 1900 })
  })

  it('is on in its window', () => {
    const weather = weatherOf([slow('client-NL', { profile, since: 'training', from: 1200 })])
    expect(weather.span('client-NL', 1000, 250, 1)).toEqual({ until: 1300 })
  })
})

describe('throttling', () => {
  it('a phone after five and ten minutes of work, each round from cool', () => {
    const weather = weatherOf([slow('client-NL', { throttle: 'phone' })])
    expect(weather.span('client-NL', 7, minutes(5), 1)).toEqual({ until: 7 + minutes(5) })
    const slower = minutes(5) + minutes(2) * 12.4 / 9.1
    expect(weather.span('client-NL', minutes(60), minutes(7), 2)).toEqual({ until: minutes(60) + Math.ceil(slower) })
  })

  it('never gets faster, and is by nothing else at the same time', () => {
    for (const course of Object.values(throttlings)) {
      course.forEach(([at, factor], i) => {
        expect(i === 0 ? [at, factor] : [at > course[i - 1][0], factor > course[i - 1][1]]).toEqual(i === 0 ? [0, 1] : [true, true])
      })
    }
    const both = faultsSchema.safeParse([{ kind: 'slow', who: 'one', by: 2, throttle: 'phone' }])
    expect(both.error!.issues[0].message).toContain('`by` or `profile` or `throttle`')
  })
})
