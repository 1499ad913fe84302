// Copies the page's address; the link holds the whole experiment. Sets the document's language, by which the browser
// chooses Chinese letter forms and screen readers their voice. Beside it the button that lists the page's keys.
import { attend, showKeys } from "./help.js";

export default function share(component) {
  const { data, parentElement } = component;
  document.documentElement.lang = data.language;
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
    button.innerHTML = '<span aria-hidden="true"></span>';
    button.append(text);
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
