// Copies the page's address; the link holds the whole experiment. Sets the document's language, by which the browser
// chooses Chinese letter forms and screen readers their voice. Beside it the button that lists the page's keys.
import { attend, showKeys } from "./help.js";

// Three places joined by two lines, as on phones.
const ICON = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8.2 10.8 15.8 6.4M8.2 13.2l7.6 4.4"/><circle cx="6" cy="12" r="2.6"/>'
  + '<circle cx="18" cy="5.2" r="2.6"/><circle cx="18" cy="18.8" r="2.6"/></svg>';

export default function share(component) {
  const { data, parentElement } = component;
  document.documentElement.lang = data.language;
  if (data.open) return wayOut(parentElement, data);
  let [button, keys] = parentElement.querySelectorAll("button.row");
  if (!button) {
    [button, keys] = [document.createElement("button"), document.createElement("button")];
    button.type = keys.type = "button";
    button.className = keys.className = "row";
    keys.append("?");
    keys.classList.add("question");
    keys.onclick = showKeys;
    parentElement.append(button, keys);
  }
  keys.setAttribute("aria-label", data.keys);
  keys.title = data.keys + " (?)";
  keys.setAttribute("aria-haspopup", "dialog");
  attend(parentElement, data.language.slice(0, 2));
  const show = (text) => {
    const words = document.createElement("span");
    words.className = text === data.label ? "words" : "words said";
    words.append(text);
    button.innerHTML = ICON;
    button.append(words);
  };
  show(data.label);
  button.title = data.hint;
  button.setAttribute("aria-live", "polite");
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      show(data.done);
    } catch {
      show(data.failed); // no permission, or a page that is not served securely
    }
    setTimeout(() => show(data.label), 2000);
  };
}

/** In a frame of another page: a link to the whole page, as it is when it is pressed. */
function wayOut(root, data) {
  attend(root, data.language.slice(0, 2));
  const link = root.querySelector("a.out") ?? root.appendChild(document.createElement("a"));
  Object.assign(link, { className: "out", target: "_blank", rel: "noopener", textContent: data.open + " ↗" });
  const follow = () => {
    const address = new URL(location.href);
    for (const name of ["embed", "embed_options"]) address.searchParams.delete(name);
    link.href = address.href;
  };
  follow();
  link.onpointerdown = link.onfocus = link.onpointerenter = follow;
}
