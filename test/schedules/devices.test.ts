import { expect, test } from 'vitest'
import { streams } from '../../src/random/streams.js'
import { device, devicesSchema, deviceTrace, resolveDevices, type DevicesInput } from '../../src/schedules/devices.js'
import { parseDeviceSpeeds } from '../../src/schedules/device-trace.js'
import { federation, three, weatherOf } from '../faults/weather.js'

const csv = 'model,cpu_float_score,seen_in_flash_traces\nA,100,0\nB,400,2\nC,200,1\n'
const resolved = (devices: DevicesInput, participants = three) =>
  resolveDevices(devicesSchema.parse(devices), participants, streams('7'), () => csv)

test('everyone has the default device; overrides change single constants', () => {
  const overrides = [{ who: 'client-NL', gflops: 5 }, { who: 'expert', stepOverhead: '1 ms' }]
  const found = resolved(device({ gflops: 10, overrides }))
  expect(found.get('client-NL')).toEqual({ flops: 5e9, memoryBytesPerSecond: 12e9, stepOverhead: 200 })
  expect(found.get('client-US')).toEqual({ flops: 10e9, memoryBytesPerSecond: 12e9, stepOverhead: 200 })
  expect(found.get('expert-1')).toEqual({ flops: 10e9, memoryBytesPerSecond: 12e9, stepOverhead: 1000 })
  expect(weatherOf([]).device('aggregator')).toEqual({ flops: 48e9, memoryBytesPerSecond: 12e9, stepOverhead: 200 })
  expect(devicesSchema.safeParse({ gflops: 0 }).success).toBe(false)
})

test('speeds relative to the median phone', () => {
  expect([...parseDeviceSpeeds(csv, 'cpu_float_score', false, 'd.csv')]).toEqual([0.5, 1, 2])
  expect([...parseDeviceSpeeds(csv, 'cpu_float_score', true, 'd.csv')]).toEqual([200 / 300, 400 / 300])
  expect(() => parseDeviceSpeeds(csv, 'gpu', false, 'd.csv')).toThrow("d.csv:1: no column 'gpu'")
  expect(() => parseDeviceSpeeds('s\n0', 's', false, 'd.csv')).toThrow('scores above 0')
})

test('a trace scales all constants of clients, by name, and leaves servers alone', () => {
  const many = federation(...Array.from({ length: 100 }, (_, i) => `c${i}`))
  const found = resolved(deviceTrace({ path: 'd.csv' }, { gflops: 10 }), many)
  const clients = [...found].filter(([name]) => name.startsWith('client'))
  expect(new Set(clients.map(([, { flops, stepOverhead }]) => `${flops} ${stepOverhead}`))).toEqual(
    new Set(['5000000000 400', '10000000000 200', '20000000000 100']),
  )
  expect(found.get('expert-1')?.flops).toBe(10e9)
  const fewer = resolved(deviceTrace({ path: 'd.csv' }, { gflops: 10 }), many.slice(0, 50))
  for (const [name, own] of fewer) expect(found.get(name)).toEqual(own)
})
