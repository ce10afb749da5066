import { afterEach, expect, test, vi } from 'vitest'
import { ActorError } from '../../src/actors/actor-error.js'
import type { Behaviour, Context, Message } from '../../src/actors/actor.js'
import { exitCodes, SafetyError } from '../../src/errors.js'
import { from, note, tunnel, turn, type Note } from './tunnel.js'

afterEach(() => {
  vi.restoreAllMocks()
})

test('ping and pong', async () => {
  const { kernel, host, log, say } = tunnel()
  const player = (other: string): Behaviour<number> => (hits, { from: sender, message }, ctx) => {
    say(`${ctx.self} gets ${message.kind} from ${sender}`)
    if (hits < 2) ctx.send(other, note(message.kind === 'ping' ? 'pong' : 'ping'))
    return hits + 1
  }
  host.spawn('left', player('right'), 0)
  host.spawn('right', player('left'), 0)
  host.tell('left', from('umpire', note('ping')))
  await kernel.run()
  expect(log).toEqual([
    '0 left gets ping from umpire',
    '10 right gets pong from left',
    '20 left gets ping from right',
    '30 right gets pong from left',
    '40 left gets ping from right',
  ])
  expect([host.state('left'), host.state('right')]).toEqual([3, 2])
})

test('timers come back to the actor itself, in order, unless cancelled', async () => {
  const { kernel, host, log, say } = tunnel()
  const clock: Behaviour<number, Note> = (timer, { from: sender, message }, ctx) => {
    say(`${message.kind} ${message.text} from ${sender}`)
    if (message.kind === 'start') {
      ctx.after(30, note('timer', 'c'))
      ctx.after(10, note('timer', 'a'))
      ctx.after(10, note('timer', 'b'))
      ctx.cancel(12345)
      return ctx.after(20, note('timer', 'never'))
    }
    ctx.cancel(timer)
    return timer
  }
  host.spawn('clock', clock, 0)
  host.tell('clock', from('env', note('start')))
  await kernel.run()
  expect(log).toEqual([
    '0 start  from env',
    '10 timer a from clock',
    '10 timer b from clock',
    '30 timer c from clock',
  ])
})

test('the dead never speak, and their timers die with them; the restarted knows nothing of before', async () => {
  const { kernel, host, log, say } = tunnel()
  const client: Behaviour<string, Note> = (state, { message }, ctx) => {
    say(`client.${host.incarnation('client')} gets ${message.kind} in state '${state}'`)
    if (message.kind === 'model') ctx.after(100, note('trained', message.text))
    if (message.kind === 'trained') ctx.send('server', note('update', message.text))
    return `${state}${message.text}`
  }
  host.spawn<string[], Note>('server', (seen, { message }) => {
    say(`server gets ${message.kind} ${message.text}`)
    return [...seen, message.text]
  }, [])
  const model = (at: number, text: string): unknown =>
    host.deliver(at, 'client', from('server', note('model', text)), { arrives: (alive) => say(`model ${text} arrived: ${alive}`) })
  host.spawn('client', client, '')
  model(0, 'A')
  kernel.at(50, () => host.kill('client'))
  model(60, 'B')
  kernel.at(70, () => host.spawn('client', client, ''))
  model(90, 'C')
  await kernel.run()
  expect(log).toEqual([
    '0 model A arrived: true',
    "0 client.1 gets model in state ''",
    '60 model B arrived: false',
    '90 model C arrived: true',
    "90 client.2 gets model in state ''",
    "190 client.2 gets trained in state 'C'",
    '200 server gets update C',
  ])
  expect(host.state('server')).toEqual(['C'])
  expect([host.alive('client'), host.incarnation('client'), host.incarnation('nobody')]).toEqual([true, 2, 0])
})

test('messages to a name nobody bears are reported as not arrived, and are lost', async () => {
  const { kernel, host, log, say } = tunnel()
  host.deliver(5, 'ghost', from('env', note('x')), { arrives: (alive) => say(`arrived: ${alive}`) })
  await kernel.run()
  expect(log).toEqual(['5 arrived: false'])
})

