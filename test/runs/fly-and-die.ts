import type { EngineName } from '../../src/engine/open.js'
import { conduct } from '../../src/runs/simulate.js'
import { endingDisk, tiny } from './broken-off.js'

/* Flies into a folder and is killed, as by kill -9, in the middle of the write that goes beyond so many bytes. */

const [folder, engine, bytes] = process.argv.slice(2)
const disk = endingDisk(Number(bytes), () => {
  process.kill(process.pid, 'SIGKILL')
  // The signal comes between two instructions, and not always before the next.
  for (;;);
})
await conduct(tiny, { seed: 7, engine: engine as EngineName, workers: 2, out: folder }, { disk })
