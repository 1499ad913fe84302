// Says in the reader's language when the line to the server is lost, mends it, and lets no click vanish unsaid.
// Whether it is connected, Streamlit tells at its outermost element; whether it was asked and has not answered, boot.js.
import { CONNECTION } from "./connection_words.js";

const LOST_AFTER = 600; // ms: a line that is back before has been missed by nobody
const LOOK_EVERY = 1000; // ms between two looks at what is unanswered
const SLOW_AFTER = 4000; // ms without an answer until the server is asked by another way whether it is there
const BUSY_AFTER = 8000; // ms without an answer until the page says that it waits, though the server is there
const DEAD_AFTER = 10000; // ms without an answer until the line is made anew where the server is not there
const GIVEN_UP_AFTER = 40000; // the same where it is
const ASKED_FOR = 5000; // ms for the answer to that
const HEALTH = new URL("../../health", import.meta.url); // this file lies in <root>/neurarium/<hash>/
const RELOADS = { most: 3, within: 120000 }; // of the page by itself, for a fault that comes back each time
const SAID_FOR = 7000; // ms that the end of it stays in view

const words = () => CONNECTION[document.documentElement.lang.slice(0, 2)] ?? CONNECTION.en;
const line = { app: null, connected: false, ever: false, unheard: false, server: "", process: "", timer: 0 };

/** Whether what is done now can reach the server; if not, the reader is told. Components ask before they report. */
export function reaches() {
  if (line.connected || !line.ever) return true;
  say("refused", true);
  return false;
}

function say(name, strong = false) {
  let box = document.querySelector("#connection");
  if (!name) return box?.remove();
  if (!box) {
    box = document.createElement("div");
    box.id = "connection";
    box.setAttribute("role", "status");
    document.body.append(box);
  }
  if (box.dataset.says !== name) box.textContent = words()[name];
  box.dataset.says = name;
  if (strong) box.animate([{ transform: "translate(-50%) scale(1.06)" }, { transform: "translate(-50%)" }], 250);
}

const says = () => document.querySelector("#connection")?.dataset.says ?? "";

/** After a while, unless the state changes before. */
function later(wait, act) {
  clearTimeout(line.timer);
  line.timer = setTimeout(act, wait);
}

/** Streamlit says another state. */
function look() {
  const state = line.app.dataset.testConnectionState, was = line.connected;
  line.connected = state === "CONNECTED";
  if (state === "DISCONNECTED_FOREVER") return again();
  if (line.connected === was) return;
  line.ever ||= line.connected;
  if (!line.ever) return;
  if (!line.connected) {
    line.unheard = Boolean(window.neurariumSocket?.unanswered); // it may never have arrived
    return later(LOST_AFTER, () => says() === "refused" || say("lost"));
  }
  later(SAID_FOR, () => say(""));
  compare();
  if (says()) say(line.unheard ? "backUnheard" : "back");
}

/** What was asked has no answer for long: behind a router that forgot a connection nothing else tells. */
async function listen() {
  const socket = window.neurariumSocket, since = socket?.unanswered;
  const waited = since && line.connected ? Date.now() - since : 0;
  if (waited < SLOW_AFTER) {
    line.server = "";
    if (says() === "slow") say("");
    return;
  }
  if (!line.server) {
    line.server = "asked";
    line.server = await isThere();
    if (socket.unanswered !== since) return;
  }
  if (line.server === "gone" || waited > BUSY_AFTER) say("slow");
  // Streamlit then connects anew, with all that its widgets say.
  if (waited > (line.server === "gone" ? DEAD_AFTER : GIVEN_UP_AFTER)) socket.close();
}

const isThere = async () => ((await health()) ? "there" : "gone");

/** What /health says; null where nobody answers. */
async function health() {
  try {
    const asked = { cache: "no-store", signal: AbortSignal.timeout(ASKED_FOR) };
    const answer = await fetch(HEALTH, asked);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** A server that was started anew knows nothing of the parts of this page, and would drop what is done with them. */
async function compare() {
  const process = (await health())?.process;
  if (!process) return;
  if (line.process && line.process !== process) return again();
  line.process = process;
}

/** Streamlit has given up for good, or the server is another one. The link holds the settings, so the page is loaded again; not for ever. */
function again() {
  clearTimeout(line.timer);
  const now = Date.now();
  const before = JSON.parse(sessionStorage.getItem("neurarium-reloads") ?? "[]").filter((at) => now - at < RELOADS.within);
  if (before.length >= RELOADS.most) {
    say("over");
    const button = document.createElement("button");
    button.textContent = words().reload;
    button.onclick = () => location.reload();
    document.querySelector("#connection").append(" ", button);
    return;
  }
  sessionStorage.setItem("neurarium-reloads", JSON.stringify([...before, now]));
  say("reloading");
  setTimeout(() => location.reload(), 1500);
}

function watch() {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app) return setTimeout(watch, 200);
  line.app = app;
  new MutationObserver(look).observe(app, { attributes: true, attributeFilter: ["data-test-connection-state"] });
  setInterval(listen, LOOK_EVERY);
  look();
}
watch();
