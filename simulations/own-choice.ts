import { type Candidate, type Choose, fedAvg, fraction, minutes, mlp, quorum, simulation, slow } from '@windtunnel/windtunnel'
import { storefronts } from '@windtunnel/windtunnel/scenarios'

/** How much is to be gained from a client: those that have not been heard come first. */
const worth = ({ last }: Candidate): number => last?.change ?? Number.MAX_VALUE

/** The clients whose last update moved the model most. They come in a drawn order, so that ties are drawn. */
export const movers: Choose = (candidates, { wanted }) =>
  candidates.toSorted((a, b) => worth(b) - worth(a)).slice(0, wanted).map(({ name }) => name)

export default simulation({
  world: storefronts({ scenarios: 6, impressions: 1_000 }),
  model: mlp({ hidden: [16] }),
  strategy: fedAvg(),
  rounds: quorum({ count: 8, select: 3, quorum: 2, after: minutes(1) }),
  choose: movers,
  faults: [slow(fraction(0.3), { by: 4 })],
})
