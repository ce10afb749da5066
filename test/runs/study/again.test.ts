import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { say } from '../../cli/console.js'

const cwd = mkdtempSync(join(tmpdir(), 'windtunnel-again-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const library = (file: string): string => JSON.stringify(pathToFileURL(join(process.cwd(), file)).href)
const simulation = {
  world: { kind: 'storefronts', scenarios: 2, impressions: 100, users: 20 }, model: { kind: 'linear-model' }, local: { batch: 32 },
  rounds: { kind: 'synchronous', count: 1 }, strategy: { kind: 'fedavg' },
}
/** Two links, of which one makes everything late: a run of either is not one of the other. */
const links = `import { delay } from 'rxjs'
const plain = (envelopes, { usual }) => usual(envelopes)
const late = (envelopes, { usual, scheduler }) => usual(envelopes.pipe(delay(5_000_000, scheduler)))
`

describe('a run with functions of its script is flown again by itself', () => {
  const replays = async (script: string, folders: readonly string[]): Promise<void> => {
    const digests: string[] = []
    for (const folder of folders) {
      const { code, out, err } = await say(['replay', join(cwd, 'runs', folder), '--workers', '1', '--json'], cwd)
      expect([script, folder, err, code]).toEqual([script, folder, '', 0])
      digests.push((JSON.parse(out) as { digest: string }).digest)
    }
    expect(new Set(digests).size).toBe(digests.length)
  }

  it('of a study', async () => {
    writeFileSync(join(cwd, 'studied.ts'), `${links}import { study } from ${library('src/runs/study/study.ts')}
export default study({ name: 'studied', question: 'Late?', base: ${JSON.stringify(simulation)}, conditions: { plain: { link: plain }, late: { link: late } },
  variants: { fedavg: {}, alone: { strategy: { kind: 'local-only' } } }, baselines: ['fedavg'], seeds: 1 })\n`)
    expect((await say(['study', 'studied.ts', '--workers', '1', '--quiet'], cwd)).code).toBe(0)
    await replays('studied.ts', ['studied/plain/fedavg/seed-1', 'studied/late/fedavg/seed-1'])
  })

  it('of a sweep', async () => {
    writeFileSync(join(cwd, 'swept.ts'), `${links}import { sweep } from ${library('src/runs/sweep/sweep.ts')}
export default sweep({ base: ${JSON.stringify(simulation)}, grid: { link: { plain, late } } })\n`)
    expect((await say(['sweep', 'swept.ts', '--workers', '1', '--flights', '1', '--quiet'], cwd)).code).toBe(0)
    await replays('swept.ts', ['swept-sweep/storefronts/plain/seed-1', 'swept-sweep/storefronts/late/seed-1'])
  })
})
