import { fileURLToPath } from 'node:url'
import { explore } from '../../src/runs/explore/explore.js'
const script = fileURLToPath(new URL(process.argv[2] ?? 'masked-federation.ts', import.meta.url))
const t = Date.now()
const seen = await explore({ script, cwd: process.cwd(), rounds: 6, chance: process.argv[4] ?? '1', workers: 2, directed: false, backward: false, plans: Number(process.argv[3] ?? 100) } as never)
console.log(Object.keys(seen), seen.flown, (Date.now() - t) / 1000)
for (const f of seen.found) console.log(JSON.stringify(f).slice(0, 3000))
process.exit(0)
