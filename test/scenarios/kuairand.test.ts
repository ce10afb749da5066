import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kuairand, loadWorld, type KuaiRand } from '../../scenarios/index.js'
import type { Table } from '../../src/data/table.js'
import type { World } from '../../src/data/world.js'
import { DataError } from '../../src/errors.js'
import { scratch } from '../data/files.js'
import { aucOf, fitLogistic } from './logistic.js'

const { dir, write } = scratch()
const load = (options: KuaiRand, dataDir: string): Promise<World> =>
  loadWorld(kuairand(options), { seed: '1', dataDir, cwd: '.' })
const tables = (world: World): Table[] =>
  world.scenarios.flatMap(({ train, validation, test }) => [train, validation, test])
const column = (world: World, table: Table, name: string): number[] => {
  const at = world.features.numeric.indexOf(name)
  return Array.from({ length: table.rows }, (_, row) => table.numeric[row * world.features.numeric.length + at])
}

/** Two users, two videos and three days of tab 1, as the original files have them. */
const original = (folder: string, log: readonly string[]): void => {
  write(`${folder}/log_standard_tiny.csv`, [
    'user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,is_hate,long_view,' +
      'play_time_ms,duration_ms,profile_stay_time,comment_stay_time,is_profile_enter,is_rand,tab', ...log, '',
  ].join('\n'))
  const user =
    'user_id,user_active_degree,is_video_author,is_live_streamer,follow_user_num_range,fans_user_num_range,' +
    'friend_user_num_range,register_days_range,onehot_feat1,onehot_feat2,onehot_feat5,onehot_feat7,onehot_feat10,' +
    'follow_user_num,fans_user_num,friend_user_num,register_days'
  write(`${folder}/user_features_pure.csv`, `${user}\n1,high,0,1,500+,"[1,10)",0,730+,1,2,3,4,0,600,5,0,800\n` +
    '2,low,1,1,0,0,0,730+,1,10,3,4,,0,0,0,900\n')
  write(`${folder}/video_features_basic_pure.csv`,
    'video_id,author_id,upload_dt,upload_type,music_type,tag,server_width,' +
    'server_height\n10,7,2022-04-10,Web,9.0,"39,6",720,1280\n11,7,2022-04-11,Web,,,1280,720\n')
}
const row = (user: number, video: number, day: number, hour: number, click: number, long: number): string => {
  const time = 1_650_812_400_000 + ((day % 100) - 25) * 86_400_000 + hour * 3_600_000
  return `${user},${video},${day},${hour}00,${time},${click},0,0,0,0,0,${long},0,9000,0,0,0,0,1`
}

