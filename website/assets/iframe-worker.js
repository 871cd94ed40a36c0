// Lets the search work in pages that are opened as files, where browsers start no workers: the
// worker's script runs in a frame instead. Zensical's own script for this is on another host.
"use strict";
if (location.protocol === "file:") {
  window.Worker = class {
    onmessage = null;
    #frame = document.createElement("iframe");
    #waiting = [];

    constructor(address) {
      this.#frame.hidden = true;
      document.documentElement.append(this.#frame);
      const inside = this.#frame.contentWindow;
      inside.postMessage = (data) => setTimeout(() => this.onmessage?.({ data }));
      const script = inside.document.createElement("script");
      script.src = address;
      script.onload = () => {
        const messages = this.#waiting;
        this.#waiting = null;
        messages.forEach((it) => this.postMessage(it));
      };
      script.onerror = () => this.onerror?.(new ErrorEvent("error"));
      inside.document.documentElement.append(script);
    }

    postMessage(data) {
      const inside = this.#frame.contentWindow;
      if (this.#waiting) this.#waiting.push(data);
      else inside.dispatchEvent(new inside.MessageEvent("message", { data }));
    }

    terminate() {
      this.#frame.remove();
    }
  };
}
