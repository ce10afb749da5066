import { safetensorsHeader } from '../../network/safetensors.js'
import type { WirePart } from '../../network/wire.js'

/*
 * All-reduce over a ring, without actors: n peers, each at a place of the ring, and a vector that is cut into n chunks of one
 * size (the last ones padded). In the first n - 1 hops every chunk goes once around and is added up, in the second n - 1 it goes
 * around as what it has come to.
 *
 *   hop h of reduce-scatter:  the peer at place p sends chunk p - h, and adds what it gets to chunk p - h - 1
 *   hop h of all-gather:      it sends chunk p + 1 - h, and takes what it gets for chunk p - h
 *
 * Patarasuk and Yuan, "Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations", JPDC 2009; Gibiansky, "Bringing HPC
 * Techniques to Deep Learning", 2017.
 */

/** Hops that each peer takes in. */
export const hopsOf = (peers: number): number => 2 * (peers - 1)

/** Floats of every chunk. */
export const chunkLength = (length: number, peers: number): number => Math.ceil(length / peers)

const modulo = (number: number, peers: number): number => ((number % peers) + peers) % peers

/** The chunk that the peer at a place sends at a hop, of all of them. */
export const sentAt = (hop: number, place: number, peers: number): number =>
  modulo(hop < peers - 1 ? place - hop : place + 1 - (hop - (peers - 1)), peers)

/** The chunk that it gets: what the one before it sends. */
export const gotAt = (hop: number, place: number, peers: number): number => sentAt(hop, place - 1, peers)

/** Does a hop add up, and not hand round what has been? */
export const addsAt = (hop: number, peers: number): boolean => hop < peers - 1

/** A vector's chunks, each number times a weight: copies. */
export const chunked = (values: Float32Array, weight: number, peers: number): Float32Array[] => {
  const size = chunkLength(values.length, peers)
  return Array.from({ length: peers }, (_, chunk) => {
    const own = new Float32Array(size)
    own.set(values.subarray(Math.min(values.length, chunk * size), Math.min(values.length, (chunk + 1) * size)))
    for (let i = 0; i < size; i++) own[i] *= weight
    return own
  })
}

/** The vector of so many numbers that chunks make up. */
export const joined = (chunks: readonly Float32Array[], length: number): Float32Array => {
  const all = new Float32Array(length)
  chunks.forEach((chunk, at) => {
    const from = Math.min(length, at * chunk.length)
    all.set(chunk.subarray(0, Math.min(chunk.length, length - from)), from)
  })
  return all
}

/** How a chunk lies on the wire. */
export const chunkPart = (name: string, length: number, peers: number): WirePart => {
  const size = chunkLength(length, peers)
  const body = { length: size, header: safetensorsHeader([{ name: 'chunk', shape: [size] }]), extras: [] }
  return { name, segments: [], up: body, down: body }
}
