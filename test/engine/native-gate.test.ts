import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { NativeGate } from '../../src/engine/workers/native-gate.js'

describe('the gate', () => {
  it('lets calls through until it is shut', async () => {
    const gate = new NativeGate()
    expect(await gate.through(async () => gate.cells[1])).toBe(1)
    await expect(gate.through(() => Promise.reject(new Error('inner')))).rejects.toThrow('inner')
    expect(gate.shut(0)).toBe(true)
    await expect(gate.through(async () => 1)).rejects.toThrow('closed')
    expect([...gate.cells]).toEqual([1, 0])
  })

  it('waits for another thread to come out', async () => {
    const gate = new NativeGate()
    Atomics.store(gate.cells, 1, 1)
    const source = `
      const { workerData, parentPort } = require('node:worker_threads')
      parentPort.postMessage('up')
      while (Atomics.load(workerData, 0) === 0);
      Atomics.sub(workerData, 1, 1)
      Atomics.notify(workerData, 1)`
    const worker = new Worker(source, { eval: true, workerData: gate.cells })
    await new Promise((resolve) => worker.once('message', resolve))
    expect(gate.shut(60_000)).toBe(true)
    await worker.terminate()
  })

  it('gives up on a thread that stays inside, and forgets one that leaves for good', () => {
    const gate = new NativeGate()
    void gate.through(() => new Promise(() => undefined))
    expect(gate.shut(1)).toBe(false)
    gate.leaveAll()
    expect(gate.shut(1)).toBe(true)
  })
})
