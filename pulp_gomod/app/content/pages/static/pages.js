// What pages can do beside what they do without a script: copy a command, search as one types, say how long ago.
"use strict";

const SECONDS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function ago(when) {
  const seconds = (when - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, length] of SECONDS) {
    if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
  }
  return "just now";
}

function tellTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    time.title = time.textContent;
    time.textContent = ago(when);
  }
}

async function copy(button) {
  const text = button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers have no clipboard for pages that came by http from elsewhere.
    const area = document.createElement("textarea");
    area.value = text;
    button.parentElement.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

function offerCopies() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

function searchWhileTyping() {
  const input = document.getElementById("q");
  const found = document.getElementById("found");
  if (!input || !found) return;
  const instead = document.getElementById("unfound");
  let timer = 0;
  let asked = null;
  let shown = input.value.trim();

  async function search() {
    const text = input.value.trim();
    if (text === shown) return;
    shown = text;
    asked?.abort();
    asked = new AbortController();
    const url = new URL(input.form.action);
    url.searchParams.set("q", text);
    try {
      const part = new URL(url);
      part.searchParams.set("part", "1");
      const answer = await fetch(part, { headers: { Accept: "text/html" }, signal: asked.signal });
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      // They are told from where the answer came from, which need not be this page.
      for (const link of parsed.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), part);
      tellTimes(parsed);
      found.replaceChildren(...parsed.body.childNodes);
      if (instead) instead.hidden = text !== "";
      else history.replaceState(null, "", url);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 150);
  });
}

tellTimes(document);
offerCopies();
searchWhileTyping();
