import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Behaviour } from '../../src/actors/actor.js'
import { from, note, tunnel, turn } from './tunnel.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A state that shows whether it was let go. */
interface Heavy {
  readonly values: Float32Array
}

const born = (refs: WeakRef<Heavy>[]): Heavy => {
  const state = { values: new Float32Array(1000) }
  refs.push(new WeakRef(state))
  return state
}

const living = async (refs: readonly WeakRef<Heavy>[]): Promise<number> => {
  // A WeakRef holds until the end of the job that read it; nact's last words are an immediate away.
  for (let i = 0; i < 3; i++) {
    await turn()
    collect()
  }
  return refs.filter((ref) => ref.deref() !== undefined).length
}

const busy: Behaviour<Heavy> = (state, { message }, ctx) => {
  if (message.kind === 'go') {
    ctx.after(1_000_000, note('timer'))
    ctx.compute(state, 1_000_000)
  }
  return state
}

test('an actor that is killed a hundred times leaves one state behind, and nothing on the heap', async () => {
  const { kernel, host } = tunnel()
  const refs: WeakRef<Heavy>[] = []
  for (let life = 1; life <= 100; life++) {
    host.spawn('phoenix', busy, born(refs))
    host.tell('phoenix', from('env', note('go')))
    await kernel.run({ until: life * 10 })
    expect(kernel.pending).toBe(2)
    if (life < 100) host.kill('phoenix')
    else expect(await living(refs)).toBe(1)
  }
  expect(host.incarnation('phoenix')).toBe(100)
})

test('a disposed host lets go of all its actors', async () => {
  const { kernel, host } = tunnel()
  const refs: WeakRef<Heavy>[] = []
  for (let i = 0; i < 200; i++) {
    host.spawn(`client-${i}`, busy, born(refs))
    host.tell(`client-${i}`, from('env', note('go')))
  }
  await kernel.run()
  expect(await living(refs)).toBe(200)
  host.dispose()
  expect(await living(refs)).toBe(0)
})
