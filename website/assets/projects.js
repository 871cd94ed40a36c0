// Shows the projects of assets/projects/. The address says which file of which project, so a
// link to it can be sent, and the browser's buttons go back and forth.
"use strict";
(() => {
  const form = document.getElementById("project-answers");
  const place = document.getElementById("project-tree");
  const view = document.getElementById("project-file");
  const title = document.getElementById("project-path");
  const panel = document.getElementById("project-files");
  const narrow = matchMedia("(max-width: 60em)");
  const folder = new URL("projects/", document.currentScript.src);
  const FIRST = ["app/main.py", "app/__main__.py", "README.md"];
  const files = new Map();
  let data;
  let shown = {};

  function load(name) {
    const script = document.createElement("script");
    script.src = new URL(name, folder).href;
    script.onerror = () => { view.textContent = `${name} can't be loaded.`; };
    document.head.append(script);
  }

  // What the address asks for, with what is there for what it leaves out or gets wrong.
  function asked() {
    const given = new URLSearchParams(location.hash.slice(1));
    const chosen = {};
    for (const [name, choices] of Object.entries(data.answers)) {
      const value = given.get(name);
      chosen[name] = value !== null && Object.hasOwn(choices, value) ? value : Object.keys(choices)[0];
    }
    const name = Object.values(chosen).join(" ");
    const tree = new Map();
    const pairs = data.trees[name] ?? [];
    for (let at = 0; at < pairs.length; at += 2) {
      tree.set(data.paths[pairs[at]], data.keys[pairs[at + 1]]);
    }
    const file = given.get("file");
    return { chosen, name, tree, file: tree.has(file) ? file : FIRST.find((it) => tree.has(it)) };
  }

  function address(chosen, file) {
    return `#${new URLSearchParams({ ...chosen, file })}`;
  }

  function showAnswers(chosen) {
    for (const [name, value] of Object.entries(chosen)) form.elements[name].value = value;
    const words = Object.entries(chosen).map(([name, value]) => `${name}=${value}`).join(" ");
    form.querySelector("code").textContent = `uvx cookiecutter gh:ORG/REPO ${words}`;
  }

  function showTree({ chosen, tree }) {
    const root = new Map();
    for (const path of tree.keys()) {
      const parts = path.split("/");
      const leaf = parts.pop();
      let at = root;
      for (const part of parts) {
        if (!at.has(part)) at.set(part, new Map());
        at = at.get(part);
      }
      at.set(leaf, path);
    }
    const open = new Set([...place.querySelectorAll("details[open]")].map((it) => it.dataset.path));
    if (!place.firstChild) open.add("app");
    place.replaceChildren(branch(root, "", chosen, open));
  }

  function branch(entries, path, chosen, open) {
    const list = document.createElement("ul");
    const folders = [...entries].filter(([, it]) => it instanceof Map);
    const leaves = [...entries].filter(([, it]) => !(it instanceof Map));
    for (const [name, entry] of folders) {
      const details = document.createElement("details");
      const summary = document.createElement("summary");
      details.dataset.path = path + name;
      details.open = open.has(path + name);
      summary.textContent = `${name}/`;
      details.append(summary, branch(entry, `${path}${name}/`, chosen, open));
      list.appendChild(document.createElement("li")).append(details);
    }
    for (const [name, entry] of leaves) {
      const link = document.createElement("a");
      link.href = address(chosen, entry);
      link.textContent = name;
      link.dataset.path = entry;
      list.appendChild(document.createElement("li")).append(link);
    }
    return list;
  }

  function mark(file) {
    for (const link of place.querySelectorAll("a")) {
      if (link.dataset.path === file) {
        link.setAttribute("aria-current", "page");
        for (let at = link.closest("details"); place.contains(at); at = at.parentElement.closest("details")) {
          at.open = true;
        }
      } else {
        link.removeAttribute("aria-current");
      }
    }
  }

  function show() {
    const next = asked();
    showAnswers(next.chosen);
    if (next.name !== shown.name) showTree(next);
    // Where the tree stands above the file, it gets out of the way of one that was chosen in it.
    else if (next.file !== shown.file && narrow.matches) {
      panel.open = false;
      title.focus();
    }
    shown = next;
    mark(next.file);
    const count = next.tree.size;
    title.textContent = next.file ? `${next.file} (one of ${count} files)` : "This project is not here.";
    const key = next.tree.get(next.file);
    if (!key) view.replaceChildren();
    else if (files.has(key)) showFile(key);
    else load(`${key}.js`);
  }

  function showFile(key) {
    view.innerHTML = files.get(key);
    view.scrollTop = 0;
    for (const link of view.querySelectorAll("a[href]")) lead(link);
  }

  // A link of a document leads to another file of the project, or stays in the document.
  function lead(link) {
    const target = link.getAttribute("href");
    if (/^[a-z]+:/.test(target)) return;
    const [path, anchor] = target.split("#");
    if (!path) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        document.getElementById(anchor)?.scrollIntoView();
      });
      return;
    }
    const file = new URL(path, `http://x/${shown.file}`).pathname.slice(1);
    if (shown.tree.has(file)) link.href = address(shown.chosen, file);
    else link.removeAttribute("href");
  }

  function ask() {
    for (const [name, choices] of Object.entries(data.answers)) {
      const label = document.createElement("label");
      const select = document.createElement("select");
      label.textContent = name;
      select.name = name;
      for (const [value, text] of Object.entries(choices)) select.add(new Option(text, value));
      label.append(select);
      form.append(label);
    }
    const command = document.createElement("p");
    command.append(document.createElement("code"));
    form.append(command);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      const chosen = Object.fromEntries(new FormData(form));
      location.hash = address(chosen, shown.file ?? "");
    });
  }

  window.projectTrees = (it) => {
    data = it;
    ask();
    panel.open = !narrow.matches;
    show();
    addEventListener("hashchange", show);
  };
  window.projectFile = (key, html) => {
    files.set(key, html);
    if (shown.tree?.get(shown.file) === key) showFile(key);
  };
  load("trees.js");
})();
