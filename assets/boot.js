// Runs before Streamlit's front end, and makes three things cheaper for it. Its numbers are those of Streamlit's
// ForwardMsg, which a test compares.
{
  // Streamlit looks for its server under every part of the page's path; on a deep link that costs two failed requests, a
  // pause, and two errors in the console. This script lies at the root, so it can say where the server is.
  const root = new URL(".", document.currentScript.src).href.replace(/\/$/, "");
  window.__streamlit = { BACKEND_BASE_URL: root, MAIN_PAGE_BASE_URL: root };

  // A page that no other page embeds is its own host: it tells itself of every change, and matches each of these messages
  // against a dozen patterns of trusted hosts (7 ms of every change of a page). Nobody else is there to be told.
  if (window.parent === window) {
    addEventListener("message", (event) => {
      if (event.source === window && event.data?.stCommVersion) event.stopImmediatePropagation();
    });
  }

  // The messages of a run are handed over together, when it is over or has taken a while. One by one, each of them that
  // comes alone makes the front end look at every element of the page: three times or more for each change.
  const SCRIPT_FINISHED = 6; // field of ForwardMsg
  const LONGEST_END = 512; // bytes of a message that ends a run
  const PATIENCE = 60; // milliseconds that the first message waits for the last
  const REST = 2; // milliseconds: what follows the end of a run, it is told that nothing runs, comes at once

  function endsRun(data) {
    if (!(data instanceof ArrayBuffer) || data.byteLength > LONGEST_END) return false;
    const bytes = new Uint8Array(data);
    let at = 0;
    const number = () => {
      let [value, shift, byte] = [0, 0, 0];
      do {
        byte = bytes[at++];
        value += (byte & 127) * 2 ** shift;
        shift += 7;
      } while (byte & 128);
      return value;
    };
    while (at < bytes.length) {
      const [field, kind] = ((tag) => [tag >> 3, tag & 7])(number());
      if (field === SCRIPT_FINISHED) return true;
      const value = kind === 0 || kind === 2 ? number() : NaN; // kinds of fields: a number; bytes with their length
      if (Number.isNaN(value)) return false;
      if (kind === 2) at += value;
    }
    return false;
  }

  window.WebSocket = class extends WebSocket {
    #held = [];
    #timer = 0;
    unanswered = 0; // when the first request was sent since anything came; components/connection.js looks at it

    constructor(...place) {
      super(...place);
      window.neurariumSocket = this;
      super.addEventListener("message", () => (this.unanswered = 0));
      super.addEventListener("close", () => {
        while (this.#held.length) this.#deliver();
      });
    }

    send(content) {
      this.unanswered ||= Date.now();
      super.send(content);
    }

    addEventListener(type, listener, options) {
      if (type !== "message") return super.addEventListener(type, listener, options);
      super.addEventListener(
        type,
        (event) => {
          const over = endsRun(event.data);
          this.#held.push({ over, give: () => listener.call(this, event) });
          if (over) clearTimeout(this.#timer);
          if (over || !this.#timer) this.#timer = setTimeout(() => this.#deliver(), over ? REST : PATIENCE);
        },
        options,
      );
    }

    // At most the end of one run at a time. Streamlit's cache of messages looks one up when it is given, but counts the
    // runs that have ended a moment later: several ends given at once would let it forget what it was just shown.
    #deliver() {
      clearTimeout(this.#timer);
      const [end, another] = this.#held.flatMap(({ over }, at) => (over ? [at] : []));
      for (const { give } of this.#held.splice(0, another ? end + 1 : this.#held.length)) give();
      this.#timer = this.#held.length ? setTimeout(() => this.#deliver()) : 0;
    }
  };
}
