/** The emoji that a bot of this kind uses; an unknown `:name:` stays as it is, as in Slack. */
const EMOJI: Record<string, string> = {
  alarm_clock: '⏰',
  arrows_counterclockwise: '🔄',
  arrow_right: '➡️',
  ballot_box_with_check: '☑️',
  bell: '🔔',
  book: '📖',
  bulb: '💡',
  calendar: '📅',
  clipboard: '📋',
  eyes: '👀',
  file_folder: '📁',
  gear: '⚙️',
  grey_question: '❔',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  inbox_tray: '📥',
  information_source: 'ℹ️',
  key: '🔑',
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  red_circle: '🔴',
  white_circle: '⚪',
  leftwards_arrow_with_hook: '↩️',
  link: '🔗',
  lock: '🔒',
  mag: '🔍',
  memo: '📝',
  no_bell: '🔕',
  no_entry: '⛔',
  no_entry_sign: '🚫',
  package: '📦',
  pencil2: '✏️',
  people_holding_hands: '🧑‍🤝‍🧑',
  plus1: '👍',
  '+1': '👍',
  rocket: '🚀',
  rotating_light: '🚨',
  sparkles: '✨',
  tada: '🎉',
  unlock: '🔓',
  warning: '⚠️',
  wastebasket: '🗑️',
  wave: '👋',
  white_check_mark: '✅',
  x: '❌',
  zap: '⚡',
  zzz: '💤',
};

export function emoji(name: string): string {
  return EMOJI[name] ?? `:${name}:`;
}

/** Plain text as Slack shows it: no formatting, `:name:` as an emoji. */
export function plain(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => EMOJI[name] ?? whole);
}
