/**
 * Libraries whose output is what travels, and their versions: another version may make other bytes of the same numbers, so
 * that a flight is told again only with these. Exact in package.json.
 */
export const codecLibraries = { '@bokuweb/zstd-wasm': '0.0.27', fflate: '0.8.3' } as const
