// Time: which frames of a run the browser holds (FrameStore) and which one everybody shows (Clock).

export const MOST_FRAMES = 600;
const MOST_BYTES = 48e6; // of one component: a big network keeps fewer moments, never fewer than 30
const FRAMES_PER_SECOND = 12; // at speed 1, where the frames do not say another pace
const SAME_DELIVERY = 60; // ms: payloads of several components that belong to one rerun

/** Place of the greatest value <= wanted in an increasing list; 0 where none is. */
export function placeOf(list, wanted) {
  let low = 0, high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle] <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Every second frame goes, the newest stays. */
const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const thin = (list) => list.filter((_, at) => (list.length - 1 - at) % 2 === 0);

function sameValues(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && (a[i] === a[i] || b[i] === b[i])) return false; // NaN is NaN
  return true;
}

/**
 * Frames of one component: index -> {step, slices}. Payloads may overlap or come late; each index is kept once. Where
 * one comes again with other content, the picture has become another: what was kept of it goes.
 */
export class FrameStore {
  constructor() {
    this.run = null;
    this.clear();
  }

  clear() {
    this.frames = new Map();
    this.indices = [];
  }

  /** meta: meta.frames; arrays: {name: {shape: [T, ...], data}}. signature: shapes that must not change in a run. */
  receive(meta, arrays) {
    const names = Object.keys(arrays);
    const signature = meta.run + names.map((name) => name + arrays[name].shape.slice(1)).join();
    if (this.run !== signature) {
      this.run = signature;
      this.clear();
    }
    const part = (name, at) => {
      const { shape, data } = arrays[name], size = data.length / shape[0];
      return data.subarray(at * size, (at + 1) * size);
    };
    const differs = (index, at) => {
      const kept = this.frames.get(index)?.slices;
      return kept && names.some((name) => !sameValues(kept[name], part(name, at)));
    };
    if (meta.indices.some(differs)) this.clear();
    let fresh = 0;
    meta.indices.forEach((index, at) => {
      if (this.frames.has(index)) return;
      const slices = {};
      for (const name of names) slices[name] = part(name, at).slice(); // a copy: the payload it came in can be freed
      this.frames.set(index, { index, step: meta.steps[at], slices });
      fresh++;
    });
    if (!fresh) return;
    this.indices = [...this.frames.keys()].sort((a, b) => a - b);
    const bytes = Object.values(this.at(this.last).slices).reduce((sum, slice) => sum + slice.byteLength, 1);
    const most = Math.max(30, Math.min(MOST_FRAMES, MOST_BYTES / bytes));
    while (this.indices.length > most) {
      this.indices = thin(this.indices);
      const kept = new Set(this.indices);
      for (const index of this.frames.keys()) if (!kept.has(index)) this.frames.delete(index);
    }
  }

  /** The frame at an index, else the one before it, else the first. */
  at(index) {
    return this.frames.get(this.indices[placeOf(this.indices, index)]);
  }

  get last() {
    return this.indices[this.indices.length - 1];
  }
}

const stores = new Map(); // component key -> FrameStore: survives a component that is taken away and put back

export function storeOf(key) {
  const store = stores.get(key) ?? new FrameStore();
  stores.delete(key);
  stores.set(key, store); // the most recently used last
  if (stores.size > 16) stores.delete(stores.keys().next().value);
  return store;
}

/** One time for all components that name it. `index` is the frame shown; `position` its place among `count`. */
export class Clock {
  constructor() {
    this.listeners = new Set();
    this.speed = 1;
    this.pace = FRAMES_PER_SECOND;
    this.reset(null);
  }

  reset(run) {
    this.run = run;
    this.indices = [];
    this.steps = new Map();
    this.cursor = 0; // fractional position
    this.playing = false;
    this.live = false; // following the newest frame
    this.running = false; // more frames are expected
    this.rate = 0;
    this.gap = 250; // ms between deliveries, estimated
    this.arrived = null;
    this.touched = false; // by the reader, since the run is shown
    this.held = null; // by the reader, away from a run: "running", then "ended"
  }

  get count() { return this.indices.length; }
  get position() { return Math.min(this.count - 1, Math.floor(this.cursor + 1e-6)); }
  get index() { return this.indices[this.position] ?? 0; }
  get moving() { return this.playing || (this.live && (this.running || this.cursor < this.count - 1)); }
  get step() { return this.steps.get(this.index) ?? 0; }

  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  notify() {
    for (const listener of this.listeners) listener(this);
  }

