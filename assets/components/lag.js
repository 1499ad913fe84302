// What speaks of an earlier moment than the pictures is dimmed, see style.css.

let speaker = null; // the view that said so last; another cannot take it back

/** lags: "run", all that does not follow a run while it goes on; "moment", the formulas and tables of the moment at
    which a bar was let go, while it is moved elsewhere; null for nothing. view: who says so. */
export function lag(view, lags) {
  const { dataset } = document.documentElement;
  if (speaker !== view ? !lags : dataset.lags === (lags ?? undefined)) return;
  if (lags) dataset.lags = lags;
  else delete dataset.lags;
  speaker = lags ? view : null;
}
