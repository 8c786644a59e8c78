// Chooses between the models of the page at `/`, as a person would, and prints what it saw as JSON.
// Gets one argument, JSON: chromium, flags, service, choices (name and input, in order).
const axe = require("axe-core");
const puppeteer = require("puppeteer-core");

const task = JSON.parse(process.argv[2]);

async function main() {
  const bypass = `--proxy-bypass-list=<-loopback>;${task.service.slice(7)}`;
  const browser = await puppeteer.launch({ executablePath: task.chromium, args: [...task.flags, bypass] });
  const page = await browser.newPage();
  const seen = { asked: [], complaints: [], states: [] };
  page.on("request", (request) => request.method() === "POST" && seen.asked.push(new URL(request.url()).pathname));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));

  const text = (selector) => page.$eval(selector, (found) => found.innerText);
  const described = (name) => page.waitForFunction(
    (wanted) => document.getElementById("model").innerText === wanted, { timeout: 30000 }, name);

  await page.goto(task.service);
  await page.waitForFunction(() => document.getElementById("state").innerText === "ready");
  seen.offered = await page.$$eval("#choice:not([hidden]) option", (options) => options.map(({ value }) => value));
  seen.chosen = await page.$eval("#models", (models) => models.value);
  seen.pictures = await page.$$eval("img", (all) => all.filter((each) => each.offsetParent).length);
  seen.label = await text("#choice label");
  for (const [name, input] of task.choices) {
    await page.select("#models", name);
    await described(name);
    const state = { name, before: await text("#result"), version: await text("#version"), label: await text("#label") };
    state.example = await page.$eval("#input", (field) => field.value);
    state.schema = await page.$eval("#inputs", (schema) => JSON.parse(schema.textContent).type);
    await page.$eval("#input", (field) => { field.value = ""; });
    await page.type("#input", input);
    await page.click("#predict");
    await page.waitForSelector("#result .answer");
    state.result = await text("#result");
    state.title = await page.title();
    seen.states.push(state);
  }
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run());
  seen.serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id);
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
