/** A label to predict for every impression. The kind owns the loss and the metrics. */
export type Task =
  | { readonly name: string; readonly kind: 'binary' }
  | { readonly name: string; readonly kind: 'multiclass'; readonly classes: number }
