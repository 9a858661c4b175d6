"use strict";
// Pages work without this. With it, `<form data-live="/path" data-target="#id">` shows, while one types, what `/path`
// answers for the form as it is; and `<select data-zone>` begins at the browser's own time zone.
(() => {
  const PAUSE = 350; // ms without a keystroke

  const live = (form) => {
    const target = document.querySelector(form.dataset.target);
    if (!target) return;
    let waiting = 0, asked = 0, shown = null;
    const ask = async () => {
      const query = new URLSearchParams(new FormData(form)).toString();
      if (query === shown) return;
      shown = query;
      const own = ++asked;
      target.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(query), headers: { Accept: "text/html" } });
        if (own === asked && answer.ok) target.innerHTML = await answer.text();
      } catch { shown = null; } // the network is away: the next keystroke asks again
      if (own === asked) target.removeAttribute("aria-busy");
    };
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(ask, PAUSE); };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    if (form.dataset.now !== undefined) ask();
  };

  document.querySelectorAll("form[data-live]").forEach(live);
  document.querySelectorAll("select[data-zone]").forEach((zones) => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ([...zones.options].some((option) => option.value === own)) zones.value = own;
  });
})();
