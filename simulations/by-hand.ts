import { fileURLToPath } from 'node:url'

import { crash, deadline, fedAvg, Lab, minutes, mmoe, ms, named, partition, seconds, simulation, type Plan } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

const script = simulation({
  world: storefronts({ scenarios: 4, impressions: 1_000 }),
  model: mmoe({ embedding: 4, experts: 2, expert: [8], tower: [4] }),
  strategy: fedAvg(),
  rounds: deadline({ count: 6, after: minutes(5), quorum: 1, patience: seconds(2) }),
  delivery: { acknowledge: true, retries: 12, timeout: ms(200) },
})

export default script

/** Cuts an expert network off, has it die behind the cut, and heals the cut by hand when it asks where the others are. */
export const byHand = async (): Promise<{ readonly digest: string; readonly untouched: string; readonly plan: Plan }> => {
  const lab = await Lab.open(script, { seed: 1, workers: 1 })
  const flight = await lab.start()

  await flight.until({ opened: 3 })
  const untouched = await flight.fork()
  const cut = flight.inject(partition([named('expert-1')]))
  await flight.until(flight.now + ms(50))

  flight.inject(crash('expert-1', { at: flight.now, restartAfter: ms(100), keeps: 'checkpoint' }))
  await flight.until((event) => event.kind === 'life' && event.what === 'restart')
  await flight.until(flight.now + seconds(1))
  console.log(`expert-1 ${flight.state('expert-1').recovery === undefined ? 'is back' : 'asks in vain'} at ${flight.now} us`)

  flight.heal(cut.id)
  await flight.until((event) => event.kind === 'recovered')
  console.log(`expert-1 ${flight.state('expert-1').recovery === undefined ? 'is back' : 'asks in vain'} at ${flight.now} us`)

  const { digest, marks, plan } = await flight.finish()
  console.log(`links healed in recovery: ${marks['link healed in recovery']}`)

  // What was done by hand is a plan like any other, and so is the flight that was left alone.
  console.log(`flown by its plan it is ${digest === (await lab.fly({ plan })).digest ? 'the same' : 'another'}`)
  const { digest: calm } = await untouched.finish()
  await lab.close()
  return { digest, untouched: calm, plan }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await byHand()