test('a handler that throws ends the run, saying who, what and when; nact prints nothing', async () => {
  const print = vi.spyOn(console, 'log')
  const { kernel, host, log, say } = tunnel()
  const cause = new RangeError('no such expert')
  const broken: Behaviour<number> = () => {
    throw cause
  }
  host.spawn('expert-2', broken, 0)
  host.spawn('witness', (state: number) => (say('witness wakes'), state), 0)
  host.deliver(2_500_000, 'expert-2', from('env', note('update')))
  host.deliver(2_500_000, 'witness', from('env', note('update')))
  host.deliver(2_500_001, 'witness', from('env', note('update')))
  const error: unknown = await kernel.run().catch((e: unknown) => e)
  expect(error).toBeInstanceOf(ActorError)
  expect(error).toMatchObject({
    message: "expert-2 failed: no such expert ('update' at 2.500 s)",
    actor: 'expert-2', kind: 'update', time: 2_500_000, cause, exitCode: exitCodes.crash, name: 'ActorError',
  })
  await turn()
  await turn()
  expect(log).toEqual([])
  expect(print).not.toHaveBeenCalled()
})

test('an actor error takes over the exit code of its cause', async () => {
  const { kernel, host } = tunnel()
  host.spawn('client', () => {
    throw new SafetyError('private segment on the wire')
  }, 0)
  host.tell('client', from('env', note('model')))
  await expect(kernel.run()).rejects.toMatchObject({ exitCode: exitCodes.safety })
})

test('a handler that returns a promise, or anything like one, ends the run', async () => {
  const thenable = Object.defineProperty({}, 'then', { value: () => {} })
  const returns = [() => Promise.resolve(1), () => Promise.reject(new Error('later')), () => thenable]
  for (const returned of returns) {
    const { kernel, host } = tunnel()
    host.spawn('client-NL', returned as unknown as Behaviour<number>, 0)
    host.tell('client-NL', from('env', note('model')))
    await expect(kernel.run()).rejects.toThrow(
      'client-NL returned a promise; handlers are synchronous: ' +
        "let ctx.compute, ctx.after or ctx.send bring the result ('model' at 0.000 s)",
    )
  }
})

test('the context is revoked when the handler returns: every member of it throws, and the run ends', async () => {
  const uses: Record<string, (ctx: Context) => unknown> = {
    self: (ctx) => ctx.self,
    now: (ctx) => ctx.now,
    streams: (ctx) => ctx.streams,
    send: (ctx) => ctx.send('x', note('y')),
    after: (ctx) => ctx.after(1, note('y')),
    cancel: (ctx) => ctx.cancel(1),
    compute: (ctx) => ctx.compute('job', 1),
    abandon: (ctx) => ctx.abandon(1),
  }
  for (const [member, use] of Object.entries(uses)) {
    const { kernel, host } = tunnel()
    let leaked: Context | undefined
    host.spawn('leaky', (state: number, _, ctx) => {
      leaked = ctx
      use(ctx)
      return state
    }, 0)
    host.tell('leaky', from('env', note('model')))
    await kernel.run({ until: 0, stop: () => leaked !== undefined })
    expect(() => use(leaked!)).toThrow(`leaky used ctx.${member} after its handler had returned`)
    await expect(kernel.run()).rejects.toThrow(`leaky used ctx.${member} after its handler had returned`)
    await expect(kernel.run()).rejects.toThrow('this kernel failed')
  }
})

test('a context of an earlier message is dead in the handler of a later one', async () => {
  const { kernel, host } = tunnel()
  const hoarder: Behaviour<{ kept?: Context }> = (state, _, ctx) => {
    try {
      state.kept?.send('x', note('from the grave'))
    } catch {
      // A handler that swallows the error does not save its run.
    }
    return { kept: ctx }
  }
  host.spawn('hoarder', hoarder, {})
  host.tell('hoarder', from('env', note('one')))
  host.tell('hoarder', from('env', note('two')))
  await expect(kernel.run()).rejects.toThrow("hoarder used ctx.send after its handler had returned")
})

test('an awaited file in a handler cannot send: what wakes up later finds the context revoked', async () => {
  const { kernel, host } = tunnel()
  let caught: unknown
  host.spawn('sly', (state: number, _, ctx) => {
    void turn().then(() => ctx.send('server', note('late'))).catch((e: unknown) => (caught = e))
    return state
  }, 0)
  host.tell('sly', from('env', note('model')))
  kernel.at(5, async () => {
    await turn()
    await turn()
  })
  await expect(kernel.run()).rejects.toThrow('sly used ctx.send after its handler had returned')
  expect(caught).toBeInstanceOf(ActorError)
})

