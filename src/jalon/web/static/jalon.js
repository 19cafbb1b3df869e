// Comforts: every page works without them.

// One open filter at a time; Escape and a click elsewhere close it.
const chips = () => document.querySelectorAll("details.chip[open]");
document.addEventListener("click", (event) => {
  for (const chip of chips()) if (!chip.contains(event.target)) chip.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const chip of chips()) {
    chip.open = false;
    chip.querySelector("summary").focus();
  }
});

// The current page's link stays in sight in the phone's menu. (scrollIntoView would also have the
// keyboard start from there.)
const menu = document.querySelector(".menu");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft += here.getBoundingClientRect().left - menu.getBoundingClientRect().left - 40;
