"use strict";
// Times stand in the page in UTC; here they become those of whoever reads it.
function localTimes(root) {
  const form = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const one of root.querySelectorAll("time[datetime]")) one.textContent = form.format(new Date(one.dateTime));
}
localTimes(document);
document.addEventListener("htmx:afterSwap", (event) => localTimes(event.target));
