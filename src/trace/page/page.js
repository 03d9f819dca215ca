"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const things = data.things;
  const count = data.words.length;
  const slider = byId("slider");

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const fill = (id, children) => byId(id).replaceChildren(...children);
  const nothing = (tag) => [element(tag, "–", "none")];
  const items = (list) => (list.length ? list.map((text) => element("li", text)) : nothing("li"));

  // What was printed before each step, as the end of a piece of all output.
  let output = "";
  const printed = new Map(data.printed.map(([step, text]) => [step, things[text]]));
  const ends = [];
  for (let step = 0; step < count; step++) {
    output += printed.get(step) || "";
    ends.push(output.length);
  }

  const lines = data.source.replace(/\n$/, "").split("\n").map((text) => element("li", text || " "));
  fill("source", lines);
  fill("gutter", data.lanes.map(([kind, name]) => {
    const row = element("div", name);
    row.title = kind + " " + name;
    return row;
  }));
  byId("note").textContent = data.note;
  byId("note").hidden = !data.note;

  const frame = (number, tail) => {
    const drawn = things[number];
    const box = element("div", undefined, "frame");
    box.append(element("div", drawn.title, "title"));
    if (drawn.line) {
      const file = drawn.file === data.file ? "line " : drawn.file + ":";
      box.append(element("code", file + drawn.line + "  " + drawn.text));
    }
    if (drawn.variables.length) {
      const table = element("table");
      table.setAttribute("aria-label", "Variables of " + drawn.title);
      for (const [name, value] of drawn.variables) {
        const row = table.insertRow();
        row.insertCell().textContent = name;
        row.insertCell().textContent = value;
      }
      box.append(table);
    }
    return tail ? [box, element("div", tail, "delegate")] : [box];
  };
  const chain = (numbers, tail) =>
    numbers.flatMap((number, i) => frame(number, i + 1 < numbers.length ? tail : ""));

  const stood = (number) => {
    const group = things[number];
    const box = element("div", undefined, "stood");
    const head = element("p");
    head.append(element("b", group.title), ": " + group.note);
    box.append(head, ...chain(group.frames, "↳ delegates to"));
    return box;
  };

  // The marks in the source: the line that runs, those that called it, those that wait.
  let marked = [];
  const mark = (number, name) => {
    const drawn = things[number];
    const line = drawn.file === data.file && lines[drawn.line - 1];
    if (line && !line.className) {
      line.className = name;
      marked.push(line);
    }
    return line;
  };
  const markSource = (running, suspended) => {
    for (const line of marked) {
      line.className = "";
      line.removeAttribute("aria-current");
    }
    marked = [];
    const now = running.length ? mark(running[0], "now") : undefined;
    running.slice(1).forEach((number) => mark(number, "called"));
    suspended.forEach((number) => things[number].frames.forEach((f) => mark(f, "waits")));
    if (now) {
      now.setAttribute("aria-current", "step");
      show(byId("source"), now.offsetTop - byId("source").offsetTop, now.offsetHeight, "Top", "Height");
    }
  };
  // Scrolls a box, and not the page, to a piece of it.
  const show = (box, start, size, side, extent) => {
    const seen = box["client" + extent];
    const at = start - box["scroll" + side];
    if (at < 0 || at + size > seen) box["scroll" + side] = start - seen / 2;
  };

  // Only what differs from what is shown is drawn anew.
  const parts = {
    running: (list) => fill("running", list.length ? chain(list, "called from") : nothing("div")),
    suspended: (list) => fill("suspended", list.length ? list.map(stood) : nothing("div")),
    before: (lists) => {
      const more = lists.more ? ["and " + lists.more + " more"] : [];
      fill("ready", items(lists.ready.concat(more)));
      fill("timers", items(lists.timers.map(([when, what]) => "t=" + when + "  " + what)));
    },
    shared: (list) => fill("shared", items(list.map(([what, state]) => what + " " + state))),
  };
  const shown = {};
  let step = -1;

  const draw = () => {
    const differs = Object.keys(parts).filter((part) => shown[part] !== data[part][step]);
    for (const part of differs) {
      shown[part] = data[part][step];
      parts[part](things[shown[part]]);
    }
    if (differs.includes("running") || differs.includes("suspended")) {
      markSource(things[data.running[step]], things[data.suspended[step]]);
    }
    if (shown.output !== ends[step]) {
      shown.output = ends[step];
      const box = byId("output");
      box.textContent = output.slice(0, ends[step]);
      box.scrollTop = box.scrollHeight;
    }
    const task = things[data.task[step]];
    const words = (task ? task + ": " : "") + things[data.words[step]];
    const turn = data.turn[step] ? " · turn " + data.turn[step] : "";
    byId("words").textContent = words;
    byId("where").textContent = step + 1 + " / " + count + turn + " · t=" + (data.clock[step] ?? 0).toFixed(2);
    slider.value = step;
    slider.setAttribute("aria-valuetext", "Step " + (step + 1) + ": " + words);
    const x = data.x[step];
    byId("cursor").style.transform = "translateX(" + x + "px)";
    [...byId("gutter").children].forEach((row, i) => {
      const [kind, name] = data.lanes[i];
      row.className = task ? (kind === "task" && name === task ? "current" : "") : i === 0 ? "current" : "";
    });
    const box = byId("lanes");
    const left = byId("gutter").offsetWidth;
    if (x - left < box.scrollLeft || x + 18 > box.scrollLeft + box.clientWidth) {
      box.scrollLeft = x - (box.clientWidth + left) / 2;
    }
  };

  // Many keys in one frame of the screen are drawn once.
  let waiting = false;
  const go = (to) => {
    const next = Math.max(0, Math.min(count - 1, to));
    if (next === step || count === 0) return;
    step = next;
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        draw();
      });
    }
  };

  let timer;
  const play = (on) => {
    clearInterval(timer);
    timer = undefined;
    if (on && step >= count - 1) go(0);
    if (on) {
      timer = setInterval(() => {
        if (step >= count - 1) play(false);
        else go(step + 1);
      }, 700);
    }
    byId("play").setAttribute("aria-pressed", String(on));
    byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
    byId("play").textContent = on ? "❚❚" : "▶▶";
  };
  const toggle = () => play(timer === undefined);

  slider.max = Math.max(0, count - 1);
  slider.addEventListener("input", () => go(Number(slider.value)));
  byId("first").addEventListener("click", () => go(0));
  byId("back").addEventListener("click", () => go(step - 1));
  byId("play").addEventListener("click", toggle);
  byId("forward").addEventListener("click", () => go(step + 1));
  byId("last").addEventListener("click", () => go(count - 1));

  const keys = {
    ArrowLeft: () => go(step - 1),
    ArrowRight: () => go(step + 1),
    PageUp: () => go(step - 10),
    PageDown: () => go(step + 10),
    Home: () => go(0),
    End: () => go(count - 1),
    " ": toggle,
  };
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    // A button that has the focus is pressed with the space bar.
    const own = event.key === " " && event.target.tagName === "BUTTON";
    if (plain && !own && Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // To the first step at, or after, a place in the lanes.
  document.querySelector(".drawing svg").addEventListener("click", (event) => {
    const own = event.target.getAttribute("data-event");
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const reached = own === null ? data.x.findIndex((at) => at + 18 > x) : data.event.findIndex((n) => n >= Number(own));
    go(reached < 0 ? count - 1 : reached);
  });

  go(0);
})();
