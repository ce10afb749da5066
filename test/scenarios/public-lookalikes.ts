import { normal, streams } from '../../src/random/streams.js'

const draw = streams('look-alikes')

/**
 * Files as MovieLens-100k has them: `u.data` (user, item, rating, seconds; tabs), `u.user` (user, age, gender,
 * occupation, zip code; pipes) and `u.item` (item, title, release date, video date, address, 19 genres; pipes, Latin-1), none
 * with a header. Users rate higher what is of the two genres that their age likes.
 */
export const ratingLog = (rows = 1_500): Record<string, string | Uint8Array> => {
  const pick = draw('ratings')
  const [users, items] = [60, 90]
  const jobs = ['technician', 'writer', 'librarian', 'student', 'other']
  const people = Array.from({ length: users }, (_, u) => {
    const age = 12 + Math.floor(pick() * 55)
    return { age, line: [u + 1, age, pick() < 0.4 ? 'F' : 'M', jobs[Math.floor(pick() * jobs.length)], 10_000 + u].join('|') }
  })
  const films = Array.from({ length: items }, (_, i) => {
    const genres = Array.from({ length: 19 }, () => Number(pick() < 0.15))
    const title = i % 7 === 0 ? `Misérables ${i}, Les (1995)` : i % 11 === 0 ? `"${i}" & Ålesund (1996)` : `Film ${i} (1994)`
    return { genres, line: [i + 1, title, '01-Jan-1995', '', `http://example.org/${i}`, ...genres].join('|') }
  })
  const log = Array.from({ length: rows }, (_, row) => {
    const [u, i] = [Math.floor(pick() * users), Math.floor(pick() * items)]
    const liked = films[i].genres[people[u].age < 30 ? 1 : 8] + films[i].genres[5]
    const rating = Math.min(5, Math.max(1, Math.round(2.9 + 1.1 * liked + normal(pick))))
    return [u + 1, i + 1, rating, 874_700_000 + 400 * row + Math.floor(pick() * 300)].join('\t')
  })
  return {
    'u.data': `${log.join('\n')}\n`,
    'u.user': `${people.map(({ line }) => line).join('\n')}\n`,
    'u.item': Buffer.from(`${films.map(({ line }) => line).join('\n')}\n`, 'latin1'),
  }
}

/** A campaign's table as Hillstrom's e-mail analytics has it: CRLF, quoted commas, no time and no user, a visit in 15 % of
 * the rows and a purchase in 1 %. */
export const campaignTable = (rows = 3_000): Record<string, string> => {
  const pick = draw('campaign')
  const one = (words: readonly string[]): string => words[Math.floor(pick() * words.length)]
  const lines = Array.from({ length: rows }, () => {
    const recency = 1 + Math.floor(pick() * 12)
    const history = Math.round(Math.exp(4.8 + normal(pick)) * 100) / 100
    const segment = history < 100 ? '1) $0 - $100' : history < 1_000 ? '2) $100 - $1,000' : '3) $1,000 +'
    const newbie = Number(pick() < 0.5)
    const visited = Number(pick() < 0.24 - 0.012 * recency - 0.04 * newbie)
    const bought = visited === 1 ? Number(pick() < 0.07) : 0
    const spent = bought === 1 ? (20 + 180 * pick()).toFixed(2) : '0.0'
    const zip = one(['Surburban', 'Rural', 'Urban'])
    return [recency, `"${segment}"`, history, Number(pick() < 0.55), Number(pick() < 0.55), zip, newbie,
      one(['Phone', 'Web', 'Multichannel']), one(['Mens E-Mail', 'Womens E-Mail', 'No E-Mail']), visited, bought, spent].join(',')
  })
  const header = 'recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend'
  return { 'campaign.csv': [header, ...lines, ''].join('\r\n') }
}
