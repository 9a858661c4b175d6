"use strict";
// The editor works without this, with the keywords as plain text. With it they are chips, each with a slider for its weight,
// over the same text; what each finds stands on it; and a backtest comes without leaving the page.
(() => {
  const form = document.querySelector("form[data-editor]");
  if (!form) return;
  const text = form.querySelector("textarea[data-chips]");
  const WEIGHTS = [0.25, 0.5, 1, 2, 3, 5, 10];
  const make = (name, more = {}, ...children) => {
    const element = Object.assign(document.createElement(name), more);
    element.append(...children);
    return element;
  };

  // --- a line of the profile language: sign, what is sought, weight
  const read = (line) => {
    const own = line.trim(), sign = /^[+-]/.test(own) ? own[0] : "";
    const rest = own.slice(sign.length), quoted = rest.lastIndexOf('"') + 1;
    const weighed = /\^\s*([\d.]+)\s*$/.exec(rest.slice(quoted));
    return weighed
      ? { sign, term: rest.slice(0, quoted + weighed.index).trim(), weight: Number(weighed[1]) }
      : { sign, term: rest.trim(), weight: 1 };
  };
  const written = ({ sign, term, weight }) => sign + term + (sign === "-" || weight === 1 ? "" : `^${weight}`);
  const bare = (term) => term.replace(/^"([^"]*)"$/, "$1");
  const lines = () => text.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const parts = (typed) => typed.match(/(?:"[^"]*"|[^",;\n]|,(?!\s))+/g) || []; // commas and semicolons part terms, but not in quotes
  const times = (weight) => (weight === 1 ? "once" : weight === 0.5 ? "half" : weight === 0.25 ? "a quarter" : `${weight} times`);

  // --- what is shown
  const list = make("ul", { className: "chips" });
  list.setAttribute("aria-label", "Your keywords");
  const added = make("input", { id: "add-term", autocomplete: "off", enterKeyHint: "done" });
  added.setAttribute("autocapitalize", "off");
  const addButton = make("button", { type: "button", textContent: "Add" });
  const tuning = make("div", { className: "tuning", hidden: true });
  tuning.setAttribute("role", "group");
  const chipped = make("div", { className: "chipped" }, list, tuning,
    make("label", { htmlFor: "add-term", textContent: "Add a keyword" }),
    make("div", { className: "adding" }, added, addButton));
  const label = form.querySelector('label[for="keywords"]');
  const hint = document.getElementById("keywords-hint");
  const turn = make("button", { type: "button", className: "plain" });
  const heading = make("p", { className: "rising" }, turn);
  text.closest(".field").append(heading);
  label.before(chipped);

  let open = -1;
  const say = () => { text.dispatchEvent(new Event("input", { bubbles: true })); };
  const keep = (all) => { text.value = all.join("\n"); say(); };
  const counts = new Map(), bad = new Set(); // by line; numbers of lines in the text
  const count = () => {
    counts.clear();
    bad.clear();
    document.querySelectorAll("#found [data-slip]").forEach((row) => bad.add(Number(row.dataset.slip)));
    document.querySelectorAll("#found [data-term]").forEach((row) => counts.set(row.dataset.term, Number(row.dataset.papers)));
  };

  const draw = () => {
    const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    const places = text.value.split("\n").flatMap((line, at) => (line.trim() ? [at + 1] : []));
    list.replaceChildren(...lines().map((line, number) => {
      const own = read(line), papers = counts.get(line);
      const chip = make("button", { type: "button", className: "chip term" }, make("span", { textContent: bare(own.term) || line }));
      chip.dir = "auto";
      chip.classList.toggle("never", own.sign === "-");
      chip.classList.toggle("bad", bad.has(places[number]));
      chip.setAttribute("aria-expanded", String(number === open));
      const said = [bare(own.term)];
      if (own.sign === "+") { chip.append(make("span", { className: "times", textContent: "must" })); said.push("must be there"); }
      if (own.sign === "-") said.push("never");
      if (bad.has(places[number])) said.push("cannot be read");
      if (own.weight !== 1 && own.sign !== "-") { chip.append(make("span", { className: "times", textContent: `\u00d7${own.weight}` })); said.push(`counts ${times(own.weight)}`); }
      if (papers !== undefined) {
        chip.append(make("span", { className: "count", textContent: papers }));
        chip.classList.toggle("none", papers === 0);
        said.push(`${papers} ${papers === 1 ? "paper" : "papers"} in a week`);
      }
      chip.setAttribute("aria-label", `${said.join(", ")}. Change`);
      chip.addEventListener("click", () => { open = open === number ? -1 : number; draw(); tune(); });
      return make("li", {}, chip);
    }));
    if (focused >= 0) list.querySelectorAll("button")[focused]?.focus();
  };

  const tune = () => {
    const all = lines();
    tuning.hidden = open < 0 || open >= all.length;
    if (tuning.hidden) return;
    const own = read(all[open]);
    const change = () => {
      const now = lines();
      now[open] = written(own);
      keep(now);
      draw();
    };
    tuning.setAttribute("aria-label", `Change ${own.term}`);
    const term = make("input", { id: "tune-term", className: "code", value: own.term, autocomplete: "off" });
    term.addEventListener("change", () => { if (term.value.trim()) { own.term = term.value.trim(); change(); } });
    const slider = make("input", { id: "tune-weight", type: "range", min: 0, max: WEIGHTS.length - 1, step: 1 });
    const near = WEIGHTS.reduce((best, weight, at) => (Math.abs(weight - own.weight) < Math.abs(WEIGHTS[best] - own.weight) ? at : best), 0);
    slider.value = near;
    const told = make("output", { textContent: times(own.weight) });
    slider.setAttribute("aria-valuetext", times(own.weight));
    slider.addEventListener("input", () => {
      own.weight = WEIGHTS[slider.value];
      told.textContent = times(own.weight);
      slider.setAttribute("aria-valuetext", times(own.weight));
      change();
    });
    const weighing = make("div", { className: "field", hidden: own.sign === "-" }, make("label", { htmlFor: "tune-weight", textContent: "Counts" }), slider,
      make("p", { className: "ends" }, make("span", { textContent: "little" }), told, make("span", { textContent: "a lot" })));
    const turns = make("div", { className: "turns" }, ...[["", "Wanted"], ["+", "Must"], ["-", "Never"]].map(([sign, name]) => {
      const radio = make("input", { type: "radio", name: "tune-sign", value: sign, checked: own.sign === sign });
      radio.setAttribute("form", ""); // of no form: it is the text that is sent
      radio.addEventListener("change", () => {
        own.sign = sign;
        weighing.hidden = sign === "-";
        change();
      });
      return make("label", { className: "choice" }, radio, name);
    }));
    const remove = make("button", { type: "button", textContent: "Remove" });
    remove.addEventListener("click", () => { const now = lines(); now.splice(open, 1); open = -1; keep(now); draw(); tune(); added.focus(); });
    const done = make("button", { type: "button", textContent: "Done" });
    done.addEventListener("click", () => { const at = open; open = -1; draw(); tune(); list.querySelectorAll("button")[at]?.focus(); });
    tuning.replaceChildren(make("div", { className: "field" }, make("label", { htmlFor: "tune-term", textContent: "Keyword" }), term), turns, weighing,
      make("div", { className: "actions" }, done, remove));
  };

  const add = () => {
    const more = parts(added.value).map((part) => part.trim()).filter(Boolean);
    if (!more.length) return;
    const now = lines();
    keep([...now, ...more.filter((line) => !now.includes(line))]);
    added.value = "";
    draw();
  };
  addButton.addEventListener("click", () => { add(); added.focus(); });
  added.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } });

  const show = (asText) => {
    chipped.hidden = asText;
    for (const one of [label, text, hint]) one.hidden = !asText;
    turn.textContent = asText ? "Show as chips" : "Edit as text";
    if (!asText) { open = -1; draw(); tune(); }
  };
  turn.addEventListener("click", () => { show(!chipped.hidden); (chipped.hidden ? text : added).focus(); });
  count();
  show(text.getAttribute("aria-invalid") === "true");

  document.getElementById("summary")?.focus(); // of what cannot be read

  // --- what is found comes in while one types
  const found = document.getElementById("found");
  const told = make("p", { className: "unseen" }); // a word on it for who does not see it, and not all of it
  told.setAttribute("role", "status");
  found.after(told);
  new MutationObserver(() => {
    count();
    if (!chipped.hidden) draw();
    told.textContent = found.querySelector("[data-says]")?.textContent || "";
  }).observe(found, { childList: true });

  // --- sliders say what they stand at
  form.querySelectorAll("input[data-said]").forEach((slider) => {
    const told = document.getElementById(slider.dataset.said);
    const tell = () => { told.textContent = slider.value; };
    slider.addEventListener("input", tell);
    tell();
  });

  // --- a backtest, without leaving the page
  form.querySelectorAll("button[data-fetch]").forEach((button) => button.addEventListener("click", async (event) => {
    event.preventDefault();
    const into = document.querySelector(button.dataset.into), before = button.textContent;
    button.disabled = true;
    button.textContent = "Reading 30 days \u2026";
    try {
      const answer = await fetch(button.dataset.fetch, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" } });
      if (answer.ok) into.innerHTML = await answer.text();
      else into.textContent = answer.status === 429 ? "That was often. Try it again in a few minutes." : "That did not work just now. Try it again in a minute.";
    } catch { into.textContent = "The network is away. Try it again when it is back."; }
    button.disabled = false;
    button.textContent = before;
    into.scrollIntoView({ block: "nearest" });
  }));
  form.querySelectorAll("[data-lookless]").forEach((button) => { button.hidden = true; }); // one looks all the time

  // --- what is not saved yet
  const state = form.querySelector("[data-state]"), saved = () => new URLSearchParams(new FormData(form)).toString();
  let leaving = false;
  const first = text.getAttribute("aria-invalid") === "true" || document.querySelector("#summary") ? "" : saved();
  const isChanged = () => saved() !== first;
  const tellState = () => { state.textContent = isChanged() ? "Not saved yet" : ""; };
  form.addEventListener("input", tellState);
  form.addEventListener("change", tellState);
  form.addEventListener("submit", () => { if (!chipped.hidden) add(); leaving = true; });
  addEventListener("beforeunload", (event) => { if (!leaving && isChanged()) event.preventDefault(); });
  addEventListener("pageshow", () => { leaving = false; });
})();
