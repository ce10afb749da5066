import type { PrivacyReport, PrivateRound } from '../flight/privacy-account.js'
import { formatCount, plural, wrap } from '../report/format.js'
import { type Align, table } from './table.js'

/** Rounds that a table shows at most: the first ones, and the last. */
const most = 12

const formatEpsilon = (epsilon: number | null | undefined): string =>
  epsilon == null ? 'none' : epsilon >= 1000 ? formatCount(Math.round(epsilon)) : epsilon.toPrecision(4)

const shownOf = (rounds: readonly PrivateRound[]): readonly PrivateRound[] => {
  const step = Math.ceil(rounds.length / most)
  return rounds.filter((_, i) => (i + 1) % step === 0 || i === 0 || i === rounds.length - 1)
}

/** What a run promises every client, round by round, and what that does not speak of. */
export const privacyBlock = ({ clip, noise, where, delta, sampling, rounds, single, notCovered }: PrivacyReport, width: number): string => {
  const samples = sampling.q < 1
  const body = shownOf(rounds).map(({ round, releases, noise: least, epsilon, sampled }) => [
    String(round), formatCount(releases), least.toPrecision(4), formatEpsilon(epsilon), ...(samples ? [formatEpsilon(sampled)] : []),
  ])
  const head = ['round', 'releases', 'noise', 'epsilon', ...(samples ? [`epsilon, drawn with ${sampling.q.toPrecision(3)}`] : [])]
  const align: Align[] = head.map(() => 'right')
  const told = samples ? sampling.because : `without amplification by sampling: ${sampling.because}`
  const lines = [
    `Privacy of each client: clipped to ${clip}, noise of ${noise} times that by ${where === 'server' ? 'the servers' : 'the clients'}, delta ${delta}`,
    table(head, align, body),
    wrap(`epsilon is of all rounds so far, whether a client took part at all; ${told}`, width),
    single && wrap(`to whoever sees single updates: epsilon ${formatEpsilon(single.epsilon)} of ${plural(single.updates, 'update')}, whatever the client had learnt`, width),
    wrap(`not covered: ${notCovered.join('; ')}`, width),
  ]
  return lines.filter(Boolean).join('\n')
}
