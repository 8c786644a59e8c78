// Sends a picture by the page at `/`, as a person would, and prints what it saw as JSON.
// Gets one argument, JSON: chromium, flags, service, picture, prediction (`img`, `audio`, `pre`).
const axe = require("axe-core");
const puppeteer = require("puppeteer-core");

const task = JSON.parse(process.argv[2]);

async function main() {
  const bypass = `--proxy-bypass-list=<-loopback>;${task.service.slice(7)}`;
  const browser = await puppeteer.launch({ executablePath: task.chromium, args: [...task.flags, bypass] });
  const page = await browser.newPage();
  const seen = { asked: [], complaints: [] };
  page.on("request", (request) => seen.asked.push(request.url()));
  page.on("pageerror", (error) => seen.complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && seen.complaints.push(message.text()));

  const width = (selector) => page.$eval(selector, (picture) => picture.naturalWidth);
  await page.goto(task.service);
  await page.waitForFunction(() => document.getElementById("state").innerText === "ready");
  seen.label = await page.$eval("#label", (label) => label.innerText);
  seen.accept = await page.$eval("#file", (file) => file.accept);
  seen.card = await page.$$eval("#card:not([hidden]) li", (parts) => parts.map((part) => part.textContent));
  seen.field = await page.$eval("#input", (field) => getComputedStyle(field).display);
  await page.keyboard.press("Tab");
  seen.focus = await page.evaluate(() => document.activeElement.id);

  await page.click("#predict"); // nothing is chosen
  await page.waitForFunction(() => document.getElementById("predict").innerText === "Predict");
  seen.without = await page.$eval("body", () => document.getElementById("invalid").innerText);

  const [chooser] = await Promise.all([page.waitForFileChooser(), page.click("#file")]);
  await chooser.accept([task.picture]);
  await page.waitForFunction(() => document.getElementById("chosen").naturalWidth > 0);
  seen.chosen = await width("#chosen");
  await page.click("#predict");
  await page.waitForSelector(`#result ${task.prediction}`);
  await page.waitForFunction(() => document.querySelector("#result img")?.naturalWidth !== 0);
  seen.predicted = task.prediction === "img" ? await width("#result img") : null;
  seen.result = await page.$eval("#result", (result) => result.innerText);
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run());
  seen.serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id }) => id);
  if (task.screenshot) await page.screenshot({ path: task.screenshot });
  await browser.close();
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
