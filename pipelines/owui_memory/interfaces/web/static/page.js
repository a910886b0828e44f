"use strict";
// Times stand in the page in UTC; here they become those of whoever reads it.
function localTimes(root) {
  const form = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const one of root.querySelectorAll("time[datetime]")) one.textContent = form.format(new Date(one.dateTime));
}
localTimes(document);
document.addEventListener("htmx:afterSwap", (event) => localTimes(event.target));

// A message at the head is of what was just done, not of what a reload or a bookmark shows.
const here = new URL(location);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  here.searchParams.delete("batch");
  history.replaceState(history.state, "", here);
}
// The second click of a double click sends nothing: "Undo" would take back two changes.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (Date.now() - form.dataset.sentAt < 5000) event.preventDefault();
  else form.dataset.sentAt = Date.now();
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sentAt;
});
// A search that is refused or does not arrive is shown as the whole page that it gets.
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, (event) => location.assign(event.detail.pathInfo.finalRequestPath));
}
