// Runs in the page of a timeline: steps through it as a reader would, and sends what it has found to
// drive.py. What it is told to look for stands in `expected`.
addEventListener("load", async () => {
  const failures = [];
  const check = (what, good) => good || failures.push(what);
  const byId = (id) => document.getElementById(id);
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const press = async (key) => {
    document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await frame();
  };
  const slider = byId("slider");
  const slide = async (to) => {
    slider.value = to;
    slider.dispatchEvent(new Event("input"));
    await frame();
  };
  const click = async (element) => {
    element.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await frame();
  };
  const parts = ["running", "suspended", "ready", "timers", "shared", "output", "where", "words"];
  const state = () =>
    parts.map((id) => byId(id).innerHTML).join("|") +
    [...document.querySelectorAll("#source li")].map((line) => line.className) +
    byId("cursor").style.transform;
  const last = Number(slider.max);
  const result = { steps: last + 1 };

  const everyStep = async () => {
    const there = [state()];
    for (let i = 0; i < last; i++) {
      await press("ArrowRight");
      there.push(state());
    }
    check("each step differs from the one before", there.every((s, i) => i === 0 || s !== there[i - 1]));
    for (let i = last - 1; i >= 0; i--) {
      await press("ArrowLeft");
      check("back at step " + (i + 1), state() === there[i]);
    }
    await press("ArrowLeft");
    check("nothing before the first step", state() === there[0]);
    await press("End");
    check("End", state() === there[last]);
    await press("ArrowRight");
    check("nothing after the last step", state() === there[last]);
    await press("Home");
    check("Home", state() === there[0]);
    await press("PageDown");
    check("Page Down", state() === there[10]);
    await press("PageUp");
    check("Page Up", state() === there[0]);
    await slide(20);
    check("the slider", state() === there[20]);
    await click(byId("forward"));
    check("the button forward", state() === there[21]);
    await click(byId("back"));
    check("the button back", state() === there[20]);
    await click(byId("last"));
    check("the last button", state() === there[last]);
    await click(byId("first"));
    check("the first button", state() === there[0]);
    await press(" ");
    check("space plays", byId("play").getAttribute("aria-pressed") === "true");
    await press(" ");
    check("space pauses", byId("play").getAttribute("aria-pressed") === "false");
    const chunk = document.querySelectorAll(".chunk[data-event]")[1];
    await click(chunk);
    check("a click on a chunk", Number(slider.value) > 0);
  };

  // At the first step whose words contain a text, these things must be seen.
  const moments = async () => {
    let at = 0;
    for (const moment of expected.moments) {
      await slide(at);
      while (!byId("words").textContent.includes(moment.words) && at < last) await slide(++at);
      check("a step with: " + moment.words, byId("words").textContent.includes(moment.words));
      for (const [id, text] of Object.entries(moment.seen)) {
        const seen = id === "now" ? document.querySelector("#source .now")?.textContent : byId(id).textContent;
        check(moment.words + ", " + id + ": " + text + ", not " + seen, (seen ?? "").includes(text));
      }
    }
  };

  const readable = () => {
    check("no wider than the screen", document.documentElement.scrollWidth <= innerWidth);
    for (const button of document.querySelectorAll("button, input, section")) {
      check("a label for " + button.outerHTML.slice(0, 40), button.getAttribute("aria-label"));
    }
    check("the slider tells its step", slider.getAttribute("aria-valuetext")?.includes("Step"));
    const light = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, c) => sum + Number(c), 0);
    const style = getComputedStyle(document.body);
    const dark = light(style.backgroundColor) < 200;
    check("dark where dark is wanted", dark === expected.dark);
    check("text can be told from paper", Math.abs(light(style.color) - light(style.backgroundColor)) > 400);
  };

  const smooth = async () => {
    const from = performance.now();
    for (let i = 0; i < 100; i++) await press("ArrowRight");
    await slide(Math.floor(last / 2));
    for (let i = 0; i < 100; i++) await press("ArrowLeft");
    result.milliseconds = (performance.now() - from) / 201;
    check("a step is drawn within a tenth of a second, not " + result.milliseconds, result.milliseconds < 100);
  };

  try {
    await frame();
    readable();
    await moments();
    await slide(0);
    if (expected.steps) await everyStep();
    if (expected.many) {
      check("many steps, not " + (last + 1), last + 1 >= expected.many);
      await smooth();
    }
  } catch (error) {
    failures.push(String(error));
  }
  result.failures = failures;
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
});
