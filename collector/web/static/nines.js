// The live page: what the collector sends replaces what it names, ages count on, and a page
// whose data has stopped coming says so. Without this file the page reloads itself.
"use strict";
(() => {
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  const liveText = document.getElementById("live-text");
  const spoken = document.getElementById("spoken");
  const staleAfter = 12000; // ms without word: twice the collector's pace, and some

  let had = main.dataset.snapshot;
  let asOf = Number(main.dataset.now);   // the collector's clock
  let ahead = Date.now() - asOf;         // of this machine's clock before the collector's
  let heard = 0;                         // this machine's clock; 0: nothing yet
  let tried = Date.now();
  let source;

  function age(ms) { // the same words as age in words.go
    const s = Math.floor(Math.max(0, ms) / 1000);
    if (s < 90) return s + " s";
    if (s < 90 * 60) return Math.floor(s / 60) + " min";
    if (s < 48 * 3600) return Math.floor(s / 3600) + " h";
    return Math.floor(s / 86400) + " days";
  }

  function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

  function countOn() {
    const now = Date.now() - ahead;
    for (const node of document.querySelectorAll("time.age")) setText(node, age(now - Date.parse(node.dateTime)));
    const clock = new Date(asOf).toISOString().slice(11, 19) + " UTC";
    const state = now - asOf >= staleAfter ? "stale" : heard && source.readyState === EventSource.OPEN ? "live" : "waiting";
    if (document.body.dataset.live !== state) document.body.dataset.live = state;
    setText(liveText, state === "live" ? "Live, " + clock : state === "waiting" ? "Connecting, as of " + clock :
      "Reconnecting. Data as of " + clock + ", " + age(now - asOf) + " old");
    if (Date.now() - Math.max(heard, tried) > 2 * staleAfter) connect();
  }

  // fill gives the keyboard's focus back to the element that takes the place of its holder.
  function fill(node, swap) {
    const focused = node.contains(document.activeElement) && document.activeElement.id;
    swap();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  // hold keeps what a reader looks at where it is while swap changes what lies above it.
  function hold(swap) {
    const seen = window.scrollY > 0 && (main.contains(document.activeElement) && document.activeElement.id && document.activeElement ||
      [...main.querySelectorAll("tbody[id], section[id]")].find((node) => node.getBoundingClientRect().bottom > 0));
    const was = seen && seen.getBoundingClientRect().top;
    swap();
    const is = seen && document.getElementById(seen.id)?.getBoundingClientRect().top;
    if (is) window.scrollBy(0, is - was);
  }

  function take(update) {
    had = update.seq;
    asOf = update.now;
    ahead = Date.now() - update.now;
    heard = Date.now();
    if (update.title) {
      const title = update.title + " · nines";
      if (document.title !== title) { document.title = title; setText(spoken, update.title); }
    }
    hold(() => {
      if (update.main) fill(main, () => { main.innerHTML = update.main; });
      for (const [id, html] of Object.entries(update.parts ?? {})) {
        const node = document.getElementById(id);
        if (node) fill(node, () => { node.outerHTML = html; });
      }
      countOn();
    });
  }

  function connect() {
    source?.close();
    tried = Date.now();
    source = new EventSource("/events?since=" + encodeURIComponent(had));
    source.onmessage = (event) => take(JSON.parse(event.data));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(again, 5000);
    };
  }

  // A refused stream does not come back by itself: perhaps the session has ended.
  async function again() {
    try {
      const page = await fetch("/login");
      if (page.ok && !page.redirected) { location.assign("/login"); return; }
    } catch { /* the collector is away: try on */ }
    connect();
  }

  connect();
  setInterval(countOn, 1000);
  countOn();
})();
