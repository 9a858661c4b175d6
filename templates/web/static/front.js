"use strict";
// Says beside the keywords what the sample, which may be out of sight, found for them.
(() => {
  const sample = document.querySelector("#sample"), found = document.querySelector("#found");
  if (!sample || !found) return;
  new MutationObserver(() => {
    const said = sample.querySelector("[data-found]");
    const words = said ? said.dataset.found : "";
    if (found.textContent !== words) found.textContent = words;
  }).observe(sample, { childList: true });
})();
