/** What a federation has of the protocol: what it cannot come to is neither counted nor missed. */
export interface Has {
  /** Its clients are peers: there is no server. */
  readonly peers: boolean
  /** Updates are summed under masks. */
  readonly masks: boolean
  /** Regional aggregators stand between clients and servers. */
  readonly regions: boolean
}
