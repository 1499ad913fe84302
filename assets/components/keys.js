// What keys do, in words: of a canvas for screen readers, of a page for the list that "?" opens.
import { WORDS } from "./words.js";

/** Words of pages/components/parts/keyboard.py in the reader's language. */
export const wordsIn = (language) => WORDS[language] ?? WORDS.en;

/** "← → : cell by cell; Enter: choose", what a screen reader says after the name of a canvas. */
export function describing(shortcuts, language) {
  const words = wordsIn(language);
  return shortcuts.map(([keys, name]) => `${words.spoken[keys] ?? keys}: ${words[name]}`).join("; ");
}
