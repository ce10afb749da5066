import type { Drawer } from '../chart.js'
import { html } from '../html.js'
import type { Section } from '../page.js'
import type { RunFacts } from '../read-run.js'
import { bytesBlock, ledgerByGroup } from './cost/bytes.js'
import { pathBlock, pathDownload } from './cost/path.js'
import { billBlock, trainingsBlock } from './cost/spent.js'

/** What it cost: bytes, training, joules and money, and the time of rounds; what came to nothing is hatched. */
export const cost = (run: RunFacts, drawer: Drawer): Section => ({
  id: 'cost',
  title: 'What it cost',
  content: html`
<h3>Bytes</h3>
${bytesBlock(run, drawer)}
<h3>Local training</h3>
${trainingsBlock(run, drawer)}
<h3>Joules and money</h3>
${billBlock(run, drawer)}
<h3>The time of rounds</h3>
${pathBlock(run, drawer)}`,
  downloads: [ledgerByGroup(run.ledger), pathDownload(run)],
})
