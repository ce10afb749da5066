/**
 * Impressions in typed columns, over shared memory so that every worker reads the same bytes. Row-major matrices.
 * A label of NaN means that the row does not belong to that task's sample space.
 */
export interface Table {
  readonly rows: number
  /** [rows, fields]; ids run from 0 (unknown or out of vocabulary) to the field's size - 1. */
  readonly categorical: Int32Array
  /** [rows, numeric], scaled. */
  readonly numeric: Float32Array
  /** [rows, tasks]; 0 or 1 for binary, any number for regression, the class number for multiclass, NaN where the task does not apply. */
  readonly labels: Float32Array
  /**
   * [rows, tasks] how much a training row counts in each task's loss, 0 or more; not read where there is no label. A row
   * of weight 0 is for that task as one without a label. Absent: all count alike.
   */
  readonly weights?: Float32Array
  /** [rows] who saw the impression, if known: for user-level metrics. Never a feature. */
  readonly user?: Int32Array
  /** [rows] milliseconds since 1970, if known. */
  readonly time?: Float64Array
}

/** A typed array over shared memory. */
export const sharedFloats = (length: number): Float32Array => new Float32Array(new SharedArrayBuffer(length * 4))
export const sharedInts = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4))
export const sharedDoubles = (length: number): Float64Array => new Float64Array(new SharedArrayBuffer(length * 8))