test('errors of the network and of arrivals end the run as well', async () => {
  const one = tunnel({
    send: () => {
      throw new RangeError('no link')
    },
  })
  one.host.spawn('a', (state: number, _, ctx) => (ctx.send('b', note('x')), state), 0)
  one.host.tell('a', from('env', note('go')))
  await expect(one.kernel.run()).rejects.toThrow("a failed: no link ('go' at 0.000 s)")
  const two = tunnel()
  two.host.spawn('a', (state: number) => state, 0)
  const broken = (): never => {
    throw new RangeError('ledger broken')
  }
  two.host.deliver(0, 'a', from('env', note('go')), { arrives: broken })
  await expect(two.kernel.run()).rejects.toThrow(new RangeError('ledger broken'))
})

test('rules of life: one at a time, death between turns, no state of the dead', async () => {
  const { kernel, host } = tunnel()
  const idle: Behaviour<number> = (n) => n + 1
  host.spawn('a', idle, 0)
  expect(() => host.spawn('a', idle, 0)).toThrow("spawn('a'): it is alive; kill it first")
  expect(() => host.spawn('', idle, 0)).toThrow('an actor needs a name')
  expect(() => host.kill('b')).toThrow("kill('b'): no actor of that name was ever spawned")
  host.kill('a')
  host.kill('a')
  expect(() => host.state('a')).toThrow('nobody of that name is alive')
  host.spawn('killer', (n: number) => (host.kill('killer'), n), 0)
  host.tell('killer', from('env', note('go')))
  await expect(kernel.run()).rejects.toThrow('a death is an event of its own; use kernel.at(kernel.now')
})

test('any text can be a name, and different texts are different actors', async () => {
  const { kernel, host, log, say } = tunnel()
  const names = ['São Paulo', 'a b', 'a$20$b', 'a/b', 'client-NL', '日本', 'a.1', 'a', '%', '-', '\n']
  for (const name of names) {
    host.spawn(name, (n: number, _, ctx) => (say(ctx.self), n + 1), 0)
    host.tell(name, from('env', note('hello')))
  }
  host.kill('a')
  host.spawn('a', (n: number, _, ctx) => (say(`again ${ctx.self}`), n + 1), 0)
  await kernel.run()
  expect(log).toEqual(names.map((name) => (name === 'a' ? '0 again a' : `0 ${name}`)))
})

test('states may be anything that is no promise', async () => {
  const { kernel, host } = tunnel()
  const states: unknown[] = [null, 0, '', false, [], () => 1, undefined]
  states.forEach((state, i) => {
    host.spawn(`a${i}`, () => state, 'initial')
    host.tell(`a${i}`, from('env', note('go')))
  })
  await kernel.run()
  expect(states.map((_, i) => host.state(`a${i}`))).toEqual(states)
})

test('many hosts fly in one process without noticing each other', async () => {
  const fly = async (hosts: number): Promise<string[][]> => {
    const flights = Array.from({ length: hosts }, (_, flight) => {
      const { kernel, host, log, say } = tunnel()
      const walker: Behaviour<number> = (steps, _, ctx) => {
        say(`${flight} walker ${steps}`)
        if (steps < 20) ctx.send('walker', note('step'))
        return steps + 1
      }
      host.spawn('walker', walker, 0)
      host.tell('walker', from('env', note('step')))
      return { kernel, host, log }
    })
    await Promise.all(flights.map(({ kernel }) => kernel.run()))
    for (const { host } of flights) host.dispose()
    return flights.map(({ log }) => log)
  }
  const together = await fly(5)
  expect(together).toEqual(
    Array.from({ length: 5 }, (_, flight) => Array.from({ length: 21 }, (__, i) => `${10 * i} ${flight} walker ${i}`)),
  )
})

test('a disposed host delivers nothing and charges nothing', async () => {
  const { kernel, host, log, say } = tunnel({ charged: () => say('charged') })
  host.spawn('a', (n: number, _, ctx) => (say('handled'), ctx.compute('job', 50), n), 0)
  host.tell('a', from('env', note('go')))
  await kernel.run({ until: 10 })
  host.deliver(20, 'a', from('env', note('go')), { arrives: (alive) => say(`arrived: ${alive}`) })
  host.dispose()
  await kernel.run()
  expect(log).toEqual(['0 handled', '20 arrived: false'])
})

test('messages are typed: a behaviour sees the messages it declares', async () => {
  interface Add extends Message {
    readonly kind: 'add'
    readonly n: number
  }
  const { kernel, host } = tunnel()
  host.spawn<number, Add>('sum', (sum, { message }) => sum + message.n, 0)
  const add: Add = { kind: 'add', n: 5 }
  host.tell('sum', from('env', add))
  await kernel.run()
  expect(host.state<number>('sum')).toBe(5)
})
