// Files may be dropped anywhere on the page; without this, the form does as well.
const form = document.querySelector("form.drop");
const input = form.querySelector("input[type=file]");
const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  form.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over");
});
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  form.classList.remove("over");
  input.files = event.dataTransfer.files;
  form.requestSubmit();
});
input.addEventListener("change", () => form.requestSubmit());
form.addEventListener("submit", () => {
  form.querySelector("[role=status]").textContent = form.dataset.sending;
  form.querySelector("button").disabled = true;
});
addEventListener("pageshow", () => {
  form.querySelector("button").disabled = false;
});