  /** Frames that a component received; several components offer the same ones. */
  offer(meta) {
    const first = this.run !== meta.run;
    if (first) this.reset(meta.run);
    this.pace = meta.pace ?? FRAMES_PER_SECOND;
    const shown = this.index;
    const newest = this.indices[this.count - 1] ?? -1;
    const fresh = meta.indices.filter((index) => !this.steps.has(index));
    meta.indices.forEach((index, at) => this.steps.set(index, meta.steps[at]));
    const ran = this.running, changed = ran !== meta.live;
    this.running = meta.live;
    const goesOn = fresh.length > 0 && fresh[fresh.length - 1] > newest;
    if (this.held && !meta.live) this.held = "ended";
    // The run goes on: whoever started it wants to see it. Who held it sees it once there is something new after its
    // end: the parts of a page are not in step, and one may still bring what was before Pause.
    if (meta.live && !first && (this.held ? this.held === "ended" && goesOn : changed)) {
      this.held = null;
      this.playing = false;
      this.live = true;
      this.arrived = null;
    }
    const stand = () => { // where the link says, until the reader takes over
      if (meta.at === null || meta.at === undefined || meta.live || this.touched) return false;
      const place = placeOf(this.indices, meta.at);
      this.live = false;
      this.playing = meta.start === "play" && !first && !isStill() && place > this.cursor; // it goes there
      this.goal = this.playing ? place : null;
      if (!this.playing) this.cursor = place;
      return true;
    };
    if (!fresh.length) {
      if (stand() || changed) {
        this.notify();
        this.#run();
      }
      return;
    }
    const atEnd = !this.playing && this.cursor >= this.count - 1;
    let list = [...new Set([...this.indices, ...fresh])].sort((a, b) => a - b);
    while (list.length > MOST_FRAMES) list = thin(list);
    this.indices = list;
    if (first) {
      this.live = meta.live;
      this.playing = meta.start === "play" && !isStill();
      this.cursor = meta.live || meta.start === "last" || (meta.start === "play" && isStill()) ? this.count - 1 : 0;
    } else {
      this.cursor = placeOf(list, shown) + (this.cursor % 1);
      if (this.cursor > this.count - 1) this.cursor = this.count - 1;
      if (goesOn) {
        // Whoever looked at the newest goes on doing so. While it runs they follow it anyway, unless they pressed Pause:
        // the steps under way then come without them.
        if (atEnd && !ran && meta.start === "last") this.live = true;
        this.#delivered();
      }
    }
    stand();
    this.notify();
    this.#run();
  }

  /** Plays what is waiting evenly until the next delivery is due. */
  #delivered() {
    const now = performance.now();
    if (this.arrived !== null) {
      const gap = now - this.arrived;
      if (gap > SAME_DELIVERY) {
        this.gap += 0.4 * (Math.min(2000, gap) - this.gap);
        this.arrived = now;
      }
    } else {
      this.arrived = now;
      this.gap = 250;
    }
    const waiting = this.count - 1 - this.cursor, due = Math.max(80, this.arrived + this.gap - now);
    this.rate = waiting / due; // frames a ms
    if (this.live && waiting <= 1) {
      this.cursor = this.count - 1;
      this.live = this.running;
    }
  }

  #run() {
    if (this.ticking || !(this.playing || (this.live && this.cursor < this.count - 1))) return;
    this.before = performance.now();
    this.ticking = requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now) {
    this.ticking = undefined;
    const passed = Math.min(100, Math.max(0, now - this.before));
    this.before = now;
    const shown = this.index, end = this.goal ?? this.count - 1, playing = this.playing;
    this.cursor += passed * (this.live ? this.rate : (this.pace * this.speed) / 1000);
    if (this.cursor >= end) {
      this.cursor = end;
      if (!this.live) this.playing = false;
      this.live = this.running;
      this.goal = null;
    }
    if (this.index !== shown || this.playing !== playing) this.notify();
    if (this.playing || (this.live && this.cursor < end))
      this.ticking = requestAnimationFrame((later) => this.#tick(later));
  }

  /** The reader takes over: leaves live mode, unless the place is the end of a run that goes on. */
  seek(position) {
    this.touched = true;
    this.playing = false;
    this.live = false;
    this.goal = null;
    this.cursor = Math.max(0, Math.min(this.count - 1, position));
    if (this.running && this.cursor === this.count - 1) this.live = true;
    this.#hold();
    this.notify();
  }

  play() {
    this.touched = true;
    if (this.cursor >= this.count - 1) this.cursor = 0;
    this.live = false;
    this.goal = null;
    this.playing = true;
    this.#hold();
    this.notify();
    this.#run();
  }

  pause() {
    this.touched = true;
    this.playing = false;
    this.live = false;
    this.cursor = this.position;
    this.#hold();
    this.notify();
  }

  follow() {
    this.touched = true;
    this.playing = false;
    this.live = true;
    this.cursor = this.count - 1;
    this.#hold();
    this.notify();
  }

  #hold() {
    this.held = this.running && !this.live ? "running" : null;
  }
}

const clocks = new Map();

export function clockOf(name) {
  if (!clocks.has(name)) {
    clocks.set(name, new Clock());
    if (clocks.size > 40) for (const [old, clock] of clocks) if (!clock.listeners.size && old !== name) clocks.delete(old);
  }
  return clocks.get(name);
}

/**
 * Ties a view to its clock and frames: sets view.clock and view.store and calls view.onTime(clock) whenever the time or
 * the clock's state changes. The clock's name defaults to the component's own key.
 */
export function follow(view, meta, arrays) {
  const store = storeOf(meta.key);
  store.receive(meta.frames, arrays);
  const name = meta.frames.clock || "own " + meta.key;
  if (view.clockName !== name) {
    unfollow(view);
    view.clockName = name;
    view.clock = clockOf(name);
    view.leave = view.clock.subscribe(() => {
      view.byTime = view.clock.moving;
      view.onTime(view.clock);
      view.byTime = false;
      if (!view.clock.moving) view.nameSoon();
    });
  }
  view.store = store;
  view.clock.offer(meta.frames);
}

export function unfollow(view) {
  view.leave?.();
  view.leave = view.clockName = view.frameIndex = undefined;
}
