/** A label to predict for every impression. The kind owns the loss, the score and the metrics. */
export type Task =
  /** A label 0 or 1: binary cross-entropy of a logit, which is the score. */
  | { readonly name: string; readonly kind: 'binary' }
  /** A number: squared error; the score is the predicted number itself, in the label's unit. */
  | { readonly name: string; readonly kind: 'regression' }
  /** A class from 0 to `classes` - 1: softmax cross-entropy of a logit per class, which are the scores. */
  | { readonly name: string; readonly kind: 'multiclass'; readonly classes: number }
  /**
   * An order of items: Bayesian personalised ranking of a margin. Within the user's field, the row's item shall score
   * higher for the user than an item the user never met; within another field (a tag, an author), another item that
   * shares the row's word shall be closer to the row's item than one that does not. A row takes part where its label
   * is not NaN; its value says nothing.
   */
  | { readonly name: string; readonly kind: 'ranking'; readonly within: string }
  /** Alignment of users with their items and uniformity of both on the unit sphere; rows take part as in `ranking`. */
  | { readonly name: string; readonly kind: 'alignment'; readonly uniformity: number }
