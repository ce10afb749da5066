import type { WordOrder } from '../../src/data/vocabulary.js'
import type { Origin } from '../../src/data/world.js'

/** The categorical fields, in the order of the prepared table's `categorical_1..16`. */
export const fieldNames = [
  'user_active_degree', 'is_video_author', 'is_live_streamer', 'follow_user_num_range', 'fans_user_num_range',
  'friend_user_num_range', 'register_days_range', 'onehot_feat1', 'onehot_feat2', 'onehot_feat5', 'onehot_feat7',
  'onehot_feat10', 'upload_type', 'music_type', 'tag', 'hour',
] as const

/** `numerical_1..7`: known before the impression. `log` is `log(1 + x)`. */
export const knownNames = [
  'log_duration_s', 'log_video_age_days', 'log_follow', 'log_fans', 'log_friend', 'log_register_days', 'portrait',
] as const

/** `numerical_8..24`: statistics of the whole month over the whole platform, so they contain the test days. */
export const monthNames = [
  'log_show_cnt', 'log_play_cnt', 'play_per_show', 'complete_per_play', 'valid_per_play', 'long_per_play',
  'short_per_play', 'play_progress', 'log_play_dur_per_play', 'like_per_play', 'comment_per_play', 'follow_per_play',
  'share_per_play', 'download_per_play', 'collect_per_play', 'report_per_play', 'reduce_similar_per_play',
] as const

/** Impressions of all tabs, column by column, in the order of the files; from either source. */
export interface KuaiRandLog {
  readonly rows: number
  readonly tab: Float64Array
  /** 20220425, in the platform's own days. */
  readonly date: Float64Array
  /** Milliseconds since 1970. */
  readonly time: Float64Array
  readonly user: Float64Array
  readonly video: Float64Array
  readonly author: Float64Array
  readonly click: Float64Array
  /** As in the source; what the task means is `click AND long_view`. */
  readonly longView: Float64Array
  /** In the order of `fieldNames`; a code below 0 is unknown. */
  readonly fields: readonly { readonly codes: Int32Array; readonly words: readonly string[] }[]
  readonly order: WordOrder
  /** `knownNames`, then `monthNames` if they were asked for. */
  readonly numeric: readonly Float64Array[]
  readonly origins: readonly Origin[]
  readonly notes: readonly string[]
}