describe('kuairand from tiny original files', () => {
  const log = [
    row(1, 10, 20220425, 9, 1, 1), row(2, 10, 20220425, 10, 0, 1), row(1, 11, 20220426, 2, 0, 0),
    row(2, 10, 20220426, 3, 1, 0), row(2, 10, 20220426, 3, 1, 0), row(1, 10, 20220427, 4, 1, 1),
    row(2, 11, 20220428, 5, 1, 1),
  ]
  const options: KuaiRand = { tabs: [1], testFrom: 20220428 }

  it('joins, splits by date, drops doubles and takes a long view for one only after a click', async () => {
    original('tiny', log)
    const world = await load({ ...options, features: 'none' }, `${dir}/tiny`)
    const [{ name, train, validation, test }] = world.scenarios
    expect([name, train.rows, validation.rows, test.rows]).toEqual(['tab-1', 4, 1, 1])
    expect(Array.from(train.labels)).toEqual([1, 1, 0, 0, 0, 0, 1, 0])
    expect(Array.from(train.user ?? [])).toEqual([1, 2, 1, 2])
    expect(world.notes).toContain('1 rows that were logged twice are dropped')
    const field = (which: string): number[] => {
      const at = world.features.categorical.findIndex((known) => known.name === which)
      return Array.from({ length: 4 }, (_, r) => train.categorical[r * 16 + at])
    }
    expect(field('tag')).toEqual([1, 1, 2, 1])
    expect(field('hour')).toEqual([4, 1, 2, 3])
    expect(test.categorical[15]).toBe(0)
    // 1, 1, 0, 1 less their mean 3/4, over their deviation sqrt(3)/4.
    expect(column(world, train, 'portrait')).toEqual([1, 1, -3, 1].map((x) => expect.closeTo(x / Math.sqrt(3), 6)))
  })

  it('has trailing statistics that no later label changes', async () => {
    const change = (at: number, to: string): string[] => log.map((line, i) => (i === at ? to : line))
    original('base', log)
    const base = await load(options, `${dir}/base`)
    expect(base.features.numeric.slice(7)).toEqual(['video', 'author', 'user'].flatMap((key) =>
      ['count', 'click_rate', 'long_view_rate'].map((what) => `${key}_${what}`)))
    // A label of the first test day is in no feature at all: not of training rows, not of its own row.
    original('test-changed', change(6, row(2, 11, 20220428, 5, 0, 0)))
    const changed = await load(options, `${dir}/test-changed`)
    tables(base).forEach((table, t) => expect(tables(changed)[t].numeric).toEqual(table.numeric))
    expect(tables(changed)[2].labels).not.toEqual(tables(base)[2].labels)
    // A label of the validation day reaches the test day after it, and nothing before.
    original('validation-changed', change(5, row(1, 10, 20220427, 4, 0, 0)))
    const later = await load(options, `${dir}/validation-changed`)
    expect(tables(later)[0].numeric).toEqual(tables(base)[0].numeric)
    expect(tables(later)[1].numeric).toEqual(tables(base)[1].numeric)
    expect(tables(later)[2].numeric).not.toEqual(tables(base)[2].numeric)
  })

  it('has no trailing value on the first day, and leaves earlier days to the statistics on request', async () => {
    original('first', log)
    const world = await load(options, `${dir}/first`)
    expect(column(world, world.scenarios[0].train, 'video_count').slice(0, 2)).toEqual([0, 0])
    const late = await load({ ...options, trainFrom: 20220426 }, `${dir}/first`)
    expect(late.scenarios[0].train.rows).toBe(2)
    // Video 11 was not seen before the 26th and video 10 twice: log(1 + 0) and log(1 + 2), standardised.
    expect(column(late, late.scenarios[0].train, 'video_count')).toEqual([-1, 1])
  })

  it('reads ids on request, keeps test windows, and says what it looked for', async () => {
    original('ids', log)
    const world = await load({ ...options, ids: ['video', 'user'], testFrom: 20220427, testDays: 1 }, `${dir}/ids`)
    expect(world.features.categorical.slice(16)).toEqual([{ name: 'video_id', size: 2 }, { name: 'user_id', size: 3 }])
    expect(world.scenarios[0].test.rows).toBe(1)
    await expect(load({}, `${dir}/nothing`)).rejects.toThrow(DataError)
    await expect(load({}, `${dir}/nothing`))
      .rejects.toThrow(/kuairand_msmt_full\.csv.*log_standard_\*\.csv.*there is no folder/s)
    await expect(load({ ...options, features: 'month' }, `${dir}/ids`))
      .rejects.toThrow(/no file video_statistics_pure\.csv/)
    await expect(load({ tabs: [0], testFrom: 20220428 }, `${dir}/ids`)).rejects.toThrow(/'tab-0' has no training rows/)
  })
})

const published = new URL('../../../shared/data/kuairand_pure', import.meta.url).pathname
const there = existsSync(`${published}/raw`) && existsSync(`${published}/msmt`)
if (!there) console.log(`skipped: KuaiRand-Pure is not at ${published}`)

describe.skipIf(!there)('kuairand as published', () => {
  it('has the same rows, labels and ids from the original files and from the prepared table', async () => {
    const raw = await load({ table: 'raw', features: 'month' }, published)
    const full = await load({ table: 'full', features: 'month' }, published)
    expect(raw.features).toEqual(full.features)
    expect(full.scenarios.map(({ name, train, validation, test }) => [name, train.rows + validation.rows, test.rows]))
      .toEqual([['tab-1', 140_067, 32_941], ['tab-0', 16_473, 3767], ['tab-4', 10_981, 2666], ['tab-2', 5233, 1676],
        ['tab-6', 5209, 847]])
    expect(full.notes.join()).toContain('look-ahead')
    const prepared = tables(full)
    const width = raw.features.numeric.length
    const worst = new Float64Array(width)
    tables(raw).forEach((table, t) => {
      // Buffers compare fast; the matrices have a million entries.
      for (const key of ['categorical', 'labels', 'user', 'time'] as const) {
        const [a, b] = [table[key], prepared[t][key]].map((array) => {
          const { buffer, byteOffset, byteLength } = array as Float32Array
          return Buffer.from(buffer, byteOffset, byteLength)
        })
        expect(a.equals(b)).toBe(true)
      }
      table.numeric.forEach((value, i) => {
        worst[i % width] = Math.max(worst[i % width], Math.abs(value - prepared[t].numeric[i]))
      })
    })
    // The prepared table holds four digits, and reports per play are so rare that six decimals are one or two digits.
    const off = full.features.numeric.filter((name, n) => worst[n] >= (name === 'report_per_play' ? 1 : 0.02))
    expect(off).toEqual([])
  })

  it('lets a plain logistic regression reach the neighbourhood of the reference on the small table', async () => {
    const world = await load({ table: 'small', features: 'trailing' }, published)
    const aucs = world.scenarios.map(({ train, test }) =>
      aucOf(fitLogistic(world.features, [train], { task: 0, epochs: 4, rate: 0.02 }), test, 0))
    const mean = aucs.reduce((a, b) => a + b) / aucs.length
    expect(mean).toBeGreaterThan(0.57)
    expect(mean).toBeLessThan(0.78)
  })
})
