/** Bytes that no encoder has written. The message says what was expected. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}
