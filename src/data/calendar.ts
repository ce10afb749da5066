/** Days since 1970-01-01 of a date written as a number, 20220425. The proleptic Gregorian calendar, no time zone. */
export const dayNumber = (yyyymmdd: number): number => {
  const year = Math.floor(yyyymmdd / 10_000)
  const month = Math.floor(yyyymmdd / 100) % 100
  const day = yyyymmdd % 100
  // Years that begin in March put the leap day last, so that the days before a month follow one formula.
  const y = month <= 2 ? year - 1 : year
  const fromMarch = (month + 9) % 12
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return 365 * y + leapDays + Math.floor((153 * fromMarch + 2) / 5) + day - 1 - 719_468
}

/** The date `days` later than a date, both written as 20220425. */
export const addDays = (yyyymmdd: number, days: number): number => dateOf(dayNumber(yyyymmdd) + days)

/** A day number as a date, 20220425. The inverse of `dayNumber`. */
export const dateOf = (day: number): number => {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * ofYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year * 10_000 + month * 100 + (ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1)
}

/** True for a date that exists: 20240229, not 20230229. */
export const isDate = (yyyymmdd: number): boolean =>
  Number.isInteger(yyyymmdd) && dateOf(dayNumber(yyyymmdd)) === yyyymmdd
