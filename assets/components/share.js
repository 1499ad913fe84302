// Copies the page's address; the link holds the whole experiment. Sets the document's language, by which the browser
// chooses Chinese letter forms and screen readers their voice.
export default function share(component) {
  const { data, parentElement } = component;
  document.documentElement.lang = data.language;
  let button = parentElement.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    parentElement.append(button);
  }
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
