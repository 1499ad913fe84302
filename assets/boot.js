// Runs before Streamlit's front end, and makes four things cheaper for it. Its numbers are those of Streamlit's
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

  // Arrays that this page has are not sent again: a message may come in parts, some of them numbers of arrays that came
  // before. See pages/components/server/array_cache.py, which keeps the same ones by the same rule.
  const ASKED = "neurarium=arrays";
  const MOST_BYTES = 16_000_000;
  const [PLAIN, KEPT, KNOWN] = [0, 1, 2];

  class Arrays {
    #kept = new Map(); // number -> bytes, the least recently sent first
    #count = 0;
    #held = 0;

    // The message that came in parts; what came whole as it is.
    whole(data) {
      if (!(data instanceof ArrayBuffer)) return data;
      const bytes = new Uint8Array(data), view = new DataView(data);
      if (bytes[0] !== 0xff || bytes[1] !== 1) return data;
      const parts = [];
      for (let at = 2; at < bytes.length; ) {
        const [kind, value] = [bytes[at], view.getUint32(at + 1, true)];
        at += 5;
        if (kind === KNOWN) {
          parts.push(this.#known(value));
          continue;
        }
        parts.push(bytes.subarray(at, at + value));
        if (kind === KEPT) this.#keep(bytes.slice(at, at + value));
        at += value;
      }
      const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let place = 0;
      for (const part of parts) {
        made.set(part, place);
        place += part.length;
      }
      return made.buffer;
    }

    #known(number) {
      const array = this.#kept.get(number);
      this.#kept.delete(number);
      this.#kept.set(number, array);
      return array;
    }

    #keep(array) {
      this.#kept.set(this.#count++, array);
      this.#held += array.length;
      for (const [number, { length }] of this.#kept) {
        if (this.#held <= MOST_BYTES) break;
        this.#kept.delete(number);
        this.#held -= length;
      }
    }
  }

  window.WebSocket = class extends WebSocket {
    #arrays = new Arrays();
    #whole = new WeakMap(); // event -> the same with its message whole; each is put together once
    #held = [];
    #timer = 0;
    unanswered = 0; // when the first request was sent since anything came; components/connection.js looks at it

    constructor(address, ...more) {
      super(address + (String(address).includes("?") ? "&" : "?") + ASKED, ...more);
      window.neurariumSocket = this;
      super.addEventListener("message", (event) => {
        this.unanswered = 0;
        const data = this.#arrays.whole(event.data);
        if (data !== event.data) this.#whole.set(event, new MessageEvent("message", { data, origin: event.origin }));
      });
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
          const whole = this.#whole.get(event) ?? event;
          const over = endsRun(whole.data);
          this.#held.push({ over, give: () => listener.call(this, whole) });
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
