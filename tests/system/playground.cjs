// Drives the page at `/` as a person would, and prints what it saw as JSON.
// Gets one argument, JSON: chromium, flags, service, prefix, screenshots, name, good, wrong, broken.
const http = require("node:http");
const axe = require("axe-core");
const puppeteer = require("puppeteer-core");

const task = JSON.parse(process.argv[2]);
const LOOKS = [
  ["light-desktop", "light", 1280, 800],
  ["light-phone", "light", 390, 844],
  ["dark-desktop", "dark", 1280, 800],
  ["dark-phone", "dark", 390, 844],
];

/** Publish the service below a prefix, which is not passed on, as many proxies do. */
async function publish(service, prefix) {
  const { port } = new URL(service);
  const state = { down: false };
  const proxy = http.createServer((request, response) => {
    if (state.down) {
      response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad Gateway</h1>");
      return;
    }
    const inside = request.url === prefix || request.url.startsWith(`${prefix}/`);
    const path = inside ? request.url.slice(prefix.length) || "/" : "/outside-the-prefix";
    const passed = { port, path, method: request.method, headers: request.headers };
    const asked = http.request({ host: "127.0.0.1", ...passed }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    request.pipe(asked);
  });
  await new Promise((listening) => proxy.listen(0, "127.0.0.1", listening));
  return [`http://127.0.0.1:${proxy.address().port}`, state, () => proxy.close()];
}

async function main() {
  const [origin, proxy, close] = await publish(task.service, task.prefix);
  const address = `${origin}${task.prefix}`; // without a slash at the end where there is a prefix
  const browser = await puppeteer.launch({
    executablePath: task.chromium,
    args: [...task.flags, `--proxy-bypass-list=<-loopback>;${origin.slice(7)}`],
  });
  const page = await browser.newPage();
  const seen = { address, asked: [], complaints: [], states: {}, looks: [] };
  page.on("request", (request) => seen.asked.push(request.url()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));

  const text = (selector) => page.$eval(selector, (found) => found.innerText);
  const told = (pattern) => page.waitForFunction(
    (source) => new RegExp(source).test(document.body.innerText), { timeout: 30000 }, pattern);

  async function fill(value) {
    await page.focus("#input");
    await page.keyboard.down("Control");
    await page.keyboard.press("a");
    await page.keyboard.up("Control");
    await page.keyboard.press("Backspace");
    await page.keyboard.sendCharacter(value);
  }

  async function submit(value) {
    await fill(value);
    await page.keyboard.down("Control");
    await page.keyboard.press("Enter");
    await page.keyboard.up("Control");
  }

  /** Keep what the page says; where asked to, look at it in every look. */
  async function note(state, inEveryLook) {
    seen.states[state] = { text: await text("body"), result: await text("#result"), invalid: await text("#invalid") };
    for (const [look, scheme, width, height] of inEveryLook ? LOOKS : []) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await page.setViewport({ width, height });
      const whole = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewport({ width, height: whole });
      await page.evaluate(() => new Promise((drawn) => setTimeout(drawn, 150)));
      const name = `${task.name}-${state}-${look}`;
      await page.screenshot({ path: `${task.screenshots}/${name}.png` });
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => axe.run());
      const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      const background = await page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
      const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(", ")}`);
      seen.looks.push({ name, serious: found, tooWide, background });
    }
  }

  await page.goto(address);
  await told("State\\s+ready");
  seen.title = await page.title();
  seen.button = await page.$eval("#predict", (button) => getComputedStyle(button).backgroundColor);
  seen.example = await page.$eval("#input", (field) => field.value);
  await note("start", true);

  for (const key of ["input", "button"]) { // by keyboard alone
    await page.keyboard.press("Tab");
    seen[`${key} has the focus`] = await page.evaluate(() => document.activeElement.id);
  }
  await page.keyboard.press("Enter");
  await page.waitForSelector("#result .answer");
  await page.keyboard.press("Tab");
  seen["result has the focus"] = await page.evaluate(() => document.activeElement.tagName);
  await note("example", false);

  await page.$eval("#predict", (button) => {
    window.said = [];
    new MutationObserver(() => window.said.push(button.innerText)).observe(button, { childList: true });
  });
  await fill(task.good);
  await page.click("#predict");
  await told("Predictions: 2");
  seen.said = await page.evaluate(() => window.said);
  await page.click("summary");
  await note("prediction", true);
  await page.click("summary");
  seen.bars = await page.$$eval("svg path", (paths) => paths.map((path) => path.getTotalLength()));
  seen.plotted = await page.$eval("svg", (plot) => plot.getBoundingClientRect().height);

  seen.made = await page.$$eval("#result *", (all) => all.map(({ tagName }) => tagName));
  await submit(task.broken);
  await note("broken", true);
  await submit(task.wrong);
  await page.waitForSelector("#result .problem");
  await note("wrong", true);

  seen.links = await page.$$eval("nav a", (links) => Promise.all(
    links.map(async ({ href }) => [href, (await fetch(href)).status])));
  seen.expected = [...seen.complaints]; // the browser tells of each answer that is an error
  proxy.down = true;
  await submit(task.good);
  await told("502 Bad Gateway");
  await told("State\\s+not ready"); // asked anew by itself
  await note("gateway", false);
  await page.setOfflineMode(true);
  await submit(task.good);
  await told("cannot be reached");
  await told("State\\s+unreachable");
  await note("unreachable", false);
  await browser.close();
  close();
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
