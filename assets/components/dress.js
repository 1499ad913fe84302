// The one style sheet of all components, made once; Streamlit would send a copy of it with every element of every answer.
import { SHEET } from "./sheet.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(SHEET);

/** Gives it to the shadow root that a component is drawn in. */
export function dress(host) {
  const root = host.getRootNode();
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
}
